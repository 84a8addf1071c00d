/** Legend: R rows, E teacher's width, V vocabulary, K ids kept of each row; p the teacher's distribution, q the student's. */
import * as tf from '@tensorflow/tfjs-core';
import { divergenceTerm, type DivergenceKind } from './divergence-term.ts';
import { temper } from './divergence.ts';
import { distributionRows, idRows, keptRows, smallestRest, type RowPull } from './row-pull.ts';
import type { SampledTargets } from './sampled.ts';
import type { TopKTargets } from './top-k.ts';

/** A teacher that is asked as it goes: its hidden states and output head. Its logits exist for one chunk at a time. */
export interface HiddenTeacher {
  /** [N, E] */
  teacherHidden_NE: tf.Tensor2D;
  /** [V, E] */
  teacherHeadWeight_VE: tf.Tensor2D;
}

/** A teacher of `linearDistillationLoss`: what a cache kept of it, or itself. */
export type ChunkedTeacher = TopKTargets | SampledTargets | HiddenTeacher;

/** How hard and soft loss are mixed. */
export interface Mixture {
  temperature: number;
  alpha: number;
  divergence: DivergenceKind;
}

/** Some rows: logits, the ids that came, what each counts in the mean. */
export interface MixedInputs {
  logits_RV: tf.Tensor2D;
  targets_R: tf.Tensor1D;
  weights_R: tf.Tensor1D;
}

/** Losses of rows, and the gradient of Σ weights·((1 − α)·hard + α·T²·soft) with respect to the logits. */
export interface MixedRows {
  hard_R: tf.Tensor1D;
  soft_R: tf.Tensor1D;
  dlogits_RV: tf.Tensor2D;
}

/** Hard loss beside a soft one, whose pull it joins. */
function mix(soft: RowPull, inputs: MixedInputs, { temperature, alpha }: Mixture): Omit<MixedRows, 'soft_R'> {
  const { logits_RV, targets_R, weights_R } = inputs;
  const hard = idRows(logits_RV, targets_R, temperature === 1 ? soft.logSumExp_R1 : undefined);
  // T² of the loss and 1 / T of the logits.
  const pull = (rows: RowPull, share: number) => tf.tidy(() => rows.pull(tf.mul(weights_R, share) as tf.Tensor1D));
  const soft_RV = pull(soft, alpha * temperature);
  const dlogits_RV: tf.Tensor2D = alpha === 1 ? soft_RV : tf.tidy(() => tf.add(soft_RV, pull(hard, 1 - alpha)));
  return { hard_R: hard.loss_R, dlogits_RV };
}

/** Entropy of what was kept, with the rest as one more id. */
function entropyOf(logP_RK: tf.Tensor2D): tf.Tensor1D {
  const p_RK = tf.exp(logP_RK);
  const rest_R = tf.maximum(tf.sub(1, tf.sum(p_RK, 1)), smallestRest);
  return tf.neg(tf.add(tf.sum(tf.mul(p_RK, logP_RK), 1), tf.mul(rest_R, tf.log(rest_R))));
}

/** Ids that were kept. Weights of sampled ones sum to 1: they leave no rest. */
function cachedRows(inputs: MixedInputs, kept: TopKTargets | SampledTargets, mixture: Mixture): MixedRows {
  const isSampled = 'weights_NK' in kept;
  const logP_RK: tf.Tensor2D = isSampled ? tf.log(tf.maximum(kept.weights_NK, 1e-37)) : kept.logProbabilities_NK;
  const soft = keptRows(temper(inputs.logits_RV, mixture.temperature), kept.ids_NK, logP_RK);
  const soft_R: tf.Tensor1D = isSampled ? soft.loss_R : tf.sub(soft.loss_R, entropyOf(logP_RK));
  return { ...mix(soft, inputs, mixture), soft_R };
}

/** Forward KL: its gradient is that of a cross-entropy under p. */
function forwardRows(inputs: MixedInputs, teacher_RV: tf.Tensor2D, mixture: Mixture): MixedRows {
  const { temperature } = mixture;
  const tempered_RV = temper(teacher_RV, temperature);
  const p_RV: tf.Tensor2D = tf.exp(tf.sub(tempered_RV, idRows(tempered_RV, inputs.targets_R).logSumExp_R1));
  const soft = distributionRows(temper(inputs.logits_RV, temperature), p_RV);
  const entropy_R = distributionRows(tempered_RV, p_RV).loss_R;
  return { ...mix(soft, inputs, mixture), soft_R: tf.sub(soft.loss_R, entropy_R) };
}

/** Any other divergence. */
function divergentRows(inputs: MixedInputs, teacher_RV: tf.Tensor2D, mixture: Mixture): MixedRows {
  const { logits_RV, targets_R, weights_R } = inputs;
  const { temperature, alpha, divergence } = mixture;
  const logSoftmax = (x_RV: tf.Tensor2D): tf.Tensor2D => {
    const tempered_RV = temper(x_RV, temperature);
    return tf.sub(tempered_RV, tf.logSumExp(tempered_RV, 1, true));
  };
  const logQ_RV = logSoftmax(logits_RV);
  const { loss_N, factor_N1, dense_NV } = divergenceTerm(divergence, logQ_RV, logSoftmax(teacher_RV));
  const pull_RV = tf.add(tf.mul(tf.exp(logQ_RV), factor_N1), dense_NV);
  const soft_RV = tf.mul(pull_RV, tf.expandDims(tf.mul(weights_R, alpha * temperature), 1));
  const hard = idRows(logits_RV, targets_R);
  return {
    hard_R: hard.loss_R,
    soft_R: loss_N,
    dlogits_RV: tf.add(soft_RV, hard.pull(tf.mul(weights_R, 1 - alpha))),
  };
}

/** Hard and soft loss of some rows, and their gradient. Belongs to the surrounding tidy; not for the tape. */
export function mixedRows(inputs: MixedInputs, teacher: ChunkedTeacher, mixture: Mixture): MixedRows {
  if ('ids_NK' in teacher) return cachedRows(inputs, teacher, mixture);
  const teacher_RV: tf.Tensor2D = tf.matMul(teacher.teacherHidden_NE, teacher.teacherHeadWeight_VE, false, true);
  return (mixture.divergence === 'forward' ? forwardRows : divergentRows)(inputs, teacher_RV, mixture);
}
