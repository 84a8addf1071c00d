import * as tf from '@tensorflow/tfjs-core';
import { checkShape, DistillError } from './distill-error.ts';
import { DIVERGENCE_KINDS, divergenceTerm, type DivergenceKind } from './divergence-term.ts';

// N rows, V vocabulary.

/** A row-wise loss together with what its gradient needs. */
export interface Divergence {
  /** [N] */
  loss_N: tf.Tensor1D;
  /** [N, V]: the gradient with respect to the logits divided by the temperature */
  gradient_NV: tf.Tensor2D;
}

/**
 * Makes a differentiable loss of the student's logits z out of a function of z / T that knows its own gradient. Nothing
 * but the student gets a gradient.
 *
 * @param measure loss per row of the tempered logits, and its gradient
 * @returns [N]
 */
export function divergenceOf(
  studentLogits_NV: tf.Tensor2D,
  temperature: number,
  measure: (tempered_NV: tf.Tensor2D) => Divergence,
): tf.Tensor1D {
  const run = tf.customGrad((...args) => {
    const [logits_NV, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    const { loss_N, gradient_NV } = measure(temper(logits_NV, temperature));
    save([gradient_NV]);
    const gradFunc = (dy_N: tf.Tensor, saved: tf.Tensor[]) =>
      tf.mul(saved[0], tf.expandDims(tf.div(dy_N, temperature), 1));
    return { value: loss_N, gradFunc };
  });
  return run(studentLogits_NV) as tf.Tensor1D;
}

/** Logits / T. At T = 1, the common case, they are left as they are: a pass over [N, V] saved. */
export function temper(logits_NV: tf.Tensor2D, temperature: number): tf.Tensor2D {
  return temperature === 1 ? logits_NV : tf.div(logits_NV, temperature);
}

/** log softmax of each row, [N, V], outside of any gradient. */
export function logProbabilities(logits_NV: tf.Tensor2D): tf.Tensor2D {
  return tf.sub(logits_NV, tf.logSumExp(logits_NV, 1, true));
}

/**
 * KL(p ‖ q) of each row, with p = softmax(teacher / T) and q = softmax(student / T); or another divergence.
 *
 * @param studentLogits_NV [N, V]
 * @param teacherLogits_NV [N, V]; gets no gradient
 * @param kind default `forward`
 * @returns [N], in nats; the gradient of the forward one with respect to the student's logits is (q − p) / T
 * @throws DistillError `SHAPE_MISMATCH`, `BAD_OPTION`
 */
export function klDivergence(
  studentLogits_NV: tf.Tensor2D,
  teacherLogits_NV: tf.Tensor2D,
  temperature = 1,
  kind: DivergenceKind = 'forward',
): tf.Tensor1D {
  checkKind(kind);
  checkShape(
    studentLogits_NV.rank === 2 && studentLogits_NV.shape.join() === teacherLogits_NV.shape.join(),
    () =>
      `klDivergence needs logits [N, V] of one shape, got student [${studentLogits_NV.shape}] and teacher [${teacherLogits_NV.shape}]`,
  );
  return tf.tidy(() =>
    divergenceOf(studentLogits_NV, temperature, (tempered_NV) => {
      const logQ_NV = logProbabilities(tempered_NV);
      const logP_NV = logProbabilities(temper(teacherLogits_NV, temperature));
      const { loss_N, factor_N1, dense_NV } = divergenceTerm(kind, logQ_NV, logP_NV);
      return { loss_N, gradient_NV: tf.add(tf.mul(tf.exp(logQ_NV), factor_N1), dense_NV) };
    }),
  );
}

/** Throws `BAD_OPTION`. */
export function checkKind(kind: DivergenceKind): void {
  if (DIVERGENCE_KINDS.includes(kind)) return;
  throw new DistillError(
    'BAD_OPTION',
    `divergence must be one of ${DIVERGENCE_KINDS.join(', ')}, got ${String(kind).slice(0, 40)}`,
  );
}
