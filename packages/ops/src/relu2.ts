import * as tf from '@tensorflow/tfjs-core';

/**
 * Squared rectifier, max(x, 0)² (So et al. 2021, "Primer").
 *
 * @param x any shape
 * @returns the same shape
 */
export function relu2<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() => tf.square(tf.relu(x)) as T);
}
