import { adamwStep } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { checkRange } from './check-options.ts';
import { gradientOf, type Gradients, type Optimizer, type OptimizerStep, type Parameters } from './optimizer.ts';
import { OptimizerState } from './optimizer-state.ts';
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
  /** default `adamw` */
  name?: string;
}

const defaults = {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0,
  decays: isDecayed,
  name: 'adamw',
} as const satisfies Partial<AdamWOptions>;

/**
 * AdamW with decoupled weight decay and f32 states:
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
  readonly #state: OptimizerState;

  constructor(parameters: Parameters, options: AdamWOptions) {
    this.#options = checkAdamWOptions({ ...defaults, ...options });
    const { decays, ...settings } = this.#options;
    const decayed = [...parameters].filter(([name, parameter]) => decays(name, parameter)).map(([name]) => name);
    this.settings = { ...settings, decayed };
    this.name = settings.name;
    this.parameters = parameters;
    this.learningRate = settings.learningRate;
    this.#state = new OptimizerState(parameters, ['m', 'v']);
  }

  /** @throws OptimizerError `BAD_GRADIENT` before anything is changed */
  step(gradients: Gradients, options: OptimizerStep = {}): void {
    for (const [name, parameter] of this.parameters) gradientOf(gradients, name, parameter);
    this.#state.stepsDone++;
    for (const [name, parameter] of this.parameters) tf.tidy(() => this.#update(name, parameter, gradients, options));
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

  #update(name: string, parameter: tf.Variable, gradients: Gradients, options: OptimizerStep): void {
    const { beta2, epsilon, decays } = this.#options;
    const beta1 = options.momentum ?? this.#options.beta1;
    const m = this.#state.slot(name, 'm');
    const v = this.#state.slot(name, 'v');
    const next = adamwStep(
      { parameter, m, v, gradient: gradientOf(gradients, name, parameter) },
      {
        learningRate: this.learningRate * (options.learningRateScale ?? 1),
        beta1,
        beta2,
        epsilon,
        weightDecay: decays(name, parameter) ? (options.weightDecay ?? this.#options.weightDecay) : 0,
        correction1: 1 - beta1 ** this.#state.stepsDone,
        correction2: 1 - beta2 ** this.#state.stepsDone,
      },
    );
    parameter.assign(next.parameter);
    m.assign(next.m);
    v.assign(next.v);
  }
}

function checkAdamWOptions(options: Required<AdamWOptions>): Required<AdamWOptions> {
  checkRange('learningRate', options.learningRate, 0);
  checkRange('beta1', options.beta1, 0, 1);
  checkRange('beta2', options.beta2, 0, 1);
  checkRange('epsilon', options.epsilon, 0);
  checkRange('weightDecay', options.weightDecay, 0);
  return options;
}
