/** Legend: B batch, T time, N rows B·T, D width, H query heads, G key heads, K head dimension, F feed-forward, V vocabulary. */
import * as ops from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';

/** A Llama-like model with a tied head, and the batch it is trained on; bench/peers.py builds the same in transformers. */
export interface StepModel {
  readonly name: string;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly groups: number;
  readonly hidden: number;
  readonly vocabulary: number;
  readonly batch: number;
  readonly time: number;
}

export const STEP_MODELS: readonly StepModel[] = [
  { name: '4x256', layers: 4, width: 256, heads: 4, groups: 2, hidden: 768, vocabulary: 4096, batch: 4, time: 256 },
  { name: '30M', layers: 12, width: 384, heads: 6, groups: 2, hidden: 1024, vocabulary: 24_576, batch: 2, time: 512 },
  {
    name: 'SmolLM2-135M',
    layers: 30,
    width: 576,
    heads: 9,
    groups: 3,
    hidden: 1536,
    vocabulary: 49_152,
    batch: 1,
    time: 2048,
  },
];

type Layer = Record<'norm1' | 'q' | 'k' | 'v' | 'o' | 'norm2' | 'gate' | 'up' | 'down', tf.Variable>;

const ADAMW = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  correction1: 0.1,
  correction2: 0.05,
};

const variable = (make: () => tf.Tensor) => tf.tidy(() => tf.variable(make()));
const matrix = (rows: number, columns: number) =>
  variable(() => tf.randomNormal([rows, columns], 0, 0.02, 'float32', rows + columns));
const ones = (length: number) => variable(() => tf.ones([length]));

function makeLayer({ width, heads, groups, hidden }: StepModel): Layer {
  const inner = (width / heads) * groups;
  return {
    norm1: ones(width),
    q: matrix(width, width),
    k: matrix(inner, width),
    v: matrix(inner, width),
    o: matrix(width, width),
    norm2: ones(width),
    gate: matrix(hidden, width),
    up: matrix(hidden, width),
    down: matrix(width, hidden),
  };
}

function block(x_ND: tf.Tensor2D, layer: Layer, table: ops.RopeTable, model: StepModel): tf.Tensor2D {
  const { batch, time, width, heads, groups } = model;
  const split = (y: tf.Tensor, count: number) => tf.reshape(y, [batch, time, count, width / heads]) as tf.Tensor4D;
  const h_ND = ops.rmsNorm(x_ND, layer.norm1, 1e-5);
  const q = ops.rope(split(ops.linear(h_ND, layer.q), heads), table);
  const k = ops.rope(split(ops.linear(h_ND, layer.k), groups), table);
  const { output_BTHK } = ops.attention(q, k, split(ops.linear(h_ND, layer.v), groups));
  const residual_ND = tf.add(x_ND, ops.linear(tf.reshape(output_BTHK, [batch * time, width]), layer.o));
  const g_ND = ops.rmsNorm(residual_ND, layer.norm2, 1e-5);
  const gated_NF = ops.swiglu(ops.linear(g_ND, layer.gate), ops.linear(g_ND, layer.up));
  return tf.add(residual_ND, ops.linear(gated_NF, layer.down)) as tf.Tensor2D;
}

/** One whole step: forward, backward, clip to norm 1, AdamW. Returns the loss; `parameters` counts numbers. */
export function trainer(model: StepModel): { step: () => number; parameters: number; dispose: () => void } {
  const { layers, width, heads, vocabulary, batch, time } = model;
  const table_VD = matrix(vocabulary, width);
  const blocks = Array.from({ length: layers }, () => makeLayer(model));
  const norm = ones(width);
  const rope = ops.ropeTable({ length: time, headDimension: width / heads, theta: 10_000 });
  const weights = [table_VD, norm, ...blocks.flatMap((layer) => Object.values(layer))];
  const moments = weights.map((weight) => [0, 1].map(() => variable(() => tf.zerosLike(weight))));
  const ids = Int32Array.from({ length: batch * time + 1 }, (_, index) => (index * 7919) % vocabulary);
  const inputs = tf.tensor2d(ids.subarray(0, -1), [batch, time], 'int32');
  const targets = tf.tensor1d(ids.subarray(1), 'int32');

  const loss = () => {
    const start_ND: tf.Tensor2D = tf.reshape(ops.embedding(table_VD, inputs), [batch * time, width]);
    const last_ND = blocks.reduce((x_ND, layer) => block(x_ND, layer, rope, model), start_ND);
    return ops.linearCrossEntropy(ops.rmsNorm(last_ND, norm, 1e-5), table_VD, targets);
  };
  const update = (gradients: tf.NamedTensorMap, scale: tf.Tensor) => {
    const items = weights.map((parameter, index) => {
      const [m, v] = moments[index];
      return { parameter, m, v, gradient: tf.mul(gradients[parameter.name], scale) };
    });
    ops.adamwUpdate(items, ADAMW);
  };
  const step = () =>
    tf.tidy(() => {
      const { value, grads } = ops.variableGradients(loss, weights);
      const scale = tf.minimum(tf.div(1, ops.globalNorm(Object.values(grads))), 1);
      update(grads, scale);
      return value.dataSync()[0];
    });
  const parameters = weights.reduce((sum, { size }) => sum + size, 0);
  const dispose = () => tf.dispose([...weights, ...moments.flat(), inputs, targets, rope.cos, rope.sin]);
  return { step, parameters, dispose };
}
