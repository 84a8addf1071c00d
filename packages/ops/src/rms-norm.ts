/** Legend: D model width. */
import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, registerFusedGradient, runFused } from './fused-kernel.ts';
import { checkShape } from './ops-error.ts';

registerFusedGradient('SmolRmsNorm');

/**
 * Root-mean-square normalisation of the last axis: y = gain · x / √(mean(x²) + epsilon) (Zhang and Sennrich 2019).
 *
 * @param x `[…, D]`
 * @param gain_D `[D]`
 * @param epsilon added to the mean square (SmolLM3: 1e-6)
 * @returns like `x`
 * @throws OpsError `SHAPE_MISMATCH` when the gain is not as long as the last axis
 */
export function rmsNorm<T extends tf.Tensor>(x: T, gain_D: tf.Tensor, epsilon: number): T {
  checkShape(
    gain_D.rank === 1 && gain_D.shape[0] === x.shape[x.rank - 1],
    () => `rmsNorm: the gain must be as long as the last axis of x, got x [${x.shape}] and gain [${gain_D.shape}]`,
  );
  return tf.tidy(() => {
    if (hasFusedKernel('SmolRmsNorm')) return runFused('SmolRmsNorm', { x, gain: gain_D }, { epsilon }).y as T;
    const meanSquare = tf.mean(tf.square(x), -1, true);
    return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon))), gain_D) as T;
  });
}
