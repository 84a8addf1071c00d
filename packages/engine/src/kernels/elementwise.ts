import * as tf from '@tensorflow/tfjs-core';
import type { HeapBackend } from '../heap/heap-backend.ts';
import { allFloat, ELEMENTWISE_GRAIN, elementwiseUnits, rowGrain, sameShape } from './kernel.ts';
import type { EngineKernel } from './kernel.ts';

/** tfjs kernel → number of the operation in assembly/elementwise.ts. */
const UNARY = {
  Neg: 0,
  Square: 1,
  Sqrt: 2,
  Rsqrt: 3,
  Exp: 4,
  Sigmoid: 5,
  Relu: 6,
  Abs: 7,
  Reciprocal: 8,
  Tanh: 9,
};
const STEP = 10;
const BINARY = { Add: 0, Sub: 1, Multiply: 2, RealDiv: 3, Maximum: 4, Minimum: 5 };

function unary(backend: HeapBackend, operation: number, x: tf.TensorInfo): tf.TensorInfo | undefined {
  if (!allFloat(x)) return undefined;
  const { tensor, address } = backend.output(x.shape);
  backend.pool.run('unary', elementwiseUnits(x), ELEMENTWISE_GRAIN, operation, backend.address(x), address);
  return tensor;
}

/** The common strides of two broadcast operands, neighbouring dimensions that step alike merged into one. */
interface BroadcastPlan {
  readonly sizes: number[];
  readonly left: number[];
  readonly right: number[];
}

function broadcastStrides(shape: number[], out: number[]): number[] {
  const aligned = [...Array<number>(out.length - shape.length).fill(1), ...shape];
  const strides: number[] = [];
  let stride = 1;
  for (let i = out.length - 1; i >= 0; i--) {
    strides.unshift(aligned[i] === 1 ? 0 : stride);
    stride *= aligned[i];
  }
  return strides;
}

function planBroadcast(a: number[], b: number[], out: number[]): BroadcastPlan {
  const aStrides = broadcastStrides(a, out);
  const bStrides = broadcastStrides(b, out);
  const plan: BroadcastPlan = { sizes: [], left: [], right: [] };
  for (let i = out.length - 1; i >= 0; i--) {
    if (out[i] === 1) continue;
    const merges =
      plan.sizes.length > 0 &&
      aStrides[i] === plan.left[0] * plan.sizes[0] &&
      bStrides[i] === plan.right[0] * plan.sizes[0];
    if (merges) plan.sizes[0] *= out[i];
    else {
      plan.sizes.unshift(out[i]);
      plan.left.unshift(aStrides[i]);
      plan.right.unshift(bStrides[i]);
    }
  }
  return plan;
}

function binary(
  backend: HeapBackend,
  operation: number,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
): tf.TensorInfo | undefined {
  if (!allFloat(a, b)) return undefined;
  if (sameShape(a, b)) {
    const { tensor, address } = backend.output(a.shape);
    backend.pool.run(
      'binary',
      elementwiseUnits(a),
      ELEMENTWISE_GRAIN,
      operation,
      backend.address(a),
      backend.address(b),
      address,
    );
    return tensor;
  }
  return broadcastBinary(backend, operation, a, b);
}

function broadcastBinary(
  backend: HeapBackend,
  operation: number,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
): tf.TensorInfo | undefined {
  const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const { sizes, left, right } = planBroadcast(a.shape, b.shape, shape);
  if (sizes.length > 4) return undefined;
  const pad = (values: number[], fill: number) => [...Array<number>(4 - values.length).fill(fill), ...values];
  const [d0, d1, d2, length] = pad(sizes, 1);
  const { tensor, address } = backend.output(shape);
  if (tf.util.sizeFromShape(shape) === 0) return tensor;
  const args = [...backend.addresses(a, b), address, d1, d2, length, ...pad(left, 0), ...pad(right, 0)];
  backend.pool.run('binaryBroadcast', d0 * d1 * d2, rowGrain(length), operation, ...args);
  return tensor;
}

function addAll(backend: HeapBackend, tensors: tf.TensorInfo[]): tf.TensorInfo | undefined {
  if (!allFloat(...tensors) || tensors.length < 2) return undefined;
  const { tensor, address } = backend.output(tensors[0].shape);
  const units = elementwiseUnits(tensor);
  let sum = backend.address(tensors[0]);
  for (const next of tensors.slice(1)) {
    backend.pool.run('binary', units, ELEMENTWISE_GRAIN, BINARY.Add, sum, backend.address(next), address);
    sum = address;
  }
  return tensor;
}

export const elementwiseKernels: EngineKernel[] = [
  ...Object.entries(UNARY).map(([name, operation]): EngineKernel => ({
    name,
    run: (backend, { x }) => unary(backend, operation, x),
  })),
  ...Object.entries(BINARY).map(([name, operation]): EngineKernel => ({
    name,
    run: (backend, { a, b }) => binary(backend, operation, a, b),
  })),
  { name: 'Step', run: (backend, { x }, { alpha }) => (alpha === 0 ? unary(backend, STEP, x) : undefined) },
  { name: 'AddN', run: (backend, inputs) => addAll(backend, Object.values(inputs)) },
];
