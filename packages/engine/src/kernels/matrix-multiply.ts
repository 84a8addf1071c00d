import * as tf from '@tensorflow/tfjs-core';
import type { HeapBackend } from '../heap/heap-backend.ts';
import { allFloat } from './kernel.ts';
import type { EngineKernel } from './kernel.ts';

/** One operand as a stack of matrices; strides count elements. */
export interface Matrices {
  readonly address: number;
  readonly batches: number;
  readonly batchStride: number;
  readonly rows: number;
  readonly columns: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** Writes A·B for each batch to the address `target`; an operand with one batch is repeated. No size is 0. */
export type MultiplyInto<Backend extends HeapBackend> = (
  backend: Backend,
  a: Matrices,
  b: Matrices,
  target: number,
  batches: number,
) => void;

function matricesOf(backend: HeapBackend, tensor: tf.TensorInfo, transpose: boolean): Matrices {
  const [height, width] = tensor.shape.slice(-2);
  const batches = tf.util.sizeFromShape(tensor.shape.slice(0, -2));
  const common = { address: backend.address(tensor), batches, batchStride: height * width };
  return transpose
    ? { ...common, rows: width, columns: height, rowStride: 1, columnStride: width }
    : { ...common, rows: height, columns: width, rowStride: width, columnStride: 1 };
}

/** One matrix times a shared B is one product of taller matrices: folds the batches of A into its rows. */
function foldBatches(a: Matrices, b: Matrices): Matrices {
  if (b.batches !== 1 || a.batches === 1 || a.columnStride !== 1) return a;
  return { ...a, batches: 1, rows: a.rows * a.batches };
}

/** The stack index of operand `tensor` for every batch of the broadcast result. */
function batchIndices(tensor: tf.TensorInfo, batchShape: number[]): number[] {
  const own = tensor.shape.slice(0, -2);
  const aligned = [...Array<number>(batchShape.length - own.length).fill(1), ...own];
  const strides = tf.util.computeStrides([...aligned, 1]);
  const outStrides = tf.util.computeStrides([...batchShape, 1]);
  return Array.from({ length: tf.util.sizeFromShape(batchShape) }, (_, flat) =>
    batchShape.reduce((index, size, i) => {
      const coordinate = Math.floor(flat / outStrides[i]) % size;
      return index + (aligned[i] === 1 ? 0 : coordinate * strides[i]);
    }, 0),
  );
}

function multiplyBroadcast<Backend extends HeapBackend>(
  multiplyInto: MultiplyInto<Backend>,
  backend: Backend,
  inputs: [tf.TensorInfo, tf.TensorInfo],
  a: Matrices,
  b: Matrices,
  target: number,
  shape: number[],
): void {
  const aIndex = batchIndices(inputs[0], shape);
  const bIndex = batchIndices(inputs[1], shape);
  const one = (matrices: Matrices, index: number): Matrices => ({
    ...matrices,
    batches: 1,
    address: matrices.address + index * matrices.batchStride * 4,
  });
  for (let i = 0; i < aIndex.length; i++) {
    multiplyInto(backend, one(a, aIndex[i]), one(b, bIndex[i]), target + i * a.rows * b.columns * 4, 1);
  }
}

function batchMatMul<Backend extends HeapBackend>(
  multiplyInto: MultiplyInto<Backend>,
  backend: Backend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): tf.TensorInfo {
  tf.util.assert(
    a.shape.length >= 2 && b.shape.length >= 2,
    () => `matMul: both inputs must be matrices or stacks of them, got [${a.shape}] and [${b.shape}]`,
  );
  const left = matricesOf(backend, a, transposeA);
  const right = matricesOf(backend, b, transposeB);
  tf.util.assert(
    left.columns === right.rows,
    () =>
      `matMul: inner dimensions of [${a.shape}] and [${b.shape}] differ (transposeA ${transposeA}, transposeB ${transposeB})`,
  );
  const batchShape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const { tensor, address } = backend.output([...batchShape, left.rows, right.columns]);
  const batches = tf.util.sizeFromShape(batchShape);
  if (batches * left.rows * left.columns * right.columns === 0) {
    backend.values(tensor).fill(0);
    return tensor;
  }
  const folded = foldBatches(left, right);
  const plain = [left.batches, right.batches].every((count) => count === 1 || count === batches);
  if (folded !== left) multiplyInto(backend, folded, right, address, 1);
  else if (plain) multiplyInto(backend, left, right, address, batches);
  else multiplyBroadcast(multiplyInto, backend, [a, b], left, right, address, batchShape);
  return tensor;
}

/** The matrix product of an engine, which says how one stack of products is computed. */
export function matrixMultiplyKernel<Backend extends HeapBackend>(
  multiplyInto: MultiplyInto<Backend>,
): EngineKernel<Backend> {
  return {
    name: 'BatchMatMul',
    run(backend, { a, b }, { transposeA, transposeB }) {
      if (!allFloat(a, b)) return undefined;
      return batchMatMul(multiplyInto, backend, a, b, transposeA === true, transposeB === true);
    },
  };
}
