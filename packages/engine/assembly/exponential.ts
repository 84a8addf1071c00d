// e^x for four lanes, within 1.5 units in the last place (tested against f64 over the whole range).
// x = n·ln2 + r with |r| ≤ ln2/2 and e^x = 2^n·e^r. ln2 is split in two so that n·(high part) is exact.
// e^r = 1 + r + r²·P(r); P is the minimax polynomial of degree 4 (relative error of e^r below 2⁻²⁸).
// n is rounded by adding 1.5·2²³: then the low bits of the sum are n, ready to be added to the exponent of e^r.

/** Constants are loaded from memory: V8 would build a vector constant anew at each use, which takes longer than the arithmetic. */
const CONSTANTS: usize = memory.data<f32>([
  1.4426950408889634, // log2 e
  12582912, // 1.5·2²³
  0.693359375, // ln2, high part
  -2.1219444e-4, // ln2, low part
  0.001381459878757596,
  0.008368716575205326,
  0.04166838899254799,
  0.1666652113199234,
  0.4999999403953552,
  1,
  -87.3365447, // ln of the smallest normal number; below it the result is 0
  88.7228394, // ln of the largest number; above it the result is infinite
  Infinity,
  2,
]);

function constant(index: usize): v128 {
  return v128.load32_splat(CONSTANTS + index * 4);
}

/** e^x; Infinity on overflow, 0 where the result would be subnormal, NaN for NaN. */
export function exp4(x: v128): v128 {
  const shifted = f32x4.add(f32x4.mul(x, constant(0)), constant(1));
  const n = f32x4.sub(shifted, constant(1));
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, constant(2))), f32x4.mul(n, constant(3)));
  let p = f32x4.add(f32x4.mul(constant(4), r), constant(5));
  p = f32x4.add(f32x4.mul(p, r), constant(6));
  p = f32x4.add(f32x4.mul(p, r), constant(7));
  p = f32x4.add(f32x4.mul(p, r), constant(8));
  p = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r), constant(9));
  const scaled = i32x4.add(p, i32x4.shl(shifted, 23));
  const flushed = v128.andnot(scaled, f32x4.lt(x, constant(10)));
  return v128.bitselect(constant(12), flushed, f32x4.gt(x, constant(11)));
}

/** 1 / (1 + e^-x) */
export function sigmoid4(x: v128): v128 {
  return f32x4.div(constant(9), f32x4.add(constant(9), exp4(f32x4.neg(x))));
}

/** tanh x = 1 - 2 / (e^2x + 1) */
export function tanh4(x: v128): v128 {
  return f32x4.sub(constant(9), f32x4.div(constant(13), f32x4.add(exp4(f32x4.add(x, x)), constant(9))));
}
