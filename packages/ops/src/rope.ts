/** Legend: B batch, T time, H heads, K head dimension. */
import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, runFused } from './fused-kernel.ts';
import { kernelContracts } from './kernel-contracts.ts';
import { checkShape } from './ops-error.ts';
import type { RopeTable } from './rope-table.ts';

/** A rotation: its gradient is the kernel itself, turning the other way. */
tf.registerGradient({
  kernelName: 'SmolRope',
  inputsToSave: [...kernelContracts.SmolRope.saved],
  gradFunc: (dy, saved, attributes) => {
    const [cos, sin] = saved;
    return { x: () => runFused('SmolRope', { x: dy as tf.Tensor, cos, sin }, { inverse: !attributes.inverse }).y };
  },
});

/**
 * Rotary position embedding (Su et al. 2021) in the layout of Hugging Face's `rotate_half`: element i turns with i + K/2.
 *
 * @param x_BTHK queries or keys `[B, T, H, K]`
 * @param table cosines and sines for exactly these T positions, from `ropeTable`
 * @returns like `x_BTHK`
 * @throws OpsError `SHAPE_MISMATCH` when the table is not `[T, K/2]`
 */
export function rope(x_BTHK: tf.Tensor4D, table: RopeTable): tf.Tensor4D {
  const [, time, , headDimension] = x_BTHK.shape;
  checkShape(
    x_BTHK.rank === 4 && table.cos.shape[0] === time && table.cos.shape[1] * 2 === headDimension,
    () => `rope: the table must be [T, K/2] for x [B, T, H, K], got x [${x_BTHK.shape}] and table [${table.cos.shape}]`,
  );
  return tf.tidy(() => {
    if (hasFusedKernel('SmolRope')) {
      const inputs = { x: x_BTHK, cos: table.cos, sin: table.sin };
      return runFused('SmolRope', inputs, { inverse: false }).y as tf.Tensor4D;
    }
    const cos_T1K = tf.expandDims(table.cos, 1);
    const sin_T1K = tf.expandDims(table.sin, 1);
    const [a, b] = tf.split(x_BTHK, 2, 3);
    const rotated = [tf.sub(tf.mul(a, cos_T1K), tf.mul(b, sin_T1K)), tf.add(tf.mul(b, cos_T1K), tf.mul(a, sin_T1K))];
    return tf.concat(rotated, 3) as tf.Tensor4D;
  });
}
