import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, registerFusedGradient, runFused } from './fused-kernel.ts';
import { checkShape } from './ops-error.ts';

registerFusedGradient('SmolSwiglu');

/**
 * Gated activation of the feed-forward layer: silu(gate) · up, silu(x) = x·sigmoid(x) (Shazeer 2020, "GLU variants").
 *
 * @param gate any shape
 * @param up the same shape
 * @returns the same shape
 * @throws OpsError `SHAPE_MISMATCH` when the shapes differ
 */
export function swiglu<T extends tf.Tensor>(gate: T, up: T): T {
  checkShape(
    gate.shape.join() === up.shape.join(),
    () => `swiglu: gate and up must have the same shape, got [${gate.shape}] and [${up.shape}]`,
  );
  return tf.tidy(() => {
    if (hasFusedKernel('SmolSwiglu')) return runFused('SmolSwiglu', { gate, up }, {}).y as T;
    return tf.mul(tf.mul(gate, tf.sigmoid(gate)), up) as T;
  });
}
