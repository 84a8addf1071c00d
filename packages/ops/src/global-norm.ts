import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, runFused } from './fused-kernel.ts';
import { checkArgument } from './ops-error.ts';

function squaredNorm(x: tf.Tensor): tf.Scalar {
  if (hasFusedKernel('SmolSquaredNorm')) return runFused('SmolSquaredNorm', { x }, {}).sum as tf.Scalar;
  return tf.sum(tf.square(x)) as tf.Scalar;
}

/**
 * Euclidean norm of all tensors taken as one long vector: √Σ‖tensor‖², what gradient clipping looks at.
 *
 * @param tensors at least one, any shapes
 * @returns scalar
 * @throws OpsError `INVALID_ARGUMENT` without tensors
 */
export function globalNorm(tensors: readonly tf.Tensor[]): tf.Scalar {
  checkArgument(tensors.length > 0, () => 'globalNorm: needs at least one tensor, got none');
  return tf.tidy(() => tf.sqrt(tf.addN(tensors.map(squaredNorm))) as tf.Scalar);
}
