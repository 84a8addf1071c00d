/** Legend: V vocabulary, D model width, N ids. */
import * as tf from '@tensorflow/tfjs-core';
import { checkShape } from './ops-error.ts';
import { scatterAdd } from './scatter-add.ts';

/**
 * Looks up one row of the table for every id. The gradient is a scatter-add into a dense `[V, D]` tensor.
 *
 * @param weight_VD `[V, D]`
 * @param ids int32 of any shape, each in [0, V)
 * @returns `[…ids.shape, D]`
 * @throws OpsError `SHAPE_MISMATCH` when the table is not a matrix or the ids are not int32
 */
export function embedding(weight_VD: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  checkShape(weight_VD.rank === 2, () => `embedding: the table must be [V, D], got [${weight_VD.shape}]`);
  checkShape(ids.dtype === 'int32', () => `embedding: ids must be int32, got ${ids.dtype}`);
  const [vocabulary, width] = weight_VD.shape;
  return tf.tidy(() => {
    const ids_N = tf.reshape(ids, [-1]) as tf.Tensor1D;
    const lookUp = tf.customGrad((weight, save) => {
      (save as tf.GradSaveFunc)([ids_N]);
      return {
        value: tf.gather(weight as tf.Tensor2D, ids_N),
        gradFunc: (dy_ND: tf.Tensor, [saved_N]: tf.Tensor[]) =>
          scatterAdd(dy_ND as tf.Tensor2D, saved_N as tf.Tensor1D, vocabulary),
      };
    });
    return tf.reshape(lookUp(weight_VD), [...ids.shape, width]);
  });
}
