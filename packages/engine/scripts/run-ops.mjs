// node scripts/run-ops.mjs ENGINE: reads cases as JSON from stdin, runs each op forward and backward, prints values as JSON.
// What scripts/oracle.py holds against PyTorch. Exit code 3: this machine lacks the engine.
import { readFileSync } from 'node:fs';
import { useEngine } from '@smol/engine';
import * as ops from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';

const int32 = (value) => tf.tensor(value, undefined, 'int32');

/** A teacher's targets, given as plain arrays. */
function targetsOf({ targets, probabilities, ids, logProbabilities }) {
  if (targets) return int32(targets);
  if (probabilities) return { probabilities_NV: tf.tensor2d(probabilities) };
  return { ids_NS: int32(ids), logProbabilities_NS: tf.tensor2d(logProbabilities) };
}

const OPS = {
  linear: (x, weight) => ops.linear(x, weight),
  embedding: (weight, options) => ops.embedding(weight, int32(options.ids)),
  rmsNorm: (x, gain, { epsilon }) => ops.rmsNorm(x, gain, epsilon),
  rope: (x, { theta }) => ops.rope(x, ops.ropeTable({ length: x.shape[1], headDimension: x.shape[3], theta })),
  swiglu: (gate, up) => ops.swiglu(gate, up),
  relu2: (x) => ops.relu2(x),
  attention: (q, k, v, { segments, ...options }) =>
    ops.attention(q, k, v, { ...options, ...(segments ? { segmentIds_BT: int32(segments) } : {}) }).output_BTHK,
  crossEntropy: (logits, options) => ops.crossEntropy(logits, targetsOf(options), options),
  linearCrossEntropy: (hidden, weight, options) => ops.linearCrossEntropy(hidden, weight, targetsOf(options), options),
  adamwStep: (parameter, m, v, gradient, options) => {
    const next = ops.adamwStep({ parameter, m, v, gradient }, options);
    return tf.stack([next.parameter, next.m, next.v]);
  },
  globalNorm: (...rest) => ops.globalNorm(rest.slice(0, -1)),
  newtonSchulz: (x) => ops.newtonSchulz(x),
  matMul: (a, b, { transposeA, transposeB }) => tf.matMul(a, b, transposeA, transposeB),
};

function run({ op, inputs, options, dy }) {
  return tf.tidy(() => {
    const tensors = inputs.map(({ shape, values }) => tf.tensor(values, shape, 'float32'));
    const call = (...xs) => OPS[op](...xs, options);
    const value = Array.from(call(...tensors).dataSync());
    if (!dy) return { value, gradients: [] };
    const gradients = tf.grads(call)(tensors, tf.tensor(dy.values, dy.shape, 'float32'));
    return { value, gradients: gradients.map((gradient) => Array.from(gradient.dataSync())) };
  });
}

try {
  await useEngine(process.argv[2], { threads: 2 });
} catch (error) {
  if (error.code !== 'ENGINE_UNAVAILABLE') throw error;
  console.error(error.message);
  process.exit(3);
}
const cases = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(cases.map(run)));
