import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, runFused, runFusedMany } from './fused-kernel.ts';
import { checkShape } from './ops-error.ts';

/**
 * Kernel contract. `SmolSwiglu` {gate, up} (same shape) → y; saved: gate, up.
 * `SmolSwigluGrad` {dy, gate, up} → [dgate, dup]: with s = sigmoid(gate), dgate = dy·up·s·(1 + gate·(1 − s)), dup = dy·gate·s.
 */
tf.registerGradient({
  kernelName: 'SmolSwiglu',
  inputsToSave: ['gate', 'up'],
  gradFunc: (dy, saved) => {
    const [gate, up] = saved;
    const [dgate, dup] = runFusedMany('SmolSwigluGrad', { dy: dy as tf.Tensor, gate, up });
    return { gate: () => dgate, up: () => dup };
  },
});

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
    if (hasFusedKernel('SmolSwiglu')) return runFused<T>('SmolSwiglu', { gate, up });
    return tf.mul(tf.mul(gate, tf.sigmoid(gate)), up) as T;
  });
}
