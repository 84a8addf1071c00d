/** Legend: N rows, R rows of one chunk, S ids a teacher kept, V vocabulary. */
import * as tf from '@tensorflow/tfjs-core';
import { checkShape } from './ops-error.ts';

/** A teacher's whole distribution of every row. */
export interface SoftTargets {
  /** float32 `[N, V]`; each row sums to 1. */
  probabilities_NV: tf.Tensor2D;
}

/** What is left of a teacher that was cached: its likeliest ids. All others count together, as one bucket. */
export interface SparseTargets {
  /** int32 `[N, S]`, each in [0, V), no id twice in a row. */
  ids_NS: tf.Tensor2D;
  /** float32 `[N, S]`, natural logarithms of the teacher's probabilities of these ids. */
  logProbabilities_NS: tf.Tensor2D;
}

/** Targets that are distributions instead of ids. */
export type TeacherTargets = SoftTargets | SparseTargets;

/** Losses `[R]` and their gradients with respect to the logits `[R, V]`. */
type LossAndPull = [loss_R: tf.Tensor1D, dlogits_RV: tf.Tensor2D];

/** Below this, 1 − Σ in f32 is rounding error. */
const SMALLEST_REST = 1e-7;

/** Whether these targets are distributions. */
export function isTeacher(targets: tf.Tensor | TeacherTargets): targets is TeacherTargets {
  return !(targets instanceof tf.Tensor);
}

/** The tensors of the targets, in a fixed order. */
export function teacherTensors(targets: TeacherTargets): tf.Tensor2D[] {
  return 'ids_NS' in targets ? [targets.ids_NS, targets.logProbabilities_NS] : [targets.probabilities_NV];
}

/** The inverse of {@link teacherTensors}. */
export function teacherOf([first, second]: readonly tf.Tensor[]): TeacherTargets {
  if (second === undefined) return { probabilities_NV: first as tf.Tensor2D };
  return { ids_NS: first as tf.Tensor2D, logProbabilities_NS: second as tf.Tensor2D };
}

/** Throws `SHAPE_MISMATCH` unless the targets fit `rows` rows over a vocabulary. */
export function checkTeacher(op: string, targets: TeacherTargets, rows: number, vocabulary: number): void {
  const [first, second] = teacherTensors(targets);
  const shapes = `${first.dtype} [${first.shape}]${second ? ` and ${second.dtype} [${second.shape}]` : ''}`;
  const fits =
    second === undefined
      ? first.shape.join() === `${rows},${vocabulary}` && first.dtype === 'float32'
      : first.rank === 2 &&
        first.shape[0] === rows &&
        first.dtype === 'int32' &&
        second.shape.join() === first.shape.join();
  checkShape(
    fits,
    () =>
      `${op}: teacher targets must be probabilities float32 [${rows}, ${vocabulary}] or ids int32 [${rows}, S] with ` +
      `logProbabilities [${rows}, S], got ${shapes}`,
  );
}

/** −Σ p·log q = logSumExp·Σp − Σ p·z, with gradient q·Σp − p. */
function softLoss(logits_RV: tf.Tensor2D, logSumExp_R1: tf.Tensor, q_RV: tf.Tensor, p_RV: tf.Tensor): LossAndPull {
  const mass_R1 = tf.sum(p_RV, 1, true);
  const loss_R1 = tf.sub(tf.mul(logSumExp_R1, mass_R1), tf.sum(tf.mul(p_RV, logits_RV), 1, true));
  return [tf.squeeze(loss_R1, [1]), tf.sub(tf.mul(q_RV, mass_R1), p_RV)];
}

/** Where the kept ids of every row lie in the flattened `[R, V]`. */
function flatPositions(ids_RS: tf.Tensor2D, vocabulary: number): tf.Tensor1D {
  const [rows] = ids_RS.shape;
  const start_R1 = tf.reshape(tf.range(0, rows * vocabulary, vocabulary, 'int32'), [rows, 1]);
  return tf.reshape(tf.add(ids_RS, start_R1), [-1]);
}

/** 1 − Σ of every row, `[R, 1]`. */
function restOf(kept_RS: tf.Tensor): tf.Tensor {
  return tf.maximum(tf.sub(1, tf.sum(kept_RS, 1, true)), SMALLEST_REST);
}

/**
 * −Σ over kept ids of p·log q − p_rest·log q_rest with p_rest = 1 − Σp and q_rest = 1 − Σq.
 * Gradient: q − p at kept ids, q·(1 − p_rest/q_rest) at all others.
 */
function sparseLoss(
  logits_RV: tf.Tensor2D,
  logSumExp_R1: tf.Tensor,
  q_RV: tf.Tensor,
  kept: SparseTargets,
): LossAndPull {
  const [rows, vocabulary] = logits_RV.shape;
  const { ids_NS: ids_RS, logProbabilities_NS } = kept;
  const positions = flatPositions(ids_RS, vocabulary);
  const logits_RS = tf.reshape(tf.gather(tf.reshape(logits_RV, [-1]), positions), ids_RS.shape);
  const logQ_RS = tf.sub(logits_RS, logSumExp_R1);
  const [p_RS, q_RS] = [tf.exp(logProbabilities_NS), tf.exp(logQ_RS)];
  const [pRest_R1, qRest_R1] = [restOf(p_RS), restOf(q_RS)];
  const ratio_R1 = tf.div(pRest_R1, qRest_R1);
  const keptTerm_R1 = tf.sum(tf.mul(p_RS, logQ_RS), 1, true);
  const loss_R1 = tf.neg(tf.add(keptTerm_R1, tf.mul(pRest_R1, tf.log(qRest_R1))));
  const correction = tf.reshape(tf.sub(tf.mul(q_RS, ratio_R1), p_RS), [-1]);
  const scattered = tf.scatterND(tf.reshape(positions, [-1, 1]), correction, [rows * vocabulary]);
  const dlogits_RV = tf.add(tf.mul(q_RV, tf.sub(1, ratio_R1)), tf.reshape(scattered, [rows, vocabulary]));
  return [tf.squeeze(loss_R1, [1]), dlogits_RV as tf.Tensor2D];
}

/** Cross-entropy of a teacher under softmax(logits), plus zLoss·logSumExp², with its gradient. */
export function teacherLossAndPull(logits_RV: tf.Tensor2D, targets: TeacherTargets, zLoss: number): LossAndPull {
  const logSumExp_R1: tf.Tensor2D = tf.logSumExp(logits_RV, 1, true);
  const q_RV = tf.exp(tf.sub(logits_RV, logSumExp_R1));
  const [loss_R, dlogits_RV] =
    'ids_NS' in targets
      ? sparseLoss(logits_RV, logSumExp_R1, q_RV, targets)
      : softLoss(logits_RV, logSumExp_R1, q_RV, targets.probabilities_NV);
  if (zLoss === 0) return [loss_R, dlogits_RV];
  const z_R = tf.mul(tf.square(tf.squeeze(logSumExp_R1, [1])), zLoss);
  return [tf.add(loss_R, z_R), tf.add(dlogits_RV, tf.mul(q_RV, tf.mul(logSumExp_R1, 2 * zLoss)))];
}
