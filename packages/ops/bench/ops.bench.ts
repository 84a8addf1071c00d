/** What this package adds to tfjs, on tfjs's own 'cpu' backend: the same gradients in less time and memory. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { peakBytes } from '../src/fixtures/live-bytes.ts';
import { adamwUpdate, crossEntropy, embedding, linearCrossEntropy } from '../src/index.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const ROUNDS = 3;
const [VOCABULARY, WIDTH, ROWS] = [2048, 32, 256];

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Median milliseconds, after one round to warm up. */
function time(run: () => tf.Tensor[]): number {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => {
    const started = performance.now();
    tf.dispose(run());
    return performance.now() - started;
  });
  return median(rounds.slice(1));
}

function row(name: string, ours: number, unit: string, peerValue: number): BenchRow {
  return { bench: 'ops', case: name, ours, unit, peer: '@tensorflow/tfjs-core', peerValue, ratio: peerValue / ours };
}

function benchEmbedding(): BenchRow {
  const table_VD = tf.randomNormal([VOCABULARY, WIDTH]);
  const ids_N = tf.tensor1d(
    Array.from({ length: ROWS }, (_, index) => (index * 7919) % VOCABULARY),
    'int32',
  );
  // The peer comes first: using our embedding replaces the slow kernel for everyone.
  const theirs = time(() => [tf.grad((table) => tf.sum(tf.gather(table, ids_N)))(table_VD)]);
  const ours = time(() => [tf.grad((table) => tf.sum(embedding(table, ids_N)))(table_VD)]);
  return row(`embedding gradient, ${ROWS} ids of ${VOCABULARY}`, ours, 'ms', theirs);
}

function benchHead(): BenchRow[] {
  const hidden_ND = tf.randomNormal([ROWS, WIDTH]);
  const weight_VD = tf.randomNormal([VOCABULARY, WIDTH]);
  const targets_N = tf.tensor1d(
    Array.from({ length: ROWS }, (_, index) => (index * 7919) % VOCABULARY),
    'int32',
  );
  const inputs = [hidden_ND, weight_VD];
  const theirs = () =>
    tf.grads((hidden, weight) => {
      const logits_NV = tf.matMul(hidden as tf.Tensor2D, weight as tf.Tensor2D, false, true);
      return tf.losses.softmaxCrossEntropy(tf.oneHot(targets_N, VOCABULARY), logits_NV);
    })(inputs);
  const ours = () =>
    tf.grads((hidden, weight) => linearCrossEntropy(hidden, weight, targets_N, { chunkRows: 32 }))(inputs);
  return [
    row('head + cross-entropy with gradients', time(ours), 'ms', time(theirs)),
    row('head + cross-entropy, peak memory', peakBytes(ours) / 2 ** 20, 'MiB', peakBytes(theirs) / 2 ** 20),
  ];
}

function benchLoss(): BenchRow[] {
  const logits_NV: tf.Tensor2D = tf.randomNormal([ROWS, VOCABULARY]);
  const targets_N = tf.range(0, ROWS, 1, 'int32');
  const ours = () => [tf.grad((z) => crossEntropy(z, targets_N))(logits_NV)];
  const theirs = () => [
    tf.grad((z) => tf.losses.softmaxCrossEntropy(tf.oneHot(targets_N, VOCABULARY), z as tf.Tensor2D))(logits_NV),
  ];
  return [
    row('cross-entropy with gradient', time(ours), 'ms', time(theirs)),
    row('cross-entropy, peak memory', peakBytes(ours) / 2 ** 20, 'MiB', peakBytes(theirs) / 2 ** 20),
  ];
}

/** A step of forty small parameters and one large, against tf.train.adam. */
function benchOptimizer(): BenchRow {
  const shapes = [...Array.from({ length: 40 }, () => [64]), [512, 64]];
  const numbers = {
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0,
    correction1: 0.1,
    correction2: 0.05,
  };
  const items = shapes.map((shape) => {
    const [parameter, m, v] = [1, 0, 0].map((value) => tf.tidy(() => tf.variable(tf.fill(shape, value))));
    return { parameter, m, v, gradient: tf.randomNormal(shape) };
  });
  const adam = tf.train.adam(1e-3, 0.9, 0.95);
  const gradients = items.map(({ parameter, gradient }) => ({ name: parameter.name, tensor: gradient }));
  const theirs = time(() => (adam.applyGradients(gradients), []));
  const ours = time(() => (adamwUpdate(items, numbers), []));
  return row(`AdamW, ${shapes.length} parameters`, ours, 'ms', theirs);
}

/** All rows; takes a few seconds. */
export async function bench(): Promise<BenchRow[]> {
  await tf.setBackend('cpu');
  return [benchEmbedding(), ...benchHead(), ...benchLoss(), benchOptimizer()];
}
