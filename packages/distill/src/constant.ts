import * as tf from '@tensorflow/tfjs-core';

/** The same values, to which no gradient flows. */
export function constant<T extends tf.Tensor>(x: T): T {
  const stop = tf.customGrad((...args) => {
    const [values, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    save([]);
    return { value: tf.clone(values), gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy) };
  });
  return stop(x) as T;
}
