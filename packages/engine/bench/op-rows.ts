import * as ops from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { BenchRow } from './bench-row.ts';
import { median, row } from './bench-row.ts';
import { contestants, enter, nameOf } from './contestants.ts';
import { askPytorch } from './pytorch.ts';

interface Op {
  readonly name: string;
  readonly shapes: readonly number[][];
  /** Fused kernels that must be hidden for @smol/ops to compose. */
  readonly kernels: readonly string[];
  /** Makes what does not change from call to call, on the current engine. */
  readonly make: () => (...inputs: tf.Tensor[]) => tf.Tensor;
}

const [TIME, WIDTH, HIDDEN, VOCABULARY] = [1024, 576, 1536, 8192];
const HEADS = [1, TIME, 9, 64];
const GROUPS = [1, TIME, 3, 64];

/** Fused ops on the sizes of a 135M model's layer. */
const OPS: readonly Op[] = [
  {
    name: 'rmsNorm',
    shapes: [[TIME, WIDTH], [WIDTH]],
    kernels: ['SmolRmsNorm'],
    make: () => (x, gain) => ops.rmsNorm(x, gain, 1e-5),
  },
  {
    name: 'rope',
    shapes: [HEADS],
    kernels: ['SmolRope'],
    make() {
      const table = ops.ropeTable({ length: TIME, headDimension: 64, theta: 10_000 });
      return (x) => ops.rope(x as tf.Tensor4D, table);
    },
  },
  {
    name: 'swiglu',
    shapes: [
      [TIME, HIDDEN],
      [TIME, HIDDEN],
    ],
    kernels: ['SmolSwiglu'],
    make: () => (gate, up) => ops.swiglu(gate, up),
  },
  {
    name: 'attention',
    shapes: [HEADS, GROUPS, GROUPS],
    kernels: ['SmolAttention'],
    make: () => (q, k, v) => ops.attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D).output_BTHK,
  },
  {
    name: 'crossEntropy',
    shapes: [[TIME, VOCABULARY]],
    kernels: ['SmolCrossEntropy'],
    make() {
      const targets = tf.range(0, TIME, 1, 'int32');
      return (logits) => ops.crossEntropy(logits, targets);
    },
  },
];

/** Milliseconds of forward and backward; one number is read in the end, for engines that only then compute. */
function time({ shapes, make }: Op, runs: number): number {
  return tf.tidy(() => {
    const inputs = shapes.map((shape, seed) => tf.randomNormal(shape, 0, 1, 'float32', seed + 1));
    const run = make();
    const dy = tf.onesLike(run(...inputs));
    const gradients = tf.grads(run);
    const once = () => tf.tidy(() => void tf.slice(tf.reshape(gradients(inputs, dy)[0], [-1]), 0, 1).dataSync());
    return median(once, runs);
  });
}

/** The same with the fused kernels out of sight. */
function timeComposed(op: Op): number {
  const backendName = tf.getBackend();
  const hidden = op.kernels.map((name) => tf.getKernel(name, backendName));
  for (const name of op.kernels) tf.unregisterKernel(name, backendName);
  try {
    return time(op, 3);
  } finally {
    for (const kernel of hidden) tf.registerKernel(kernel);
  }
}

/** Every fused op against its composition on the same engine, and against PyTorch. */
export async function opRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const runners = (await contestants([2])).filter(({ precision }) => precision === 'f32');
  for (const op of OPS) {
    const pytorch = askPytorch({ kind: 'op', op: op.name, shapes: op.shapes, threads: 2 })?.ms;
    for (const contestant of runners) {
      await enter(contestant);
      const ours = time(op, 9);
      const about = ['op', `${op.name} [${op.shapes[0]}], ${nameOf(contestant)}`, 'ms'] as const;
      rows.push(row(about, ours, 'composition', timeComposed(op), 'less'));
      rows.push(row(about, ours, 'pytorch', pytorch, 'less'));
    }
  }
  return rows;
}
