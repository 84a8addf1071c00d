import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../engine-error.ts';
import type { HeapBackend } from '../heap/heap-backend.ts';
import { allFloat, rowGrain, sizeOf } from './kernel.ts';
import type { EngineKernel } from './kernel.ts';

/** A permutation with size-1 dimensions dropped and dimensions that stay neighbours merged. */
function simplify(shape: number[], permutation: number[]): { shape: number[]; permutation: number[] } {
  const groups: number[][] = [];
  for (const dimension of permutation.filter((d) => shape[d] !== 1)) {
    const group = groups.at(-1);
    const follows =
      group !== undefined && tf.util.sizeFromShape(shape.slice(group[group.length - 1] + 1, dimension)) === 1;
    if (follows && group[group.length - 1] < dimension) group.push(dimension);
    else groups.push([dimension]);
  }
  const ordered = groups.toSorted((a, b) => a[0] - b[0]);
  return {
    shape: ordered.map((group) => group.reduce((size, d) => size * shape[d], 1)),
    permutation: groups.map((group) => ordered.indexOf(group)),
  };
}

function transpose(backend: HeapBackend, x: tf.TensorInfo, perm: number[]): tf.TensorInfo | undefined {
  if (!(x.dtype === 'float32' || x.dtype === 'int32') || sizeOf(x) === 0) return undefined;
  const outShape = perm.map((d) => x.shape[d]);
  const { shape, permutation } = simplify(x.shape, perm);
  const rank = shape.length;
  const swapsLast = rank >= 2 && permutation.every((d, i) => d === (i < rank - 2 ? i : 2 * rank - 3 - i));
  const keepsLast = rank <= 1 || (permutation[rank - 1] === rank - 1 && rank <= 4);
  if (!swapsLast && !keepsLast) return undefined;
  const { tensor, address } = backend.output(outShape, x.dtype);
  if (swapsLast) swapLast(backend, backend.address(x), address, shape);
  else permuteRows(backend, backend.address(x), address, shape, permutation);
  return tensor;
}

function swapLast(backend: HeapBackend, x: number, y: number, shape: number[]): void {
  const [rows, columns] = shape.slice(-2);
  const batches = tf.util.sizeFromShape(shape.slice(0, -2));
  backend.pool.run('transposeMatrix', batches * Math.ceil(columns / 16), rowGrain(16 * rows), x, y, rows, columns);
}

function permuteRows(backend: HeapBackend, x: number, y: number, shape: number[], permutation: number[]): void {
  const length = shape.at(-1) ?? 1;
  const outer = permutation.slice(0, -1);
  const strideOf = (d: number) => tf.util.sizeFromShape(shape.slice(d + 1));
  const pad = (values: number[], fill: number) => [...Array<number>(3 - values.length).fill(fill), ...values];
  const [d0, d1, d2] = pad(
    outer.map((d) => shape[d]),
    1,
  );
  backend.pool.run('permuteRows', d0 * d1 * d2, rowGrain(length), x, y, d1, d2, length, ...pad(outer.map(strideOf), 0));
}

/** The message begins as in tfjs' own kernels, whose tests look for it. */
function checkIndices(backend: HeapBackend, ids: tf.TensorInfo, x: tf.TensorInfo, axis: number): void {
  const last = x.shape[axis] - 1;
  for (const id of backend.values(ids)) {
    if (id >= 0 && id <= last) continue;
    const where = `axis ${axis} of x [${x.shape}], indices [${ids.shape}]`;
    throw new EngineError('BAD_INPUT', `GatherV2: the index value ${id} is not in [0, ${last}] (${where})`);
  }
}

function gather(
  backend: HeapBackend,
  x: tf.TensorInfo,
  indices: tf.TensorInfo,
  axisAttribute: number,
  batchDims: number,
): tf.TensorInfo | undefined {
  if (!(x.dtype === 'float32' || x.dtype === 'int32') || indices.dtype !== 'int32' || batchDims !== 0) return undefined;
  const axis = tf.util.parseAxisParam(axisAttribute, x.shape)[0];
  checkIndices(backend, indices, x, axis);
  const size = tf.util.sizeFromShape;
  const outer = size(x.shape.slice(0, axis));
  const length = size(x.shape.slice(axis + 1));
  const count = sizeOf(indices);
  const { tensor, address } = backend.output(
    [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)],
    x.dtype,
  );
  backend.pool.run(
    'gatherRows',
    outer * count,
    rowGrain(length),
    backend.address(x),
    backend.address(indices),
    address,
    x.shape[axis],
    count,
    length,
  );
  return tensor;
}

function unsortedSegmentSum(
  backend: HeapBackend,
  x: tf.TensorInfo,
  segmentIds: tf.TensorInfo,
  numSegments: number,
): tf.TensorInfo | undefined {
  if (!allFloat(x) || segmentIds.dtype !== 'int32') return undefined;
  const count = sizeOf(segmentIds);
  const rowShape = x.shape.slice(segmentIds.shape.length);
  const length = tf.util.sizeFromShape(rowShape);
  const { tensor, address } = backend.output([numSegments, ...rowShape]);
  const units = Math.ceil(length / 16);
  backend.pool.run(
    'scatterAddRows',
    units,
    rowGrain(count * 16),
    backend.address(x),
    backend.address(segmentIds),
    address,
    count,
    numSegments,
    length,
  );
  return tensor;
}

export const rearrangeKernels: EngineKernel[] = [
  { name: 'Transpose', run: (backend, { x }, { perm }) => transpose(backend, x, perm as number[]) },
  {
    name: 'GatherV2',
    run: (backend, { x, indices }, { axis, batchDims }) =>
      gather(backend, x, indices, axis as number, (batchDims as number | undefined) ?? 0),
  },
  {
    name: 'UnsortedSegmentSum',
    run: (backend, { x, segmentIds }, { numSegments }) =>
      unsortedSegmentSum(backend, x, segmentIds, numSegments as number),
  },
  { name: 'Cast', run: (backend, { x }, { dtype }) => cast(backend, x, dtype as tf.DataType) },
];

/** The cpu backend casts int32 to float32 by relabelling the values; in the heap they must be converted. */
function cast(backend: HeapBackend, x: tf.TensorInfo, dtype: tf.DataType): tf.TensorInfo | undefined {
  if (dtype !== 'float32' || !(x.dtype === 'int32' || x.dtype === 'bool')) return undefined;
  const { tensor } = backend.output(x.shape);
  backend.values(tensor).set(backend.values(x));
  return tensor;
}
