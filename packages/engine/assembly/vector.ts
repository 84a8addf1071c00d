// Loops over one contiguous vector that several kernels share. Sums run in a fixed order: lane by lane, then the lanes pairwise.

/** Sum of the four lanes. */
export function sumLanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** Largest of the four lanes. */
export function maxLanes(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

/** Largest of the values at x; skips NaN. */
export function largest(x: usize, length: i32): f32 {
  let found = f32x4.splat(-Infinity);
  let i = 0;
  for (; i + 4 <= length; i += 4, x += 16) found = f32x4.pmax(found, v128.load(x));
  if (i < length) found = f32x4.pmax(found, loadTail(x, length - i, -Infinity));
  return maxLanes(found);
}

/** Σ x·y */
export function dot(x: usize, y: usize, length: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let i = 0;
  for (; i + 16 <= length; i += 16, x += 64, y += 64) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(x), v128.load(y)));
    s1 = f32x4.add(s1, f32x4.mul(v128.load(x, 16), v128.load(y, 16)));
    s2 = f32x4.add(s2, f32x4.mul(v128.load(x, 32), v128.load(y, 32)));
    s3 = f32x4.add(s3, f32x4.mul(v128.load(x, 48), v128.load(y, 48)));
  }
  for (; i + 4 <= length; i += 4, x += 16, y += 16) s0 = f32x4.add(s0, f32x4.mul(v128.load(x), v128.load(y)));
  let sum = sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; i < length; i++, x += 4, y += 4) sum += load<f32>(x) * load<f32>(y);
  return sum;
}

/** Σ x, accumulated in f64. */
export function sum(x: usize, length: i32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= length; i += 4, x += 16) {
    const v = v128.load(x);
    low = f64x2.add(low, f64x2.promote_low_f32x4(v));
    high = f64x2.add(high, f64x2.promote_low_f32x4(upperHalf(v)));
  }
  let total = sumPair(f64x2.add(low, high));
  for (; i < length; i++, x += 4) total += <f64>load<f32>(x);
  return total;
}

/** Σ x², accumulated in f64. */
export function sumOfSquares(x: usize, length: i32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= length; i += 4, x += 16) {
    const v = v128.load(x);
    const a = f64x2.promote_low_f32x4(v);
    const b = f64x2.promote_low_f32x4(upperHalf(v));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  let total = sumPair(f64x2.add(low, high));
  for (; i < length; i++, x += 4) total += <f64>load<f32>(x) * <f64>load<f32>(x);
  return total;
}

function upperHalf(v: v128): v128 {
  return v128.shuffle<f32>(v, v, 2, 3, 2, 3);
}

function sumPair(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** y += scale · x */
export function addScaled(y: usize, x: usize, scale: f32, length: i32): void {
  const s = f32x4.splat(scale);
  let i = 0;
  for (; i + 4 <= length; i += 4, x += 16, y += 16) v128.store(y, f32x4.add(v128.load(y), f32x4.mul(s, v128.load(x))));
  for (; i < length; i++, x += 4, y += 4) store<f32>(y, load<f32>(y) + scale * load<f32>(x));
}

/** x *= scale */
export function scaleVector(x: usize, scale: f32, length: i32): void {
  const s = f32x4.splat(scale);
  let i = 0;
  for (; i + 4 <= length; i += 4, x += 16) v128.store(x, f32x4.mul(v128.load(x), s));
  for (; i < length; i++, x += 4) store<f32>(x, load<f32>(x) * scale);
}

/** The `count` (< 4) values at x, the missing lanes filled with `fill`. */
export function loadTail(x: usize, count: i32, fill: f32): v128 {
  let v = f32x4.splat(fill);
  if (count > 0) v = f32x4.replace_lane(v, 0, load<f32>(x));
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(x, 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(x, 8));
  return v;
}

/** Stores the first `count` (< 4) lanes. */
export function storeTail(x: usize, v: v128, count: i32): void {
  if (count > 0) store<f32>(x, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(x, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(x, f32x4.extract_lane(v, 2), 8);
}
