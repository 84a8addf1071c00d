// C = op(A) · op(B) for batches. Phase one packs all of B, phase two computes tiles of C; both are split over the threads.

import { TILE_COLUMNS } from './micro-kernel';
import { multiplyPanels, packPanel, packRows } from './panels';
import { threadScratch } from './thread';
import { dot } from './vector';

/** Rows and columns of C in one unit of work, and the depth after which C is written back (packed A stays in the L2 cache). */
const BLOCK_ROWS: i32 = 40;
const BLOCK_COLUMNS: i32 = 512;
const BLOCK_DEPTH: i32 = 512;

/** Bytes of scratch a thread needs: a packed block of A and one edge tile. */
export function multiplyScratchBytes(): i32 {
  return BLOCK_ROWS * BLOCK_DEPTH * 4 + 256;
}

/** Units of work in a [rows, columns] product. */
export function multiplyUnits(rows: i32, columns: i32): i32 {
  return ((rows + BLOCK_ROWS - 1) / BLOCK_ROWS) * ((columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS);
}

/** Packs B. Unit: one panel of 8 columns of one batch. Strides count elements. */
export function packB(
  begin: i32,
  end: i32,
  b: usize,
  packed: usize,
  depth: i32,
  columns: i32,
  depthStride: i32,
  columnStride: i32,
  batchStride: i32,
): void {
  const panels = (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
  for (let unit = begin; unit < end; unit++) {
    const column = (unit % panels) * TILE_COLUMNS;
    const source = b + (<usize>(unit / panels) * <usize>batchStride + <usize>column * <usize>columnStride) * 4;
    const panel = packed + <usize>unit * <usize>(depth * TILE_COLUMNS) * 4;
    packPanel(source, panel, depth, columns - column, TILE_COLUMNS, <usize>depthStride * 4, <usize>columnStride * 4);
  }
}

/** C = A · packed B. Unit: one block of C of one batch. Strides count elements; a batch stride of 0 repeats the operand. */
export function multiply(
  begin: i32,
  end: i32,
  a: usize,
  packed: usize,
  c: usize,
  rows: i32,
  columns: i32,
  depth: i32,
  rowStride: i32,
  depthStride: i32,
  aBatchStride: i32,
  bBatches: i32,
  scratch: usize,
): void {
  const own = threadScratch(scratch, multiplyScratchBytes());
  const edge = own + <usize>(BLOCK_ROWS * BLOCK_DEPTH) * 4;
  const units = multiplyUnits(rows, columns);
  const blocksAcross = (columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
  const panelBytes = <usize>(depth * TILE_COLUMNS) * 4;
  const packedBatch = <usize>((columns + TILE_COLUMNS - 1) / TILE_COLUMNS) * panelBytes;
  for (let unit = begin; unit < end; unit++) {
    const batch = <usize>(unit / units);
    const block = unit % units;
    const row = (block / blocksAcross) * BLOCK_ROWS;
    const column = (block % blocksAcross) * BLOCK_COLUMNS;
    const blockRows = min(BLOCK_ROWS, rows - row);
    const source = a + (batch * <usize>aBatchStride + <usize>row * <usize>rowStride) * 4;
    const panels = packed + (bBatches > 1 ? batch * packedBatch : 0) + <usize>(column / TILE_COLUMNS) * panelBytes;
    const target = c + ((batch * <usize>rows + <usize>row) * <usize>columns + <usize>column) * 4;
    for (let k = 0; k < depth; k += BLOCK_DEPTH) {
      const blockDepth = min(BLOCK_DEPTH, depth - k);
      packRows(
        source + <usize>k * <usize>depthStride * 4,
        own,
        blockRows,
        blockDepth,
        <usize>rowStride * 4,
        <usize>depthStride * 4,
      );
      multiplyPanels(
        own,
        panels + <usize>(k * TILE_COLUMNS) * 4,
        target,
        blockRows,
        min(BLOCK_COLUMNS, columns - column),
        blockDepth,
        <usize>blockDepth * 20,
        panelBytes,
        <usize>columns * 4,
        k > 0,
        edge,
      );
    }
  }
}

/** C[rows, columns] = A[rows, depth] · B[columns, depth]ᵀ by dot products, for few rows. Unit: one row of B. */
export function multiplyVectors(
  begin: i32,
  end: i32,
  a: usize,
  b: usize,
  c: usize,
  rows: i32,
  columns: i32,
  depth: i32,
): void {
  const bytes = <usize>depth * 4;
  for (let column = begin; column < end; column++) {
    for (let row = 0; row < rows; row++) {
      const value = dot(a + <usize>row * bytes, b + <usize>column * bytes, depth);
      store<f32>(c + (<usize>row * <usize>columns + <usize>column) * 4, value);
    }
  }
}
