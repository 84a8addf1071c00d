import type * as tf from '@tensorflow/tfjs-core';
import { EightBitMoments, FullMoments, type MomentStore } from './adamw-moments.ts';
import { checkChoice, checkRange } from './check-options.ts';
import { gradientOf, type Gradients, type Optimizer, type OptimizerStep, type Parameters } from './optimizer.ts';
import { isDecayed } from './split-parameters.ts';

/** Options of {@link AdamW}. */
export interface AdamWOptions {
  /** peak learning rate */
  learningRate: number;
  /** decay of the mean gradient, default 0.9 */
  beta1?: number;
  /** decay of the mean squared gradient, default 0.95 (SmolLM3, Llama) */
  beta2?: number;
  /** default 1e-8 */
  epsilon?: number;
  /** decoupled: a decayed weight shrinks by learningRate·weightDecay a step; default 0 */
  weightDecay?: number;
  /** which parameters are decayed; default {@link isDecayed}: matrices that are not token tables */
  decays?: (name: string, parameter: tf.Tensor) => boolean;
  /** bits of each running average: 32, or 8 with a scale for every 256 (Dettmers et al.); default 32 */
  stateBits?: 32 | 8;
  /** update parameters together in as few calls as the engine needs (PyTorch's `foreach`), with the same result; default true */
  foreach?: boolean;
  /** default `adamw` */
  name?: string;
}

const defaults = {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0,
  decays: isDecayed,
  stateBits: 32,
  foreach: true,
  name: 'adamw',
} as const satisfies Partial<AdamWOptions>;

/**
 * AdamW with decoupled weight decay:
 *
 *     m ← β₁m + (1 − β₁)g;   v ← β₂v + (1 − β₂)g²
 *     W ← W·(1 − η·λ) − η·(m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * Source: Loshchilov and Hutter, arXiv 1711.05101.
 *
 * @throws OptimizerError `BAD_OPTION`
 */
export class AdamW implements Optimizer {
  readonly name: string;
  readonly parameters: Parameters;
  readonly learningRate: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly #options: Required<AdamWOptions>;
  readonly #state: MomentStore;
  readonly #groups: readonly (readonly string[])[];

  constructor(parameters: Parameters, options: AdamWOptions) {
    this.#options = checkAdamWOptions({ ...defaults, ...options });
    const { decays, ...settings } = this.#options;
    const decayed = [...parameters].filter(([name, parameter]) => decays(name, parameter)).map(([name]) => name);
    this.settings = { ...settings, decayed };
    this.name = settings.name;
    this.parameters = parameters;
    this.learningRate = settings.learningRate;
    this.#state = settings.stateBits === 8 ? new EightBitMoments(parameters) : new FullMoments(parameters);
    const names = [...parameters.keys()];
    const kept = names.filter((name) => !decayed.includes(name));
    this.#groups = settings.foreach ? [decayed, kept] : names.map((name) => [name]);
  }

  /** @throws OptimizerError `BAD_GRADIENT` before anything is changed */
  step(gradients: Gradients, options: OptimizerStep = {}): void {
    for (const [name, parameter] of this.parameters) gradientOf(gradients, name, parameter);
    this.#state.stepsDone++;
    for (const names of this.#groups) this.#update(names, gradients, options);
  }

  state(): Map<string, tf.Tensor> {
    return this.#state.snapshot();
  }

  restore(state: ReadonlyMap<string, tf.Tensor>): void {
    this.#state.restore(state);
  }

  dispose(): void {
    this.#state.dispose();
  }

  /** One step of parameters that are decayed alike; element by element the same as one after the other. */
  #update(names: readonly string[], gradients: Gradients, options: OptimizerStep): void {
    if (names.length === 0) return;
    const { beta2, epsilon, decays } = this.#options;
    const beta1 = options.momentum ?? this.#options.beta1;
    const updates = names.map((name) => {
      const parameter = this.parameters.get(name) as tf.Variable;
      return { name, parameter, gradient: gradientOf(gradients, name, parameter) };
    });
    const areDecayed = decays(names[0], updates[0].parameter);
    this.#state.update(updates, {
      learningRate: this.learningRate * (options.learningRateScale ?? 1),
      beta1,
      beta2,
      epsilon,
      weightDecay: areDecayed ? (options.weightDecay ?? this.#options.weightDecay) : 0,
      correction1: 1 - beta1 ** this.#state.stepsDone,
      correction2: 1 - beta2 ** this.#state.stepsDone,
    });
  }
}

function checkAdamWOptions(options: Required<AdamWOptions>): Required<AdamWOptions> {
  checkRange('learningRate', options.learningRate, 0);
  checkRange('beta1', options.beta1, 0, 1);
  checkRange('beta2', options.beta2, 0, 1);
  checkRange('epsilon', options.epsilon, 0);
  checkRange('weightDecay', options.weightDecay, 0);
  checkChoice('stateBits', String(options.stateBits), ['32', '8']);
  return options;
}
