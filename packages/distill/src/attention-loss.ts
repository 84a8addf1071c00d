import * as tf from '@tensorflow/tfjs-core';
import { constant } from './constant.ts';
import { checkCount, checkShape } from './distill-error.ts';

// B batch, T time, M maps, H heads, K head dimension, R relation heads.

/**
 * Attention transfer: ‖A_s / ‖A_s‖₂ − A_t / ‖A_t‖₂‖² over the flattened maps of each sequence, averaged over the batch.
 *
 * Source: Zagoruyko and Komodakis, arXiv 1612.03928.
 *
 * @param student_BMTT [B, M, T, T], attention weights; or any maps [B, …]
 * @param teacher_BMTT of the same shape; gets no gradient
 * @returns scalar
 * @throws DistillError `SHAPE_MISMATCH`
 */
export function attentionTransferLoss(student_BMTT: tf.Tensor, teacher_BMTT: tf.Tensor): tf.Scalar {
  checkShape(
    student_BMTT.rank >= 2 && student_BMTT.shape.join() === teacher_BMTT.shape.join(),
    () => `attentionTransferLoss needs maps of one shape, got [${student_BMTT.shape}] and [${teacher_BMTT.shape}]`,
  );
  const flat = (x: tf.Tensor) => tf.reshape(x, [x.shape[0], -1]);
  const unit = (x: tf.Tensor) => tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), 1, true), 1e-12)));
  return tf.tidy(() => {
    const difference = tf.sub(unit(flat(student_BMTT)), constant(unit(flat(teacher_BMTT))));
    return tf.mean(tf.sum(tf.square(difference), 1));
  });
}

/** Options of {@link relationLoss}. */
export interface RelationLossOptions {
  /** R, which must divide H·K of both; default the student's heads */
  relationHeads?: number;
  /** relate each position only with itself and those before it; default true */
  causal?: boolean;
}

/** log softmax(X Xᵀ / √d) of each relation head, [B, R, T, T]; forbidden places have no weight. */
function logRelations(x_BTHK: tf.Tensor4D, relationHeads: number, mask_TT: tf.Tensor): tf.Tensor {
  const [batch, time, heads, dimension] = x_BTHK.shape;
  const width = (heads * dimension) / relationHeads;
  const x_BRTW = tf.transpose(tf.reshape(x_BTHK, [batch, time, relationHeads, width]), [0, 2, 1, 3]);
  const scores = tf.div(tf.matMul(x_BRTW, x_BRTW, false, true), Math.sqrt(width));
  const masked = tf.add(scores, mask_TT);
  return tf.sub(masked, tf.logSumExp(masked, -1, true));
}

/**
 * MiniLM's relations: KL of softmax(X Xᵀ / √d) of the teacher from that of the student, averaged over batch, relation heads
 * and positions. With values this is the value relation; MiniLMv2 adds queries and keys. Widths and numbers of heads may
 * differ, as both are cut into the same number of relation heads.
 *
 * Source: Wang et al., arXiv 2002.10957 and 2012.15828.
 *
 * @param student_BTHK [B, T, H, K], values (or queries, or keys) of one layer
 * @param teacher_BTHK [B, T, H', K']; gets no gradient
 * @returns scalar, in nats
 * @throws DistillError `SHAPE_MISMATCH`, `BAD_OPTION`
 */
export function relationLoss(
  student_BTHK: tf.Tensor4D,
  teacher_BTHK: tf.Tensor4D,
  { relationHeads = student_BTHK.shape[2], causal = true }: RelationLossOptions = {},
): tf.Scalar {
  const divides = ({ shape: [, , heads, dimension] }: tf.Tensor4D) => (heads * dimension) % relationHeads === 0;
  checkCount('relationHeads', relationHeads);
  checkShape(
    student_BTHK.rank === 4 &&
      teacher_BTHK.rank === 4 &&
      student_BTHK.shape.slice(0, 2).join() === teacher_BTHK.shape.slice(0, 2).join() &&
      divides(student_BTHK) &&
      divides(teacher_BTHK),
    () =>
      `relationLoss needs [B, T, H, K] of the same B and T, with H·K a multiple of ${relationHeads} relation heads, got ` +
      `[${student_BTHK.shape}] and [${teacher_BTHK.shape}]`,
  );
  return tf.tidy(() => {
    const time = student_BTHK.shape[1];
    const places = tf.range(0, time);
    const isLater = tf.greater(tf.expandDims(places, 0), tf.expandDims(places, 1));
    const mask_TT = tf.mul(tf.cast(isLater, 'float32'), causal ? -1e9 : 0);
    const logQ = logRelations(student_BTHK, relationHeads, mask_TT);
    const logP = constant(logRelations(teacher_BTHK, relationHeads, mask_TT));
    return tf.mean(tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), -1));
  });
}
