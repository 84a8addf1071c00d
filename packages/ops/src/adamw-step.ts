import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, runFused } from './fused-kernel.ts';

/** A parameter and the running means of its gradient and of the gradient's square, all of one shape. */
export interface AdamwState {
  parameter: tf.Tensor;
  m: tf.Tensor;
  v: tf.Tensor;
}

/** The same with the gradient, of that shape too. */
export interface AdamwTensors extends AdamwState {
  gradient: tf.Tensor;
}

/** The numbers of one AdamW step. */
export interface AdamwStepOptions {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled: the parameter shrinks by learningRate · weightDecay. */
  weightDecay: number;
  /** 1 − beta1^t at step t = 1, 2, … */
  correction1: number;
  /** 1 − beta2^t */
  correction2: number;
}

/** Plain tfjs: the definition. */
function compose({ parameter, m, v, gradient }: AdamwTensors, options: AdamwStepOptions): AdamwState {
  const { learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2 } = options;
  const nextM = tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1));
  const nextV = tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const direction = tf.div(tf.div(nextM, correction1), tf.add(tf.sqrt(tf.div(nextV, correction2)), epsilon));
  const decayed = tf.mul(parameter, 1 - learningRate * weightDecay);
  return { parameter: tf.sub(decayed, tf.mul(direction, learningRate)), m: nextM, v: nextV };
}

/**
 * One step of AdamW (Loshchilov and Hutter 2019), not in place:
 * m' = β₁m + (1 − β₁)g, v' = β₂v + (1 − β₂)g², W' = W(1 − lr·wd) − lr·(m'/c₁)/(√(v'/c₂) + ε).
 *
 * @returns three new tensors; the caller disposes of the old ones
 */
export function adamwStep(tensors: AdamwTensors, options: AdamwStepOptions): AdamwState {
  return tf.tidy(() => {
    const step = hasFusedKernel('SmolAdamwStep')
      ? runFused('SmolAdamwStep', tensors, options)
      : compose(tensors, options);
    return { ...step };
  });
}
