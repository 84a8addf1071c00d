import { scatterAdd } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';

// N rows, V columns, K places named in each row.

/** Positions of (row, id) in a flattened [N, V]. */
export function flatPositions(ids_NK: tf.Tensor2D, columns: number): tf.Tensor1D {
  const rows_N1 = tf.expandDims(tf.mul(tf.range(0, ids_NK.shape[0], 1, 'int32'), tf.scalar(columns, 'int32')), 1);
  return tf.reshape(tf.add(ids_NK, rows_N1), [-1]);
}

/** Puts values at the named places of each row, zeros elsewhere: [N, V]. */
export function scatterRows(values_NK: tf.Tensor2D, flatIds: tf.Tensor1D, columns: number): tf.Tensor2D {
  const rows = values_NK.shape[0];
  const column = tf.reshape(values_NK, [values_NK.size, 1]) as tf.Tensor2D;
  return tf.reshape(scatterAdd(column, flatIds, rows * columns), [rows, columns]);
}
