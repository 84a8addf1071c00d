import * as tf from '@tensorflow/tfjs-core';
import { checkShape } from './distill-error.ts';

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
 * KL(p ‖ q) of each row, with p = softmax(teacher / T) and q = softmax(student / T).
 *
 * @param studentLogits_NV [N, V]
 * @param teacherLogits_NV [N, V]; gets no gradient
 * @returns [N], in nats; its gradient with respect to the student's logits is (q − p) / T
 * @throws DistillError `SHAPE_MISMATCH`
 */
export function klDivergence(
  studentLogits_NV: tf.Tensor2D,
  teacherLogits_NV: tf.Tensor2D,
  temperature = 1,
): tf.Tensor1D {
  checkShape(
    studentLogits_NV.rank === 2 && studentLogits_NV.shape.join() === teacherLogits_NV.shape.join(),
    () =>
      `klDivergence needs logits [N, V] of one shape, got student [${studentLogits_NV.shape}] and teacher [${teacherLogits_NV.shape}]`,
  );
  return tf.tidy(() =>
    divergenceOf(studentLogits_NV, temperature, (tempered_NV) => {
      const logQ_NV = logProbabilities(tempered_NV);
      const logP_NV = logProbabilities(temper(teacherLogits_NV, temperature));
      const p_NV = tf.exp(logP_NV);
      const loss_N = tf.sum(tf.mul(p_NV, tf.sub(logP_NV, logQ_NV)), 1) as tf.Tensor1D;
      return { loss_N, gradient_NV: tf.sub(tf.exp(logQ_NV), p_NV) };
    }),
  );
}
