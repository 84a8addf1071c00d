import * as tf from '@tensorflow/tfjs-core';
import { pullBack } from './pull-back.ts';

/** Gradients of f at xs, pulled back from dy; inputs that f does not depend on get zeros. */
function recomputedGradients(f: () => tf.Tensor, xs: tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  const { value, gradients } = pullBack(f, xs, dy);
  if (!xs.includes(value)) value.dispose();
  return gradients.map((gradient, index) => gradient ?? tf.zerosLike(xs[index]));
}

/**
 * Activation checkpointing (Chen et al. 2016): runs `f` without remembering anything but its inputs, and runs it again in
 * the backward pass to get gradients. They equal those of the plain call bit for bit.
 *
 * @param f a deterministic function of inputs and constants, which may read the tensors in `weights` from its closure
 * @param inputs float32 tensors whose gradient is wanted; they are saved
 * @param weights persistent tensors (variables) that `f` reads and whose gradient is wanted; they are not saved
 * @param constants tensors of any type without gradient (tables, masks, ids); they are saved, so that a tidy may end
 * before the backward pass. Any other tensor `f` reads must outlive the backward pass.
 * @returns f(...inputs, ...constants)
 */
export function checkpoint<T extends tf.Tensor>(
  f: (...inputs: tf.Tensor[]) => T,
  inputs: readonly tf.Tensor[],
  weights: readonly tf.Tensor[],
  constants: readonly tf.Tensor[] = [],
): T {
  const recomputed = tf.customGrad((...args) => {
    const save = args.pop() as unknown as tf.GradSaveFunc;
    const xs = (args as tf.Tensor[]).slice(0, inputs.length);
    save([...xs, ...constants]);
    return {
      value: f(...xs, ...constants),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        recomputedGradients(() => f(...saved), [...saved.slice(0, inputs.length), ...weights], dy),
    };
  });
  return recomputed(...inputs, ...weights) as T;
}
