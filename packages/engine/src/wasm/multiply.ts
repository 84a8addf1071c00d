import type { Matrices } from '../kernels/matrix-multiply.ts';
import type { WasmBackend } from './wasm-backend.ts';

const TILE_COLUMNS = 8;
/** With so few rows, packing B would cost more than the product: dot products instead. */
const VECTOR_ROWS = 4;

/** Writes A·B for each batch; an operand with one batch is repeated. */
export function multiplyInto(backend: WasmBackend, a: Matrices, b: Matrices, target: number, batches: number): void {
  const { pool } = backend;
  const depth = a.columns;
  if (batches === 1 && a.rows <= VECTOR_ROWS && b.rowStride === 1 && a.columnStride === 1) {
    const grain = Math.max(16, Math.ceil(16_384 / depth));
    pool.run('multiplyVectors', b.columns, grain, a.address, b.address, target, a.rows, b.columns, depth);
    return;
  }
  const panels = Math.ceil(b.columns / TILE_COLUMNS) * b.batches;
  const scratch = backend.scratch(pool.exports.multiplyScratchBytes());
  backend.withBlock(panels * TILE_COLUMNS * depth * 4, (packed) => {
    const panelGrain = Math.max(1, Math.ceil(4096 / depth));
    const packing = [b.address, packed, depth, b.columns, b.rowStride, b.columnStride, b.batchStride];
    pool.run('packB', panels, panelGrain, ...packing);
    const aBatchStride = a.batches === 1 ? 0 : a.batchStride;
    const units = pool.exports.multiplyUnits(a.rows, b.columns) * batches;
    const sizes = [a.rows, b.columns, depth, a.rowStride, a.columnStride, aBatchStride, b.batches];
    pool.run('multiply', units, 1, a.address, packed, target, ...sizes, scratch);
  });
}
