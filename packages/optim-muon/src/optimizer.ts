import type * as tf from '@tensorflow/tfjs-core';
import { OptimizerError } from './optimizer-error.ts';

/** Trainable variables by name, e.g. `model.layers.0.mlp.up_proj.weight`. */
export type Parameters = ReadonlyMap<string, tf.Variable>;

/** Gradients by parameter name, each of its parameter's shape. */
export type Gradients = ReadonlyMap<string, tf.Tensor>;

/** What a schedule may change from step to step; what is left out keeps the constructor's value. */
export interface OptimizerStep {
  /** factor on the learning rate, from the schedule (default 1) */
  learningRateScale?: number;
  /** Muon's momentum, or AdamW's β₁, for this step */
  momentum?: number;
  /** weight decay for this step */
  weightDecay?: number;
}

/** What a trainer needs to know of an optimizer. `Muon`, `MuonClip` and `AdamW` are ones. */
export interface Optimizer {
  /** names the optimizer's state in checkpoints and its learning rate in metrics */
  readonly name: string;
  readonly parameters: Parameters;
  /** the peak learning rate, before the schedule's scale */
  readonly learningRate: number;
  /** all options with their defaults filled in: plain JSON, to be kept with the run */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Updates every parameter in place. Gradients stay the caller's. */
  step(gradients: Gradients, options?: OptimizerStep): void;
  /** A snapshot by slot name, for a checkpoint. The tensors are the caller's to dispose; values are not copied. */
  state(): Map<string, tf.Tensor>;
  /** Continues from a snapshot; the tensors stay the caller's. */
  restore(state: ReadonlyMap<string, tf.Tensor>): void;
  /** Frees the optimizer's state; parameters are left alone. */
  dispose(): void;
}

/** The gradient of one parameter, checked. */
export function gradientOf(gradients: Gradients, name: string, parameter: tf.Variable): tf.Tensor {
  const gradient = gradients.get(name);
  if (!gradient)
    throw new OptimizerError(
      'BAD_GRADIENT',
      `${name}: no gradient was given; it needs one of shape [${parameter.shape}]`,
    );
  if (gradient.shape.join() === parameter.shape.join()) return gradient;
  throw new OptimizerError(
    'BAD_GRADIENT',
    `${name}: the gradient must have the parameter's shape [${parameter.shape}], got [${gradient.shape}]`,
  );
}
