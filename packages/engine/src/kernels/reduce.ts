import * as tf from '@tensorflow/tfjs-core';
import type { HeapBackend } from '../heap/heap-backend.ts';
import { allFloat, rowGrain, rowsOf, sizeOf } from './kernel.ts';
import type { EngineKernel } from './kernel.ts';

/** Elements of one partial sum, as in assembly/reduce.ts. */
export const SUM_BLOCK = 4096;

/** A reduction over neighbouring axes, seen as [outer, length, inner] → [outer, inner]; undefined for other axes. */
function reductionOf(shape: number[], axes: number[]): { outer: number; length: number; inner: number } | undefined {
  const first = axes[0];
  const last = axes[axes.length - 1];
  if (last - first + 1 !== axes.length) return undefined;
  const size = tf.util.sizeFromShape;
  return {
    outer: size(shape.slice(0, first)),
    length: size(shape.slice(first, last + 1)),
    inner: size(shape.slice(last + 1)),
  };
}

/** Sums all elements in blocks of fixed size into the scalar at `target`. */
function sumInBlocks(backend: HeapBackend, x: tf.TensorInfo, target: number): void {
  const blocks = Math.ceil(sizeOf(x) / SUM_BLOCK);
  backend.withBlock(blocks * 8, (partial) => {
    backend.pool.run('sumBlocks', blocks, 4, backend.address(x), partial, sizeOf(x));
    backend.pool.run('sumPartials', 1, 1, partial, target, blocks);
  });
}

function sum(
  backend: HeapBackend,
  x: tf.TensorInfo,
  axis: number | number[],
  keepDims: boolean,
): tf.TensorInfo | undefined {
  const axes = tf.util.parseAxisParam(axis, x.shape).toSorted((a, b) => a - b);
  const reduction = allFloat(x) && axes.length > 0 ? reductionOf(x.shape, axes) : undefined;
  if (reduction === undefined || sizeOf(x) === 0) return undefined;
  const shape = keepDims
    ? x.shape.map((size, i) => (axes.includes(i) ? 1 : size))
    : x.shape.filter((_, i) => !axes.includes(i));
  const { tensor, address } = backend.output(shape);
  const { outer, length, inner } = reduction;
  if (outer * inner === 1) sumInBlocks(backend, x, address);
  else if (inner === 1) backend.pool.run('sumRows', outer, rowGrain(length), backend.address(x), address, length);
  else
    backend.pool.run(
      'sumColumns',
      outer * Math.ceil(inner / 16),
      rowGrain(length * 16),
      backend.address(x),
      address,
      length,
      inner,
    );
  return tensor;
}

function mean(
  backend: HeapBackend,
  x: tf.TensorInfo,
  axis: number | number[],
  keepDims: boolean,
): tf.TensorInfo | undefined {
  const total = sum(backend, x, axis, keepDims);
  if (total === undefined) return undefined;
  const values = backend.values(total);
  const count = sizeOf(x) / values.length;
  for (let i = 0; i < values.length; i++) values[i] /= count;
  return total;
}

function softmax(backend: HeapBackend, logits: tf.TensorInfo, dimension: number): tf.TensorInfo | undefined {
  if (!allFloat(logits) || dimension !== logits.shape.length - 1) return undefined;
  const { rows, length } = rowsOf(logits);
  const { tensor, address } = backend.output(logits.shape);
  backend.pool.run('softmaxRows', rows, rowGrain(length, 4096), backend.address(logits), address, length);
  return tensor;
}

export const reduceKernels: EngineKernel[] = [
  { name: 'Sum', run: (backend, { x }, { axis, keepDims }) => sum(backend, x, axis as number[], keepDims === true) },
  { name: 'Mean', run: (backend, { x }, { axis, keepDims }) => mean(backend, x, axis as number[], keepDims === true) },
  { name: 'Softmax', run: (backend, { logits }, { dim }) => softmax(backend, logits, dim as number) },
];
