import * as tf from '@tensorflow/tfjs-core';
import type { HeapBackend } from '../heap/heap-backend.ts';

/** Tensors by the names the kernel gives them. */
export type Inputs = Record<string, tf.TensorInfo>;
/** Attributes of a kernel call. */
export type Attributes = Record<string, unknown>;

/** A kernel of an engine with a heap. Returning `undefined` leaves the call to the cpu backend's kernel of that name. */
export interface EngineKernel<Backend extends HeapBackend = HeapBackend> {
  readonly name: string;
  readonly run: (
    backend: Backend,
    inputs: Inputs,
    attributes: Attributes,
  ) => tf.TensorInfo | tf.TensorInfo[] | undefined;
}

/** Sixteen floats: the unit of work of elementwise kernels. */
export const ELEMENTS_PER_UNIT = 16;
/** Units of sixteen floats below which waking another thread costs more than it saves. */
export const ELEMENTWISE_GRAIN = 512;

/** Units of sixteen floats in a tensor. */
export function elementwiseUnits(tensor: tf.TensorInfo): number {
  return Math.ceil(sizeOf(tensor) / ELEMENTS_PER_UNIT);
}

/** Number of elements. */
export function sizeOf(tensor: tf.TensorInfo): number {
  return tf.util.sizeFromShape(tensor.shape);
}

/** A tensor as rows of its last dimension. */
export function rowsOf(tensor: tf.TensorInfo): { rows: number; length: number } {
  const length = tensor.shape[tensor.shape.length - 1];
  return { rows: sizeOf(tensor) / Math.max(1, length), length };
}

/** Rows of `length` elements to a chunk so that a chunk has at least `elements` elements. */
export function rowGrain(length: number, elements = 8192): number {
  return Math.max(1, Math.ceil(elements / Math.max(1, length)));
}

/** Kernels read memory at addresses computed from these shapes, so a wrong one must not get through. */
export function assertTensor(
  name: string,
  tensor: tf.TensorInfo,
  shape: number[],
  dtype: tf.DataType = 'float32',
): void {
  const matches =
    tensor.dtype === dtype &&
    tensor.shape.length === shape.length &&
    shape.every((size, i) => size === tensor.shape[i]);
  tf.util.assert(matches, () => `${name} must be ${dtype} [${shape}], got ${tensor.dtype} [${tensor.shape}]`);
}

/** True when all tensors are float32. */
export function allFloat(...tensors: tf.TensorInfo[]): boolean {
  return tensors.every((tensor) => tensor.dtype === 'float32');
}

/** True when the shapes are the same. */
export function sameShape(a: tf.TensorInfo, b: tf.TensorInfo): boolean {
  return a.shape.length === b.shape.length && a.shape.every((size, i) => size === b.shape[i]);
}
