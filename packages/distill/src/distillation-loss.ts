import { crossEntropy } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { checkRange, checkShape } from './distill-error.ts';
import { klDivergence } from './divergence.ts';
import type { DivergenceKind } from './divergence-term.ts';
import { sampledCrossEntropy, type SampledTargets } from './sampled.ts';
import { topKDivergence, type MissingMass, type TopKTargets } from './top-k.ts';

// N rows, V vocabulary, K ids kept of each row.

/** What is known of the teacher: all of its logits, its most likely ids, or ids that were sampled from it. */
export type Teacher = { teacherLogits_NV: tf.Tensor2D } | TopKTargets | SampledTargets;

/** Options of {@link distillationLoss}. */
export interface DistillationOptions {
  /** T > 1 softens both distributions; default 1, best for pretraining (Apple, arXiv 2502.08606) */
  temperature?: number;
  /** share of the teacher in [0, 1], the rest is the plain cross-entropy; default 0.5 */
  alpha?: number;
  /** rows with this target count for nothing; default −100 */
  ignoreIndex?: number;
  /** how whole distributions are compared; what a cache kept knows the forward KL only. Default `forward` */
  divergence?: DivergenceKind;
  /** for a top-k teacher, default `rest-bucket` */
  missing?: MissingMass;
}

/**
 * Knowledge distillation on logits: α·T²·KL(p_T ‖ q_T) + (1 − α)·CE(y, q), both means over the rows that count. T² keeps
 * the gradient's size: the first term's gradient is α·T·(q_T − p_T) per row.
 *
 * Source: Hinton, Vinyals and Dean 2015, arXiv 1503.02531; forward KL as in arcee-ai/DistillKit.
 *
 * @param studentLogits_NV [N, V]
 * @param teacher logits of the same shape, top-k targets, or sampled targets (then the first term is a cross-entropy,
 * which is the KL but for a constant); gets no gradient
 * @param targets_N int32 [N]
 * @returns scalar, in nats
 * @throws DistillError `SHAPE_MISMATCH`, `BAD_OPTION`
 */
export function distillationLoss(
  studentLogits_NV: tf.Tensor2D,
  teacher: Teacher,
  targets_N: tf.Tensor1D,
  {
    temperature = 1,
    alpha = 0.5,
    ignoreIndex = -100,
    divergence = 'forward',
    missing = 'rest-bucket',
  }: DistillationOptions = {},
): tf.Scalar {
  checkRange('temperature', temperature, Number.MIN_VALUE, Number.MAX_VALUE);
  checkRange('alpha', alpha, 0, 1);
  checkShape(
    targets_N.rank === 1 && targets_N.dtype === 'int32' && targets_N.shape[0] === studentLogits_NV.shape[0],
    () =>
      `distillationLoss needs int32 targets [${studentLogits_NV.shape[0]}], got ${targets_N.dtype} [${targets_N.shape}]`,
  );
  const rowLosses = () => {
    if ('teacherLogits_NV' in teacher)
      return klDivergence(studentLogits_NV, teacher.teacherLogits_NV, temperature, divergence);
    if ('weights_NK' in teacher) return sampledCrossEntropy(studentLogits_NV, teacher, temperature);
    return topKDivergence(studentLogits_NV, teacher, temperature, missing);
  };
  return tf.tidy(() => {
    const hard = () => crossEntropy(studentLogits_NV, targets_N, { ignoreIndex }) as tf.Scalar;
    if (alpha === 0) return hard();
    const soft = tf.mul(meanOfCounted(rowLosses(), targets_N, ignoreIndex), alpha * temperature ** 2) as tf.Scalar;
    return alpha === 1 ? soft : tf.add(soft, tf.mul(hard(), 1 - alpha));
  });
}

function meanOfCounted(loss_N: tf.Tensor1D, targets_N: tf.Tensor1D, ignoreIndex: number): tf.Scalar {
  const counted_N = tf.cast(tf.notEqual(targets_N, tf.scalar(ignoreIndex, 'int32')), 'float32');
  return tf.div(tf.sum(tf.mul(loss_N, counted_N)), tf.maximum(tf.sum(counted_N), 1));
}
