import * as tf from '@tensorflow/tfjs-core';

/**
 * The most floating-point operations a second that the current backend does: the best of several large matrix products.
 * Model FLOPs utilisation is measured against it.
 *
 * @param size side of the matrices, default 1024
 */
export async function measurePeakFlops(size = 1024, rounds = 5): Promise<number> {
  const [a, b] = [1, 2].map((seed) => tf.randomNormal<tf.Rank.R2>([size, size], 0, 1, 'float32', seed));
  let best = Infinity;
  for (let round = 0; round <= rounds; round++) {
    const startedAt = performance.now();
    const product = tf.matMul(a, b);
    await product.data(); // until the numbers are there
    product.dispose();
    if (round > 0) best = Math.min(best, performance.now() - startedAt); // the first warms up
  }
  tf.dispose([a, b]);
  return (2 * size ** 3) / (best / 1000);
}
