import * as tf from '@tensorflow/tfjs-core';
import { checkShape, DistillError } from './distill-error.ts';
import { divergenceOf, logProbabilities } from './divergence.ts';
import { flatPositions, scatterRows } from './row-scatter.ts';
import { rowProbabilities, sampleRow } from './teacher-row.ts';

// N rows, V vocabulary, K ids sampled of each row.

/** What is kept of a teacher: ids that were drawn from it, with weights whose mean over all draws is its distribution. */
export interface SampledTargets {
  /** int32 [N, K], all different within a row */
  ids_NK: tf.Tensor2D;
  /** [N, K], each row sums to 1 */
  weights_NK: tf.Tensor2D;
}

/**
 * Draws K different ids of each row of a teacher's logits: what {@link sampledCrossEntropy} learns from.
 *
 * @param uniforms one number in [0, 1) a row, the only randomness
 * @throws DistillError `BAD_OPTION` when K is not in [1, V], `BAD_LOGITS` when a logit is not finite
 */
export function sampledTargets(
  teacherLogits_NV: tf.Tensor2D,
  k: number,
  uniforms: ArrayLike<number>,
  temperature = 1,
): SampledTargets {
  const [rows, vocabulary] = teacherLogits_NV.shape;
  const logits = teacherLogits_NV.dataSync<'float32'>();
  const ids = new Int32Array(rows * k);
  const weights = new Float32Array(rows * k);
  for (let row = 0; row < rows; row++) {
    const p = rowProbabilities(logits.subarray(row * vocabulary, (row + 1) * vocabulary), temperature, `row ${row}`);
    const drawn = sampleRow(p, k, uniforms[row]);
    ids.set(drawn.ids, row * k);
    weights.set(drawn.weights, row * k);
  }
  return { ids_NK: tf.tensor2d(ids, [rows, k], 'int32'), weights_NK: tf.tensor2d(weights, [rows, k]) };
}

/**
 * Cross-entropy −Σ w·log q of each row under ids that were sampled from a teacher. Its mean over all draws, and that of
 * its gradient q·Σw − w, is the cross-entropy under the whole teacher: KL(p ‖ q) plus the teacher's entropy, a constant.
 *
 * Source: random sampling knowledge distillation, arXiv 2503.16870.
 *
 * @param studentLogits_NV [N, V]
 * @returns [N], in nats; the gradient goes to the student's logits
 * @throws DistillError `SHAPE_MISMATCH`
 */
export function sampledCrossEntropy(
  studentLogits_NV: tf.Tensor2D,
  { ids_NK, weights_NK }: SampledTargets,
  temperature = 1,
): tf.Tensor1D {
  const [rows, vocabulary] = studentLogits_NV.shape;
  checkShape(
    studentLogits_NV.rank === 2 &&
      ids_NK.dtype === 'int32' &&
      ids_NK.shape[0] === rows &&
      ids_NK.shape.join() === weights_NK.shape.join(),
    () =>
      `sampledCrossEntropy needs logits [N, V], int32 ids [N, K] and weights [N, K], got [${studentLogits_NV.shape}], ` +
      `${ids_NK.dtype} [${ids_NK.shape}] and [${weights_NK.shape}]`,
  );
  if (ids_NK.shape[1] > vocabulary)
    throw new DistillError('BAD_OPTION', `${ids_NK.shape[1]} ids were sampled of a vocabulary of ${vocabulary}`);
  return tf.tidy(() =>
    divergenceOf(studentLogits_NV, temperature, (tempered_NV) => {
      const flatIds = flatPositions(ids_NK, vocabulary);
      const logQ_NV = logProbabilities(tempered_NV);
      const logQ_NK = tf.reshape(tf.gather(tf.reshape(logQ_NV, [-1]), flatIds), ids_NK.shape);
      const mass_N1 = tf.sum(weights_NK, 1, true);
      const pull_NV = scatterRows(tf.neg(weights_NK), flatIds, vocabulary);
      return {
        loss_N: tf.neg(tf.sum(tf.mul(weights_NK, logQ_NK), 1)) as tf.Tensor1D,
        gradient_NV: tf.add(tf.mul(tf.exp(logQ_NV), mass_N1), pull_NV),
      };
    }),
  );
}
