// Functions of one or two tensors, element by element. Unit of work: 16 elements (64 bytes, the grain of the heap),
// so the last unit may run over the end of a tensor into its own padding.

import { exp4, sigmoid4, tanh4 } from './exponential';

// The numbers are shared with src/kernels/elementwise.ts.
const NEGATE = 0;
const SQUARE = 1;
const SQUARE_ROOT = 2;
const RECIPROCAL_SQUARE_ROOT = 3;
const EXPONENTIAL = 4;
const SIGMOID = 5;
const RELU = 6;
const ABSOLUTE = 7;
const RECIPROCAL = 8;
const TANH = 9;
const POSITIVE = 10;

const ADD = 0;
const SUBTRACT = 1;
const MULTIPLY = 2;
const DIVIDE = 3;
const MAXIMUM = 4;
const MINIMUM = 5;

function applyUnary(operation: i32, x: v128): v128 {
  switch (operation) {
    case NEGATE:
      return f32x4.neg(x);
    case SQUARE:
      return f32x4.mul(x, x);
    case SQUARE_ROOT:
      return f32x4.sqrt(x);
    case RECIPROCAL_SQUARE_ROOT:
      return f32x4.div(f32x4.splat(1), f32x4.sqrt(x));
    case EXPONENTIAL:
      return exp4(x);
    case SIGMOID:
      return sigmoid4(x);
    case RELU:
      return f32x4.pmax(x, f32x4.splat(0)); // keeps NaN
    case ABSOLUTE:
      return f32x4.abs(x);
    case RECIPROCAL:
      return f32x4.div(f32x4.splat(1), x);
    case TANH:
      return tanh4(x);
    default:
      // 1 where x > 0, NaN where x is NaN, else 0.
      return v128.or(v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.splat(1)), v128.and(f32x4.ne(x, x), x));
  }
}

/** y = operation(x) */
export function unary(begin: i32, end: i32, operation: i32, x: usize, y: usize): void {
  const stop = (<usize>end) << 6;
  for (let i = (<usize>begin) << 6; i < stop; i += 16) v128.store(y + i, applyUnary(operation, v128.load(x + i)));
}

function applyBinary(operation: i32, a: v128, b: v128): v128 {
  switch (operation) {
    case ADD:
      return f32x4.add(a, b);
    case SUBTRACT:
      return f32x4.sub(a, b);
    case MULTIPLY:
      return f32x4.mul(a, b);
    case DIVIDE:
      return f32x4.div(a, b);
    case MAXIMUM:
      return f32x4.max(a, b);
    default:
      return f32x4.min(a, b);
  }
}

/** c = a ∘ b for tensors of the same shape. */
export function binary(begin: i32, end: i32, operation: i32, a: usize, b: usize, c: usize): void {
  const stop = (<usize>end) << 6;
  for (let i = (<usize>begin) << 6; i < stop; i += 16) {
    v128.store(c + i, applyBinary(operation, v128.load(a + i), v128.load(b + i)));
  }
}

/**
 * c = a ∘ b with broadcasting over at most four dimensions [d0, d1, d2, length]. Unit: one row of `length` elements.
 * Strides count elements; a stride of 0 repeats the operand, the last one of each operand is 0 or 1.
 */
export function binaryBroadcast(
  begin: i32,
  end: i32,
  operation: i32,
  a: usize,
  b: usize,
  c: usize,
  d1: i32,
  d2: i32,
  length: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
): void {
  for (let row = begin; row < end; row++) {
    const i2 = row % d2;
    const i1 = (row / d2) % d1;
    const i0 = row / d2 / d1;
    const left = a + <usize>(i0 * a0 + i1 * a1 + i2 * a2) * 4;
    const right = b + <usize>(i0 * b0 + i1 * b1 + i2 * b2) * 4;
    binaryRow(operation, left, a3 == 0, right, b3 == 0, c + <usize>row * <usize>length * 4, length);
  }
}

function binaryRow(operation: i32, a: usize, aRepeats: bool, b: usize, bRepeats: bool, c: usize, length: i32): void {
  const a4 = v128.load32_splat(a);
  const b4 = v128.load32_splat(b);
  let i = 0;
  for (; i + 4 <= length; i += 4, c += 16) {
    const offset = <usize>i * 4;
    const left = aRepeats ? a4 : v128.load(a + offset);
    const right = bRepeats ? b4 : v128.load(b + offset);
    v128.store(c, applyBinary(operation, left, right));
  }
  for (; i < length; i++, c += 4) {
    const left = aRepeats ? a4 : v128.load32_splat(a + <usize>i * 4);
    const right = bRepeats ? b4 : v128.load32_splat(b + <usize>i * 4);
    store<f32>(c, f32x4.extract_lane(applyBinary(operation, left, right), 0));
  }
}
