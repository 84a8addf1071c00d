import * as tf from '@tensorflow/tfjs-core';

// N rows, V vocabulary; p the teacher's distribution, q the student's.

/**
 * Which way two distributions are compared: `forward` KL(p ‖ q) covers all that the teacher holds possible, `reverse`
 * KL(q ‖ p) keeps to what it holds likely, `jensen-shannon` ½ KL(p ‖ m) + ½ KL(q ‖ m) with m = (p + q) / 2 lies between.
 */
export type DivergenceKind = 'forward' | 'reverse' | 'jensen-shannon';

/** All of them. */
export const DIVERGENCE_KINDS: readonly DivergenceKind[] = ['forward', 'reverse', 'jensen-shannon'];

/** A divergence of each row and its gradient with respect to the logits: factor · q + dense. */
export interface DivergenceTerm {
  loss_N: tf.Tensor1D;
  /** [N, 1] */
  factor_N1: tf.Tensor;
  /** [N, V] */
  dense_NV: tf.Tensor2D;
}

/** Σ q·g of each row and its pull on the logits, q·g − q·Σ q·g. */
function meanUnderStudent(q_NV: tf.Tensor, g_NV: tf.Tensor): { mean_N1: tf.Tensor; dense_NV: tf.Tensor2D } {
  const dense_NV: tf.Tensor2D = tf.mul(q_NV, g_NV);
  return { mean_N1: tf.sum(dense_NV, 1, true), dense_NV };
}

function forward(logQ_NV: tf.Tensor2D, logP_NV: tf.Tensor2D): DivergenceTerm {
  const p_NV = tf.exp(logP_NV);
  return {
    loss_N: tf.sum(tf.mul(p_NV, tf.sub(logP_NV, logQ_NV)), 1),
    factor_N1: tf.ones([logQ_NV.shape[0], 1]),
    dense_NV: tf.neg(p_NV),
  };
}

function reverse(logQ_NV: tf.Tensor2D, logP_NV: tf.Tensor2D): DivergenceTerm {
  const { mean_N1, dense_NV } = meanUnderStudent(tf.exp(logQ_NV), tf.sub(logQ_NV, logP_NV));
  return { loss_N: tf.squeeze(mean_N1, [1]), factor_N1: tf.neg(mean_N1), dense_NV };
}

function jensenShannon(logQ_NV: tf.Tensor2D, logP_NV: tf.Tensor2D): DivergenceTerm {
  const [p_NV, q_NV] = [tf.exp(logP_NV), tf.exp(logQ_NV)];
  // Where both are 0 in f32, ln m is that of the smallest number, and counts for nothing.
  const logM_NV = tf.log(tf.maximum(tf.mul(tf.add(p_NV, q_NV), 0.5), 1e-37));
  const { mean_N1, dense_NV } = meanUnderStudent(q_NV, tf.mul(tf.sub(logQ_NV, logM_NV), 0.5));
  const fromTeacher_N1 = tf.mul(tf.sum(tf.mul(p_NV, tf.sub(logP_NV, logM_NV)), 1, true), 0.5);
  return { loss_N: tf.squeeze(tf.add(fromTeacher_N1, mean_N1), [1]), factor_N1: tf.neg(mean_N1), dense_NV };
}

/** A divergence from log-probabilities [N, V] of student and teacher, outside of any gradient. */
export function divergenceTerm(kind: DivergenceKind, logQ_NV: tf.Tensor2D, logP_NV: tf.Tensor2D): DivergenceTerm {
  return { forward, reverse, 'jensen-shannon': jensenShannon }[kind](logQ_NV, logP_NV);
}
