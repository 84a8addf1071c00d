// Packing into panels, and the product of packed panels.
// A panel holds `width` lanes (5 rows of A or 8 columns of B) of all `depth` steps of the inner dimension, lane-minor:
// element (k, lane) lies at (k·width + lane)·4 bytes. Missing lanes at the edge are zero, so that the tile needs no special case.

import { multiplyTile, TILE_COLUMNS, TILE_ROWS } from './micro-kernel';

/** Packs up to `width` lanes. Strides are in bytes: element (k, lane) is read at source + k·depthStride + lane·laneStride. */
export function packPanel(
  source: usize,
  panel: usize,
  depth: i32,
  lanes: i32,
  width: i32,
  depthStride: usize,
  laneStride: usize,
): void {
  const step = <usize>width * 4;
  let lane = 0;
  for (; lane + 4 <= lanes && lane + 4 <= width; lane += 4) {
    packFourLanes(source + <usize>lane * laneStride, panel + <usize>lane * 4, depth, step, depthStride, laneStride);
  }
  for (; lane < width; lane++) {
    const from = source + <usize>lane * laneStride;
    const to = panel + <usize>lane * 4;
    for (let k: usize = 0; k < <usize>depth; k++) {
      store<f32>(to + k * step, lane < lanes ? load<f32>(from + k * depthStride) : 0);
    }
  }
}

function packFourLanes(
  source: usize,
  panel: usize,
  depth: i32,
  step: usize,
  depthStride: usize,
  laneStride: usize,
): void {
  let k = 0;
  if (laneStride == 4) {
    for (; k < depth; k++, source += depthStride, panel += step) v128.store(panel, v128.load(source));
    return;
  }
  if (depthStride == 4) {
    for (; k + 4 <= depth; k += 4, source += 16, panel += 4 * step) transposeFour(source, panel, step, laneStride);
  }
  for (; k < depth; k++, source += depthStride, panel += step) {
    store<f32>(panel, load<f32>(source));
    store<f32>(panel, load<f32>(source + laneStride), 4);
    store<f32>(panel, load<f32>(source + 2 * laneStride), 8);
    store<f32>(panel, load<f32>(source + 3 * laneStride), 12);
  }
}

/** Writes the transpose of a 4×4 block. */
export function transposeFour(source: usize, target: usize, targetStride: usize, sourceStride: usize): void {
  const r0 = v128.load(source);
  const r1 = v128.load(source + sourceStride);
  const r2 = v128.load(source + 2 * sourceStride);
  const r3 = v128.load(source + 3 * sourceStride);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(target, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(target + targetStride, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(target + 2 * targetStride, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(target + 3 * targetStride, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}

/** Packs `rows` rows as panels of A, one after the other. */
export function packRows(
  source: usize,
  panels: usize,
  rows: i32,
  depth: i32,
  rowStride: usize,
  depthStride: usize,
): void {
  for (let row = 0; row < rows; row += TILE_ROWS) {
    packPanel(source + <usize>row * rowStride, panels, depth, rows - row, TILE_ROWS, depthStride, rowStride);
    panels += <usize>(depth * TILE_ROWS) * 4;
  }
}

/** Packs `columns` columns as panels of B, one after the other. */
export function packColumns(
  source: usize,
  panels: usize,
  columns: i32,
  depth: i32,
  columnStride: usize,
  depthStride: usize,
): void {
  for (let column = 0; column < columns; column += TILE_COLUMNS) {
    packPanel(
      source + <usize>column * columnStride,
      panels,
      depth,
      columns - column,
      TILE_COLUMNS,
      depthStride,
      columnStride,
    );
    panels += <usize>(depth * TILE_COLUMNS) * 4;
  }
}

/**
 * C[rows, columns] (+)= A[rows, depth] · B[depth, columns] on packed panels; `edge` is 160 bytes of scratch.
 * Distances in bytes: `aPanel` and `bPanel` of two panels, `stride` of two rows of C.
 * The order of additions depends on nothing but k, so that any partition of C gives the same bits.
 */
export function multiplyPanels(
  a: usize,
  b: usize,
  c: usize,
  rows: i32,
  columns: i32,
  depth: i32,
  aPanel: usize,
  bPanel: usize,
  stride: usize,
  accumulate: bool,
  edge: usize,
): void {
  for (let column = 0; column < columns; column += TILE_COLUMNS) {
    let panel = a;
    for (let row = 0; row < rows; row += TILE_ROWS) {
      const target = c + <usize>row * stride + <usize>column * 4;
      if (row + TILE_ROWS <= rows && column + TILE_COLUMNS <= columns) {
        multiplyTile(panel, b, target, stride, depth, accumulate);
      } else {
        multiplyTile(panel, b, edge, 32, depth, false);
        storeEdge(edge, target, min(rows - row, TILE_ROWS), min(columns - column, TILE_COLUMNS), stride, accumulate);
      }
      panel += aPanel;
    }
    b += bPanel;
  }
}

function storeEdge(edge: usize, c: usize, rows: i32, columns: i32, stride: usize, accumulate: bool): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = edge + <usize>(row * TILE_COLUMNS + column) * 4;
      const to = c + <usize>row * stride + <usize>column * 4;
      store<f32>(to, accumulate ? load<f32>(to) + load<f32>(from) : load<f32>(from));
    }
  }
}
