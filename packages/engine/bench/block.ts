import { attention, linear, rmsNorm, rope, ropeTable, swiglu } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';

/** Sizes of the block: a small SmolLM3-like layer on 4 rows of 128 tokens. */
const [BATCH, TIME, WIDTH, HEADS, GROUPS, HEAD_DIMENSION, HIDDEN] = [4, 128, 192, 6, 2, 32, 512];

type Weights = Record<'q' | 'k' | 'v' | 'o' | 'gate' | 'up' | 'down', tf.Tensor2D>;

function block(x_BTD: tf.Tensor, gain_D: tf.Tensor1D, w: Weights, table: ReturnType<typeof ropeTable>): tf.Tensor {
  const split = (projected: tf.Tensor, heads: number) =>
    tf.reshape(projected, [BATCH, TIME, heads, HEAD_DIMENSION]) as tf.Tensor4D;
  const h = rmsNorm(x_BTD, gain_D, 1e-6);
  const q = rope(split(linear(h, w.q), HEADS), table);
  const k = rope(split(linear(h, w.k), GROUPS), table);
  const { output_BTHK } = attention(q, k, split(linear(h, w.v), GROUPS));
  const attended = linear(tf.reshape(output_BTHK, [BATCH, TIME, HEADS * HEAD_DIMENSION]), w.o);
  const residual = tf.add(x_BTD, attended);
  const g = rmsNorm(residual, gain_D, 1e-6);
  return tf.add(residual, linear(swiglu(linear(g, w.gate), linear(g, w.up)), w.down));
}

/** A function that runs forward and backward of one transformer block on the current backend once. */
export function blockStep(): () => void {
  const random = (rows: number, columns: number) => tf.randomNormal<tf.Rank.R2>([rows, columns], 0, 0.02, 'float32', 1);
  const inner = HEADS * HEAD_DIMENSION;
  const weights: Weights = {
    q: random(inner, WIDTH),
    k: random(GROUPS * HEAD_DIMENSION, WIDTH),
    v: random(GROUPS * HEAD_DIMENSION, WIDTH),
    o: random(WIDTH, inner),
    gate: random(HIDDEN, WIDTH),
    up: random(HIDDEN, WIDTH),
    down: random(WIDTH, HIDDEN),
  };
  const gain_D = tf.ones<tf.Rank.R1>([WIDTH]);
  const table = ropeTable({ length: TIME, headDimension: HEAD_DIMENSION, theta: 10_000 });
  const x_BTD = tf.randomNormal([BATCH, TIME, WIDTH], 0, 1, 'float32', 2);
  const names = Object.keys(weights) as (keyof Weights)[];
  const gradients = tf.grads((x: tf.Tensor, gain: tf.Tensor, ...rest: tf.Tensor[]) => {
    const given = Object.fromEntries(names.map((name, i) => [name, rest[i]])) as Weights;
    return tf.sum(tf.square(block(x, gain as tf.Tensor1D, given, table)));
  });
  return () =>
    tf.tidy(() => {
      const results = gradients([x_BTD, gain_D, ...names.map((name) => weights[name])]);
      results[0].dataSync();
    });
}
