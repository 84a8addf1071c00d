// Sums over one dimension of [outer, length, inner]. Every output is summed in one fixed order by one thread.

import { sum, sumOfSquares } from './vector';

/** Elements of one partial sum when a whole tensor is summed: fixed, so that the result does not depend on the threads. */
const BLOCK: i32 = 4096;

/** y[row] = Σ x[row, :]. Unit: one row. */
export function sumRows(begin: i32, end: i32, x: usize, y: usize, length: i32): void {
  for (let row = <usize>begin; row < <usize>end; row++)
    store<f32>(y + row * 4, <f32>sum(x + row * <usize>length * 4, length));
}

/** y[outer, inner] = Σ over the middle of x[outer, length, inner]. Unit: up to 16 neighbouring outputs of one outer index. */
export function sumColumns(begin: i32, end: i32, x: usize, y: usize, length: i32, inner: i32): void {
  const groups = (inner + 15) / 16;
  for (let unit = begin; unit < end; unit++) {
    const outer = <usize>(unit / groups);
    const column = (unit % groups) * 16;
    const source = x + (outer * <usize>length * <usize>inner + <usize>column) * 4;
    const target = y + (outer * <usize>inner + <usize>column) * 4;
    if (column + 16 <= inner) sumSixteen(source, target, length, <usize>inner * 4);
    else sumEach(source, target, length, <usize>inner * 4, inner - column);
  }
}

function sumSixteen(x: usize, y: usize, length: i32, stride: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let row = 0; row < length; row++, x += stride) {
    s0 = f32x4.add(s0, v128.load(x));
    s1 = f32x4.add(s1, v128.load(x, 16));
    s2 = f32x4.add(s2, v128.load(x, 32));
    s3 = f32x4.add(s3, v128.load(x, 48));
  }
  v128.store(y, s0);
  v128.store(y, s1, 16);
  v128.store(y, s2, 32);
  v128.store(y, s3, 48);
}

function sumEach(x: usize, y: usize, length: i32, stride: usize, columns: i32): void {
  for (let column: usize = 0; column < <usize>columns; column++) {
    let total: f32 = 0;
    let source = x + column * 4;
    for (let row = 0; row < length; row++, source += stride) total += load<f32>(source);
    store<f32>(y + column * 4, total);
  }
}

/** partial[block] = Σ of one block of 4096 elements, in f64. Unit: one block. */
export function sumBlocks(begin: i32, end: i32, x: usize, partial: usize, size: i32): void {
  for (let block = begin; block < end; block++) {
    const from = block * BLOCK;
    store<f64>(partial + <usize>block * 8, sum(x + <usize>from * 4, min(BLOCK, size - from)));
  }
}

/** partial[block] = Σ x² of one block of 4096 elements, in f64. Unit: one block. */
export function squareBlocks(begin: i32, end: i32, x: usize, partial: usize, size: i32): void {
  for (let block = begin; block < end; block++) {
    const from = block * BLOCK;
    const count = min(BLOCK, size - from);
    store<f64>(partial + <usize>block * 8, sumOfSquares(x + <usize>from * 4, count));
  }
}

/** y = Σ partial, in order. */
export function sumPartials(begin: i32, end: i32, partial: usize, y: usize, blocks: i32): void {
  let total: f64 = 0;
  for (let block: usize = 0; block < <usize>blocks; block++) total += load<f64>(partial + block * 8);
  if (begin < end) store<f32>(y, <f32>total);
}
