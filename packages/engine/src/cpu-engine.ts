import * as tf from '@tensorflow/tfjs-core';

/** Switches to tfjs' plain JavaScript backend, with the scatter-add of `@smol/ops` that is fit to train. */
export async function useCpu(): Promise<void> {
  await import('@smol/ops/cpu');
  await tf.setBackend('cpu');
}
