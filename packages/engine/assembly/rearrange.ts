// Kernels that move values without computing: transpose, gather, scatter-add.

import { transposeFour } from './panels';
import { addScaled } from './vector';

/** y[i1, i0, i2, :] or any other order of three outer dimensions, rows of `length` kept whole. Strides of x in elements. Unit: one row of y. */
export function permuteRows(
  begin: i32,
  end: i32,
  x: usize,
  y: usize,
  d1: i32,
  d2: i32,
  length: i32,
  s0: i32,
  s1: i32,
  s2: i32,
): void {
  const bytes = <usize>length * 4;
  for (let row = begin; row < end; row++) {
    const offset = (row / d2 / d1) * s0 + ((row / d2) % d1) * s1 + (row % d2) * s2;
    memory.copy(y + <usize>row * bytes, x + <usize>offset * 4, bytes);
  }
}

/** y[batch, column, row] = x[batch, row, column]. Unit: 16 rows of y (columns of x) of one batch. */
export function transposeMatrix(begin: i32, end: i32, x: usize, y: usize, rows: i32, columns: i32): void {
  const groups = (columns + 15) / 16;
  for (let unit = begin; unit < end; unit++) {
    const matrix = <usize>(unit / groups) * <usize>rows * <usize>columns * 4;
    const first = (unit % groups) * 16;
    transposeStrip(x + matrix, y + matrix, rows, columns, first, min(first + 16, columns));
  }
}

function transposeStrip(x: usize, y: usize, rows: i32, columns: i32, first: i32, last: i32): void {
  const xStride = <usize>columns * 4;
  const yStride = <usize>rows * 4;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    let column = first;
    for (; column + 4 <= last; column += 4) {
      transposeFour(
        x + <usize>row * xStride + <usize>column * 4,
        y + <usize>column * yStride + <usize>row * 4,
        yStride,
        xStride,
      );
    }
    copyTransposed(x, y, row, row + 4, column, last, xStride, yStride);
  }
  copyTransposed(x, y, row, rows, first, last, xStride, yStride);
}

function copyTransposed(
  x: usize,
  y: usize,
  row: i32,
  rows: i32,
  first: i32,
  last: i32,
  xStride: usize,
  yStride: usize,
): void {
  for (; row < rows; row++) {
    for (let column = first; column < last; column++) {
      store<f32>(y + <usize>column * yStride + <usize>row * 4, load<f32>(x + <usize>row * xStride + <usize>column * 4));
    }
  }
}

/** y[outer, i, :] = x[outer, ids[i], :] with rows of `length`. Unit: one row of y. */
export function gatherRows(
  begin: i32,
  end: i32,
  x: usize,
  ids: usize,
  y: usize,
  rows: i32,
  count: i32,
  length: i32,
): void {
  const bytes = <usize>length * 4;
  for (let unit = begin; unit < end; unit++) {
    const id = load<i32>(ids + <usize>(unit % count) * 4);
    memory.copy(y + <usize>unit * bytes, x + <usize>((unit / count) * rows + id) * bytes, bytes);
  }
}

/** y[segments[i], :] += x[i, :]; rows with a segment outside 0 … segmentCount-1 are dropped. Unit: 16 columns, so no two threads meet. */
export function scatterAddRows(
  begin: i32,
  end: i32,
  x: usize,
  segments: usize,
  y: usize,
  count: i32,
  segmentCount: i32,
  length: i32,
): void {
  const bytes = <usize>length * 4;
  const first = begin * 16;
  const columns = min(end * 16, length) - first;
  for (let row = 0; row < segmentCount; row++)
    memory.fill(y + <usize>row * bytes + <usize>first * 4, 0, <usize>columns * 4);
  for (let i = 0; i < count; i++) {
    const segment = load<i32>(segments + <usize>i * 4);
    if (<u32>segment >= <u32>segmentCount) continue;
    addScaled(y + <usize>segment * bytes + <usize>first * 4, x + <usize>i * bytes + <usize>first * 4, 1, columns);
  }
}
