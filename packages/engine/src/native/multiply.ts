import type { Matrices } from '../kernels/matrix-multiply.ts';
import { rowGrain } from '../kernels/kernel.ts';
import type { NativeBackend } from './native-backend.ts';

/** With so few rows, packing B would cost more than the product: dot products instead. As in native/multiply.h. */
const VECTOR_ROWS = 4;
/** Rows of A in one unit of work, as in native/multiply.h. */
const BLOCK_ROWS = 96;

/** An operand as the packing kernels read it: lanes are rows of A or columns of B. */
interface Lanes {
  readonly kernel: 'packA' | 'packB';
  readonly address: number;
  readonly depthStride: number;
  readonly laneStride: number;
  readonly batchStride: number;
  readonly batches: number;
  readonly lanes: number;
  /** Lanes that are packed together. */
  readonly group: number;
}

/** Steps of the inner dimension in one pass of native/multiply.h in either precision; parts are cut there, so that cutting changes no bit. */
const PASS = 384;
/** Words of the operand that is packed as a whole: what the last-level cache holds. */
const PACKED_WORDS = 2 ** 21;

function stackOf({ depthStride, laneStride, batchStride, batches }: Lanes, address: number): number[] {
  return [address, depthStride, laneStride, batches === 1 ? 0 : batchStride];
}

/** Rows of C in one unit of a deep product, as in native/multiply.h. */
const DEEP_ROWS = 512;
/** A product is deep from so many steps of the inner dimension to an element of C's longer side on. */
const DEEP = 2;
/** So many units keep sixteen threads busy. */
const ENOUGH_UNITS = 16;
/** Fewest steps of one part of a deep product. */
const SMALLEST_PART = 512;

/** Writes A·B for each batch; an operand with one batch is repeated. */
export function multiplyInto(backend: NativeBackend, a: Matrices, b: Matrices, target: number, batches: number): void {
  if (batches === 1 && a.rows <= VECTOR_ROWS && b.rowStride === 1 && a.columnStride === 1) {
    const grain = Math.max(16, Math.ceil(16_384 / a.columns));
    const sizes = [a.rows, b.columns, a.columns];
    backend.pool.run('multiplyVectors', b.columns, grain, a.address, b.address, target, ...sizes);
  } else if (
    batches === 1 &&
    a.rowStride === 1 &&
    b.columnStride === 1 &&
    a.columns >= DEEP * Math.max(a.rows, b.columns)
  ) {
    multiplyDeep(backend, a, b, target);
  } else multiplyPacked(backend, a, b, target, batches);
}

/** Packs the smaller operand as a whole, but a part of the inner dimension at a time; the other is packed where it is needed. */
function multiplyPacked(backend: NativeBackend, a: Matrices, b: Matrices, target: number, batches: number): void {
  const { addon } = backend.pool;
  const rows: Lanes = {
    ...a,
    kernel: 'packA',
    depthStride: a.columnStride,
    laneStride: a.rowStride,
    lanes: a.rows,
    group: addon.panelRows,
  };
  const columns: Lanes = {
    ...b,
    kernel: 'packB',
    depthStride: b.rowStride,
    laneStride: b.columnStride,
    lanes: b.columns,
    group: addon.panelColumns,
  };
  const [whole, streamed] = a.rows * a.batches <= b.columns * b.batches ? [rows, columns] : [columns, rows];
  const half = backend.precision === 'bf16' ? 1 : 0;
  const groups = Math.ceil(whole.lanes / whole.group) * whole.batches;
  const depth = a.columns;
  const part = Math.max(PASS, Math.floor(PACKED_WORDS / (groups * whole.group) / PASS) * PASS);
  const [kernel, units] =
    whole === columns
      ? ['multiplyRows', Math.ceil(a.rows / BLOCK_ROWS)]
      : ['multiplyColumns', Math.ceil(b.columns / addon.panelColumns)];
  backend.withBlock(groups * whole.group * Math.ceil(Math.min(part, depth) / (1 + half)) * 4, (packed) => {
    for (let from = 0; from < depth; from += part) {
      const steps = Math.min(part, depth - from);
      const grain = Math.max(1, Math.ceil(8192 / (steps * whole.group)));
      const start = ({ address, depthStride }: Lanes) => address + from * depthStride * 4;
      backend.pool.run(whole.kernel, groups, grain, half, ...stackOf(whole, start(whole)), packed, whole.lanes, steps);
      const sizes = [packed, target, a.rows, b.columns, steps, whole.batches, from > 0 ? 1 : 0];
      backend.pool.run(kernel, units * batches, 1, half, ...stackOf(streamed, start(streamed)), ...sizes);
    }
  });
}

/** Parts of the inner dimension are multiplied apart and then added up; how many depends on the shape only. */
function multiplyDeep(backend: NativeBackend, a: Matrices, b: Matrices, target: number): void {
  const { rows, columns: depth } = a;
  const blocks = Math.ceil(rows / DEEP_ROWS);
  const most = Math.max(1, Math.min(Math.ceil(ENOUGH_UNITS / blocks), Math.floor(depth / SMALLEST_PART)));
  const partSteps = Math.ceil(depth / most / 2) * 2;
  const parts = Math.ceil(depth / partSteps);
  const size = rows * b.columns;
  const half = backend.precision === 'bf16' ? 1 : 0;
  const run = (to: number) =>
    backend.pool.run(
      'multiplyDeep',
      blocks * parts,
      1,
      half,
      a.address,
      b.address,
      to,
      rows,
      b.columns,
      depth,
      partSteps,
    );
  if (parts === 1) return run(target);
  backend.withBlock(parts * size * 4, (address) => {
    run(address);
    backend.pool.run('sumColumns', Math.ceil(size / 16), rowGrain(parts * 16), address, target, parts, size);
  });
}
