// y = x · r · gain with r = 1/√(mean x² + ε) (Zhang & Sennrich 2019).

import { dot } from './vector';

/** Unit: one row. Writes y and r. */
export function rmsNorm(
  begin: i32,
  end: i32,
  x: usize,
  gain: usize,
  y: usize,
  inverseRms: usize,
  length: i32,
  epsilon: f32,
): void {
  const bytes = <usize>length * 4;
  for (let row = <usize>begin; row < <usize>end; row++) {
    const source = x + row * bytes;
    const inverse: f32 = 1 / sqrt<f32>(dot(source, source, length) / <f32>length + epsilon);
    store<f32>(inverseRms + row * 4, inverse);
    scaleByGain(source, gain, y + row * bytes, inverse, length);
  }
}

function scaleByGain(x: usize, gain: usize, y: usize, scale: f32, length: i32): void {
  const s = f32x4.splat(scale);
  let i = 0;
  for (; i + 4 <= length; i += 4, x += 16, gain += 16, y += 16) {
    v128.store(y, f32x4.mul(f32x4.mul(v128.load(x), s), v128.load(gain)));
  }
  for (; i < length; i++, x += 4, gain += 4, y += 4) store<f32>(y, load<f32>(x) * scale * load<f32>(gain));
}

/**
 * dx = r·(dy·gain − x·r²·mean(dy·gain·x)), and for each block of rows dgain = Σ over its rows of dy·x·r, [blocks, length]: the
 * blocks are added afterwards, in their order. Unit: a block of rows.
 */
export function rmsNormGradient(
  begin: i32,
  end: i32,
  dy: usize,
  x: usize,
  gain: usize,
  inverseRms: usize,
  dx: usize,
  dgainBlocks: usize,
  rows: i32,
  length: i32,
  blockRows: i32,
): void {
  const bytes = <usize>length * 4;
  for (let block = begin; block < end; block++) {
    const dgain = dgainBlocks + <usize>block * bytes;
    memory.fill(dgain, 0, bytes);
    for (let row = <usize>(block * blockRows); row < <usize>min(rows, (block + 1) * blockRows); row++) {
      const offset = row * bytes;
      const inverse = load<f32>(inverseRms + row * 4);
      const projection = tripleDot(dy + offset, gain, x + offset, length) / <f32>length;
      projectOut(dy + offset, gain, x + offset, dx + offset, inverse, projection * inverse * inverse, length);
      addProducts(dy + offset, x + offset, inverse, dgain, length);
    }
  }
}

/** sum += x·y·factor */
function addProducts(x: usize, y: usize, factor: f32, sum: usize, length: i32): void {
  const f = f32x4.splat(factor);
  let i = 0;
  for (; i + 4 <= length; i += 4, x += 16, y += 16, sum += 16) {
    v128.store(sum, f32x4.add(v128.load(sum), f32x4.mul(f32x4.mul(v128.load(x), v128.load(y)), f)));
  }
  for (; i < length; i++, x += 4, y += 4, sum += 4) store<f32>(sum, load<f32>(sum) + load<f32>(x) * load<f32>(y) * factor);
}

/** Σ x·y·z */
function tripleDot(x: usize, y: usize, z: usize, length: i32): f32 {
  let sum = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= length; i += 4, x += 16, y += 16, z += 16) {
    sum = f32x4.add(sum, f32x4.mul(f32x4.mul(v128.load(x), v128.load(y)), v128.load(z)));
  }
  let total =
    f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3));
  for (; i < length; i++, x += 4, y += 4, z += 4) total += load<f32>(x) * load<f32>(y) * load<f32>(z);
  return total;
}

/** dx = inverse·(dy·gain − x·factor) */
function projectOut(dy: usize, gain: usize, x: usize, dx: usize, inverse: f32, factor: f32, length: i32): void {
  const s = f32x4.splat(inverse);
  const f = f32x4.splat(factor);
  let i = 0;
  for (; i + 4 <= length; i += 4, dy += 16, gain += 16, x += 16, dx += 16) {
    const along = f32x4.mul(v128.load(x), f);
    v128.store(dx, f32x4.mul(s, f32x4.sub(f32x4.mul(v128.load(dy), v128.load(gain)), along)));
  }
  for (; i < length; i++, dy += 4, gain += 4, x += 4, dx += 4) {
    store<f32>(dx, inverse * (load<f32>(dy) * load<f32>(gain) - load<f32>(x) * factor));
  }
}
