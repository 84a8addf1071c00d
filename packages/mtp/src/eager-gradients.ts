import { pullBack } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';

/** Whether tfjs is recording for a backward pass at this moment (and not inside another custom gradient). */
export function isRecording(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}

/**
 * Value and gradients of f at once, also inside the forward pass of a custom gradient, where tfjs does not record: it
 * is shown an engine that is doing nothing, and gets its state back afterwards.
 *
 * @returns gradients in the order of `xs`; zeros for those that f does not depend on
 */
export function eagerGradients(f: () => tf.Scalar, xs: tf.Tensor[]): { value: tf.Scalar; gradients: tf.Tensor[] } {
  const { state } = tf.engine();
  const { activeTape, gradientDepth, kernelDepth } = state;
  Object.assign(state, { activeTape: null, gradientDepth: 0, kernelDepth: 0 });
  try {
    const { value, gradients } = pullBack(f, xs);
    return { value, gradients: gradients.map((gradient, index) => gradient ?? tf.zerosLike(xs[index])) };
  } finally {
    Object.assign(state, { activeTape, gradientDepth, kernelDepth });
  }
}
