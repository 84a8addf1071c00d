/** Legend: R rows, S ids of a row that its target names, V vocabulary; z logits, q = softmax(z), p what the target says. */
import * as tf from '@tensorflow/tfjs-core';
import type { HardTargets, RowTargets } from './row-targets.ts';
import type { SoftTargets, SparseTargets } from './teacher-targets.ts';

/** What a loss has to see of logits, whether they exist as a tensor or only as a product. */
export interface LogitView {
  vocabulary: number;
  logSumExp_R1: tf.Tensor;
  /** z at the ids `[R, S]` of every row. */
  at(ids_RS: tf.Tensor): tf.Tensor;
  /** Σ p·z of every row, `[R, 1]`. */
  mean(probabilities_RV: tf.Tensor2D): tf.Tensor;
}

/** The part of a loss's gradient that is not a multiple of softmax: few entries a row, or −p. */
export type Correction =
  | { ids_RS: tf.Tensor2D; values_RS: tf.Tensor }
  | { ids_RS?: undefined; probabilities_RV: tf.Tensor2D };

/** Losses of rows, and their gradient with respect to z: coefficient·q + correction. */
export interface RowTerms {
  loss_R1: tf.Tensor;
  coefficient_R1: tf.Tensor;
  correction: Correction;
}

/** Below this, 1 − Σ in f32 is rounding error. */
const SMALLEST_REST = 1e-7;

/** 1 where the target counts, 0 where it is ignored. */
export function countedRows(targets_N: tf.Tensor, ignoreIndex: number): tf.Tensor1D {
  return tf.cast(tf.notEqual(targets_N, tf.scalar(ignoreIndex, 'int32')), 'float32') as tf.Tensor1D;
}

/** 1 where the target is in the vocabulary, 0 elsewhere. */
function inVocabulary(targets: tf.Tensor, vocabulary: number): tf.Tensor {
  const int = (value: number) => tf.scalar(value, 'int32');
  return tf.cast(tf.logicalAnd(tf.greaterEqual(targets, int(0)), tf.less(targets, int(vocabulary))), 'int32');
}

/** logSumExp − z[target], 0 where ignored; NaN for other ids outside the vocabulary: a wrong target must not pass for a loss. */
function hardTerms({ targets_N, ignoreIndex }: HardTargets, view: LogitView): RowTerms {
  const targets_R1: tf.Tensor2D = tf.reshape(targets_N, [-1, 1]);
  const valid_R1 = inVocabulary(targets_R1, view.vocabulary);
  const ids_RS: tf.Tensor2D = tf.mul(targets_R1, valid_R1);
  const isCounted_R1 = countedRows(targets_R1, ignoreIndex);
  const isKnown_R1 = tf.maximum(tf.cast(valid_R1, 'float32'), tf.sub(1, isCounted_R1));
  const counted_R1 = tf.mul(isCounted_R1, tf.div(isKnown_R1, isKnown_R1));
  return {
    loss_R1: tf.mul(tf.sub(view.logSumExp_R1, view.at(ids_RS)), counted_R1),
    coefficient_R1: counted_R1,
    correction: { ids_RS, values_RS: tf.neg(counted_R1) },
  };
}

/** −Σ p·log q = logSumExp·Σp − Σ p·z, with gradient q·Σp − p. */
function softTerms({ probabilities_NV }: SoftTargets, view: LogitView): RowTerms {
  const mass_R1 = tf.sum(probabilities_NV, 1, true);
  return {
    loss_R1: tf.sub(tf.mul(view.logSumExp_R1, mass_R1), view.mean(probabilities_NV)),
    coefficient_R1: mass_R1,
    correction: { probabilities_RV: probabilities_NV },
  };
}

/** 1 − Σ of every row, `[R, 1]`. */
function restOf(kept_RS: tf.Tensor): tf.Tensor {
  return tf.maximum(tf.sub(1, tf.sum(kept_RS, 1, true)), SMALLEST_REST);
}

/**
 * −Σ over kept ids of p·log q − p_rest·log q_rest with p_rest = 1 − Σp and q_rest = 1 − Σq.
 * Gradient: q − p at kept ids, q·(1 − p_rest/q_rest) at all others.
 */
function sparseTerms({ ids_NS, logProbabilities_NS }: SparseTargets, view: LogitView): RowTerms {
  const logQ_RS = tf.sub(view.at(ids_NS), view.logSumExp_R1);
  const [p_RS, q_RS] = [tf.exp(logProbabilities_NS), tf.exp(logQ_RS)];
  const [pRest_R1, qRest_R1] = [restOf(p_RS), restOf(q_RS)];
  const ratio_R1 = tf.div(pRest_R1, qRest_R1);
  const keptTerm_R1 = tf.sum(tf.mul(p_RS, logQ_RS), 1, true);
  return {
    loss_R1: tf.neg(tf.add(keptTerm_R1, tf.mul(pRest_R1, tf.log(qRest_R1)))),
    coefficient_R1: tf.sub(1, ratio_R1),
    correction: { ids_RS: ids_NS, values_RS: tf.sub(tf.mul(q_RS, ratio_R1), p_RS) },
  };
}

/** Adds zLoss·logSumExp² to the rows that count. */
function withZLoss(terms: RowTerms, counted_R1: tf.Tensor, logSumExp_R1: tf.Tensor, zLoss: number): RowTerms {
  if (zLoss === 0) return terms;
  const weight_R1 = tf.mul(counted_R1, zLoss);
  return {
    ...terms,
    loss_R1: tf.add(terms.loss_R1, tf.mul(tf.square(logSumExp_R1), weight_R1)),
    coefficient_R1: tf.add(terms.coefficient_R1, tf.mul(logSumExp_R1, tf.mul(weight_R1, 2))),
  };
}

/** Losses of rows under their targets and how they depend on the logits. */
export function rowTerms(targets: RowTargets, zLoss: number, view: LogitView): RowTerms {
  if ('targets_N' in targets) {
    const terms = hardTerms(targets, view);
    return withZLoss(terms, terms.coefficient_R1, view.logSumExp_R1, zLoss);
  }
  const terms = 'ids_NS' in targets ? sparseTerms(targets, view) : softTerms(targets, view);
  return withZLoss(terms, tf.scalar(1), view.logSumExp_R1, zLoss);
}
