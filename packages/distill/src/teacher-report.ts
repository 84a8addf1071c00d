import * as tf from '@tensorflow/tfjs-core';
import { klDivergence, logProbabilities } from './divergence.ts';

// N rows, V vocabulary.

/** How a student stands to its teacher; nats, means over rows. */
export interface TeacherReport {
  /** of the teacher's distributions: what no student can get below */
  teacherEntropy: number;
  /** share of rows where both find the same id most likely */
  agreement: number;
  /** KL(teacher ‖ student): cross-entropy above the teacher's entropy */
  studentGap: number;
  /** with targets: loss of each on the data */
  teacherLoss?: number;
  studentLoss?: number;
}

/** Mean −log p of the targets. */
function lossOf(logP_NV: tf.Tensor2D, targets_N: tf.Tensor1D): number {
  const oneHot_NV = tf.oneHot(targets_N, logP_NV.shape[1], 1, 0, 'float32');
  return -tf.mean(tf.sum(tf.mul(logP_NV, oneHot_NV), 1)).dataSync()[0];
}

/**
 * Compares a student with its teacher on some rows.
 *
 * @param studentLogits_NV [N, V]
 * @param teacherLogits_NV [N, V]
 * @param targets_N int32 [N], each in [0, V)
 * @throws DistillError `SHAPE_MISMATCH`
 */
export function teacherReport(
  studentLogits_NV: tf.Tensor2D,
  teacherLogits_NV: tf.Tensor2D,
  targets_N?: tf.Tensor1D,
): TeacherReport {
  let report: TeacherReport | undefined;
  tf.tidy(() => {
    const studentGap = tf.mean(klDivergence(studentLogits_NV, teacherLogits_NV)).dataSync()[0];
    const logP_NV = logProbabilities(teacherLogits_NV);
    const teacherEntropy = -tf.mean(tf.sum(tf.mul(tf.exp(logP_NV), logP_NV), 1)).dataSync()[0];
    const same_N = tf.equal(tf.argMax(studentLogits_NV, 1), tf.argMax(teacherLogits_NV, 1));
    report = { teacherEntropy, agreement: tf.mean(tf.cast(same_N, 'float32')).dataSync()[0], studentGap };
    if (!targets_N) return;
    report.teacherLoss = lossOf(logP_NV, targets_N);
    report.studentLoss = lossOf(logProbabilities(studentLogits_NV), targets_N);
  });
  return report!;
}
