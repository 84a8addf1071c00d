/** Distillation losses with their own gradients, against the same formula left to tfjs's tape. */
import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { klDivergence, topKDivergence, topKTargets } from '../src/index.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const rounds = 5;
const [rows, vocabulary, kept] = [128, 8192, 32];

/** Median milliseconds of loss and gradient, after one round to warm up. */
function time(loss: (logits_NV: tf.Tensor2D) => tf.Tensor, logits_NV: tf.Tensor2D): number {
  const gradient = tf.grad((x) => tf.mean(loss(x as tf.Tensor2D)));
  const times = Array.from({ length: rounds + 1 }, () => {
    const started = performance.now();
    tf.tidy(() => void gradient(logits_NV));
    return performance.now() - started;
  });
  return times.slice(1).sort((a, b) => a - b)[Math.floor(rounds / 2)];
}

export async function bench(): Promise<BenchRow[]> {
  const engine = await useEngine('wasm');
  const student_NV = tf.randomNormal([rows, vocabulary]) as tf.Tensor2D;
  const teacher_NV = tf.randomNormal([rows, vocabulary]) as tf.Tensor2D;
  const plain = (x_NV: tf.Tensor2D) => {
    const logP_NV = tf.logSoftmax(teacher_NV);
    return tf.sum(tf.mul(tf.exp(logP_NV), tf.sub(logP_NV, tf.logSoftmax(x_NV))), 1);
  };
  const targets = topKTargets(teacher_NV, kept);
  const places = tf.reshape(
    tf.add(targets.ids_NK, tf.expandDims(tf.range(0, rows * vocabulary, vocabulary, 'int32'), 1)),
    [-1],
  );
  const plainTopK = (x_NV: tf.Tensor2D) => {
    const logQ_NK = tf.reshape(tf.gather(tf.reshape(tf.logSoftmax(x_NV), [-1]), places), [rows, kept]);
    const p_NK = tf.exp(targets.logProbabilities_NK);
    const [restP_N, restQ_N] = [p_NK, tf.exp(logQ_NK)].map((mass) => tf.sub(1, tf.sum(mass, 1)));
    const rest_N = tf.mul(restP_N, tf.sub(tf.log(restP_N), tf.log(restQ_N)));
    return tf.add(tf.sum(tf.mul(p_NK, tf.sub(targets.logProbabilities_NK, logQ_NK)), 1), rest_N);
  };
  const row = (name: string, ours: number, peerValue: number): BenchRow => ({
    bench: 'distill',
    case: `${name}, ${rows}×${vocabulary}, wasm`,
    ours,
    unit: 'ms',
    peer: 'tfjs tape',
    peerValue,
    ratio: peerValue / ours,
  });
  const results = [
    row(
      'KL and gradient',
      time((x_NV) => klDivergence(x_NV, teacher_NV), student_NV),
      time(plain, student_NV),
    ),
    row(
      `top-${kept} KL with rest bucket and gradient`,
      time((x_NV) => topKDivergence(x_NV, targets), student_NV),
      time(plainTopK, student_NV),
    ),
  ];
  engine.close();
  return results;
}
