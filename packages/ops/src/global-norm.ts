import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, runFusedList } from './fused-kernel.ts';
import { checkArgument } from './ops-error.ts';

/** Plain tfjs: the definition. */
function compose(tensors: readonly tf.Tensor[]): tf.Scalar {
  return tf.sqrt(tf.addN(tensors.map((x) => tf.sum(tf.square(x)) as tf.Scalar)));
}

/**
 * Euclidean norm of all tensors taken as one long vector: √Σ‖tensor‖², what gradient clipping looks at. One kernel call for
 * the whole list where the engine has it.
 *
 * @param tensors at least one, any shapes
 * @returns scalar
 * @throws OpsError `INVALID_ARGUMENT` without tensors
 */
export function globalNorm(tensors: readonly tf.Tensor[]): tf.Scalar {
  checkArgument(tensors.length > 0, () => 'globalNorm: needs at least one tensor, got none');
  return tf.tidy(() => {
    if (!hasFusedKernel('SmolGlobalNorm')) return compose(tensors);
    const items = tensors.map((x) => ({ x }));
    return runFusedList('SmolGlobalNorm', items, {}).norm as tf.Scalar;
  });
}
