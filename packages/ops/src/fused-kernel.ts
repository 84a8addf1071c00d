import * as tf from '@tensorflow/tfjs-core';

/** Whether the current tfjs backend has a kernel of this name (it starts the default backend if none was chosen). */
export function hasFusedKernel(kernelName: string): boolean {
  tf.backend();
  return tf.getKernel(kernelName, tf.getBackend()) != null;
}

/** Runs a kernel with several outputs; they belong to the surrounding tidy. */
export function runFusedMany(
  kernelName: string,
  inputs: tf.NamedTensorMap,
  attributes: tf.NamedAttrMap = {},
): tf.Tensor[] {
  return tf.engine().runKernel<tf.Tensor[]>(kernelName, inputs, attributes);
}

/** Runs a kernel with one output; it belongs to the surrounding tidy. */
export function runFused<T extends tf.Tensor>(
  kernelName: string,
  inputs: tf.NamedTensorMap,
  attributes: tf.NamedAttrMap = {},
): T {
  return tf.engine().runKernel<T>(kernelName, inputs, attributes);
}
