// y = e^(x − max x) / Σ e^(x − max x) over rows. Unit of work: one row.

import { exp4 } from './exponential';
import { largest, loadTail, scaleVector, storeTail, sumLanes } from './vector';

export function softmaxRows(begin: i32, end: i32, x: usize, y: usize, length: i32): void {
  const bytes = <usize>length * 4;
  for (let row = <usize>begin; row < <usize>end; row++) softmaxRow(x + row * bytes, y + row * bytes, length);
}

function softmaxRow(x: usize, y: usize, length: i32): void {
  const shift = f32x4.splat(largest(x, length));
  let sum = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const weight = exp4(f32x4.sub(v128.load(x + <usize>i * 4), shift));
    sum = f32x4.add(sum, weight);
    v128.store(y + <usize>i * 4, weight);
  }
  if (i < length) {
    const weight = exp4(f32x4.sub(loadTail(x + <usize>i * 4, length - i, -Infinity), shift));
    sum = f32x4.add(sum, weight);
    storeTail(y + <usize>i * 4, weight, length - i);
  }
  scaleVector(y, 1 / sumLanes(sum), length);
}
