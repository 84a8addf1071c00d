import { adamwStep } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { EightBitMoments, FullMoments, type MomentStore } from './adamw-moments.ts';
import { checkChoice, checkRange } from './check-options.ts';
import { concatenateAll, splitLike } from './flat-group.ts';
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
  /** update small parameters together in one go (PyTorch's `foreach`), with the same result; default true */
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
    this.#groups = settings.foreach
      ? groupSmall(parameters, new Set(decayed))
      : [...parameters.keys()].map((name) => [name]);
  }

  /** @throws OptimizerError `BAD_GRADIENT` before anything is changed */
  step(gradients: Gradients, options: OptimizerStep = {}): void {
    for (const [name, parameter] of this.parameters) gradientOf(gradients, name, parameter);
    this.#state.stepsDone++;
    for (const names of this.#groups) tf.tidy(() => this.#update(names, gradients, options));
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

  /** One fused step for parameters that are decayed alike; element by element it is the same as one after the other. */
  #update(names: readonly string[], gradients: Gradients, options: OptimizerStep): void {
    const { beta2, epsilon, decays } = this.#options;
    const beta1 = options.momentum ?? this.#options.beta1;
    const parameters = names.map((name) => this.parameters.get(name) as tf.Variable);
    const moments = names.map((name) => this.#state.read(name));
    const next = adamwStep(
      {
        parameter: concatenateAll(parameters),
        m: concatenateAll(moments.map(({ m }) => m)),
        v: concatenateAll(moments.map(({ v }) => v)),
        gradient: concatenateAll(names.map((name, index) => gradientOf(gradients, name, parameters[index]))),
      },
      {
        learningRate: this.learningRate * (options.learningRateScale ?? 1),
        beta1,
        beta2,
        epsilon,
        weightDecay: decays(names[0], parameters[0]) ? (options.weightDecay ?? this.#options.weightDecay) : 0,
        correction1: 1 - beta1 ** this.#state.stepsDone,
        correction2: 1 - beta2 ** this.#state.stepsDone,
      },
    );
    const [values, ms, vs] = [next.parameter, next.m, next.v].map((flat) => splitLike(flat, parameters));
    parameters.forEach((parameter, index) => {
      parameter.assign(values[index]);
      this.#state.write(names[index], { m: ms[index], v: vs[index] });
    });
  }
}

/** Parameters up to this size are updated together: for larger ones copying costs more than a call saves. */
const smallSize = 4096;

/** Small parameters that are decayed alike together, all others alone. */
function groupSmall(parameters: Parameters, decayed: ReadonlySet<string>): string[][] {
  const small = [...parameters].filter(([, { size }]) => size <= smallSize).map(([name]) => name);
  const large = [...parameters.keys()].filter((name) => !small.includes(name));
  const together = [true, false].map((isDecaying) => small.filter((name) => decayed.has(name) === isDecaying));
  return [...together.filter(({ length }) => length > 0), ...large.map((name) => [name])];
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
