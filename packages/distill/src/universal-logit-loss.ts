import * as tf from '@tensorflow/tfjs-core';
import { checkShape } from './distill-error.ts';
import { divergenceOf, logProbabilities, temper } from './divergence.ts';
import { flatPositions, scatterRows } from './row-scatter.ts';

// N rows, V student vocabulary, U teacher vocabulary.

/** Sorted in falling order and filled up with zeros to `length` columns. */
function sortedPadded(p: tf.Tensor2D, length: number): tf.Tensor2D {
  return tf.pad(tf.topk(p, p.shape[1]).values as tf.Tensor2D, [
    [0, 0],
    [0, length - p.shape[1]],
  ]);
}

/**
 * Universal logit distillation: compares a teacher of another vocabulary by its sorted probabilities,
 * Σ_i |p_(i) − q_(i)|, the shorter one filled up with zeros. Rows must stand for the same place in the text.
 *
 * Source: Boizard et al., arXiv 2402.12030.
 *
 * @param studentLogits_NV [N, V]
 * @param teacherLogits_NU [N, U]; gets no gradient
 * @returns [N], each in [0, 2]
 * @throws DistillError `SHAPE_MISMATCH` when the rows differ
 */
export function universalLogitLoss(
  studentLogits_NV: tf.Tensor2D,
  teacherLogits_NU: tf.Tensor2D,
  temperature = 1,
): tf.Tensor1D {
  const [rows, vocabulary] = studentLogits_NV.shape;
  checkShape(
    studentLogits_NV.rank === 2 && teacherLogits_NU.rank === 2 && teacherLogits_NU.shape[0] === rows,
    () =>
      `universalLogitLoss needs logits of as many rows, got student [${studentLogits_NV.shape}] and teacher [${teacherLogits_NU.shape}]`,
  );
  const length = Math.max(vocabulary, teacherLogits_NU.shape[1]);
  return tf.tidy(() =>
    divergenceOf(studentLogits_NV, temperature, (tempered_NV) => {
      const q_NV = tf.exp(logProbabilities(tempered_NV)) as tf.Tensor2D;
      const p_NU = tf.exp(logProbabilities(temper(teacherLogits_NU, temperature))) as tf.Tensor2D;
      const difference = tf.sub(sortedPadded(q_NV, length), sortedPadded(p_NU, length));
      const order_NV = tf.topk(q_NV, vocabulary).indices as tf.Tensor2D;
      const sortedSign_NV = tf.sign(tf.slice(difference, [0, 0], [rows, vocabulary])) as tf.Tensor2D;
      const sign_NV = scatterRows(sortedSign_NV, flatPositions(order_NV, vocabulary), vocabulary);
      // through the softmax: q·(s − Σ s·q)
      const gradient_NV = tf.mul(q_NV, tf.sub(sign_NV, tf.sum(tf.mul(sign_NV, q_NV), 1, true))) as tf.Tensor2D;
      return { loss_N: tf.sum(tf.abs(difference), 1) as tf.Tensor1D, gradient_NV };
    }),
  );
}
