/** Legend: I input features, O output features, N rows. */
import * as tf from '@tensorflow/tfjs-core';
import { checkShape } from './ops-error.ts';

/**
 * Matrix product with the transpose of a weight, y = x Wᵀ, without bias.
 *
 * Runs as one 2-D `BatchMatMul` over all rows. Give it a `[rows, I]` tensor to save the two reshapes.
 *
 * @param x `[…, I]`
 * @param weight_OI `[O, I]`, the layout of Hugging Face and PyTorch
 * @returns `[…, O]`
 * @throws OpsError `SHAPE_MISMATCH` when the last axis of `x` is not `I`
 */
export function linear<T extends tf.Tensor>(x: T, weight_OI: tf.Tensor): T {
  const features = x.shape[x.rank - 1];
  checkShape(
    weight_OI.rank === 2 && weight_OI.shape[1] === features,
    () =>
      `linear: the last axis of x must equal the last axis of the weight [O, I], got x [${x.shape}] and weight [${weight_OI.shape}]`,
  );
  if (x.rank === 2) return tf.matMul(x, weight_OI, false, true);
  return tf.tidy(() => {
    const y_NO = tf.matMul(tf.reshape(x, [-1, features]), weight_OI, false, true);
    return tf.reshape(y_NO, [...x.shape.slice(0, -1), weight_OI.shape[0]]) as T;
  });
}
