import * as tf from '@tensorflow/tfjs-core';

/** Tensors laid end to end; a single one stays as it is. */
export function concatenateAll(tensors: readonly tf.Tensor[]): tf.Tensor {
  return tensors.length === 1 ? tensors[0] : tf.concat(tensors.map((tensor) => tf.reshape(tensor, [-1])));
}

/** Undoes {@link concatenateAll}: pieces of the shapes of `like`. */
export function splitLike(flat: tf.Tensor, like: readonly tf.Tensor[]): tf.Tensor[] {
  if (like.length === 1) return [flat];
  const pieces = tf.split(
    flat,
    like.map(({ size }) => size),
  );
  return pieces.map((piece, index) => tf.reshape(piece, like[index].shape));
}
