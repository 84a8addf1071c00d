import * as tf from '@tensorflow/tfjs-core';
import { checkChoice, checkRange } from './check-options.ts';
import { gradientOf, type Gradients, type Optimizer, type OptimizerStep, type Parameters } from './optimizer.ts';
import { OptimizerError } from './optimizer-error.ts';
import { OptimizerState } from './optimizer-state.ts';
import { orthogonalize, type Orthogonalization } from './orthogonalize.ts';
import { groupByShape, type ShapeGroup } from './shape-groups.ts';
import { updateScale, type UpdateScaling } from './update-scale.ts';

// M matrices of one shape, A rows (out), B columns (in).

/** Options of {@link Muon}. */
export interface MuonOptions {
  /** peak learning rate; its scale depends on `scaling` (about 0.02 for `keller`, AdamW's for `moonlight`) */
  learningRate: number;
  /** how large the orthogonal update is made; there is no default because the learning rate depends on it */
  scaling: UpdateScaling;
  /** decay of the running gradient, default 0.95 */
  momentum?: number;
  /** whether to look one step ahead along the momentum, default true */
  nesterov?: boolean;
  /** decoupled: the weight shrinks by learningRate·weightDecay a step; default 0 */
  weightDecay?: number;
  /** decay only where the update shrinks the weight too (cautious weight decay), default false */
  cautious?: boolean;
  /** default `newton-schulz` */
  orthogonalization?: Orthogonalization;
  /** matrices of equal shape are stacked up to this many elements and orthogonalised in one go, default 2²⁴ */
  maximumStackElements?: number;
  /** default `muon` */
  name?: string;
}

const defaults = {
  momentum: 0.95,
  nesterov: true,
  weightDecay: 0,
  cautious: false,
  orthogonalization: 'newton-schulz',
  maximumStackElements: 2 ** 24,
  name: 'muon',
} as const satisfies Partial<MuonOptions>;

/**
 * Muon: momentum whose matrix update is orthogonalised, so that all directions of a weight move equally far.
 *
 *     m ← m + (1 − β)(g − m);   u = nesterov ? g + β(m − g) : m
 *     W ← W·(1 − η·λ) − η·s·UVᵀ,   UVᵀ ≈ u's polar factor,   s = updateScale
 *
 * Source: KellerJordan/Muon (muon.py); Moonlight, arXiv 2502.16982 (weight decay and its scaling).
 *
 * @throws OptimizerError `BAD_OPTION`, or `BAD_PARAMETER` for a parameter that is not 2-D
 */
export class Muon implements Optimizer {
  readonly name: string;
  readonly parameters: Parameters;
  readonly learningRate: number;
  readonly settings: Readonly<Required<MuonOptions>>;
  readonly #groups: readonly ShapeGroup[];
  readonly #state: OptimizerState;

  constructor(parameters: Parameters, options: MuonOptions) {
    this.settings = checkMuonOptions({ ...defaults, ...options });
    for (const [name, parameter] of parameters) {
      if (parameter.rank !== 2) {
        throw new OptimizerError(
          'BAD_PARAMETER',
          `${name}: Muon trains matrices only, got shape [${parameter.shape}]; give it to AdamW (see splitParameters)`,
        );
      }
    }
    this.name = this.settings.name;
    this.parameters = parameters;
    this.learningRate = this.settings.learningRate;
    this.#groups = groupByShape(parameters, this.settings.maximumStackElements);
    this.#state = new OptimizerState(parameters, ['momentum']);
  }

  /** @throws OptimizerError `BAD_GRADIENT` before anything is changed */
  step(gradients: Gradients, options: OptimizerStep = {}): void {
    for (const [name, parameter] of this.parameters) gradientOf(gradients, name, parameter);
    for (const group of this.#groups) tf.tidy(() => this.#updateGroup(group, gradients, options));
    this.#state.stepsDone++;
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

  #updateGroup(group: ShapeGroup, gradients: Gradients, options: OptimizerStep): void {
    const momentum = options.momentum ?? this.settings.momentum;
    const directions = group.map(([name, parameter]) =>
      this.#direction(name, gradientOf(gradients, name, parameter), momentum),
    );
    const orthogonal_MAB = orthogonalize(tf.stack(directions) as tf.Tensor3D, this.settings.orthogonalization);
    tf.unstack(orthogonal_MAB).forEach((update, index) => this.#apply(group[index][1], update, options));
  }

  /** Keller's lerp form; the sum form m ← βm + g points the same way and orthogonalisation forgets the length. */
  #direction(name: string, gradient: tf.Tensor, momentum: number): tf.Tensor {
    const average = this.#state.slot(name, 'momentum');
    average.assign(tf.add(tf.mul(average, momentum), tf.mul(gradient, 1 - momentum)));
    return this.settings.nesterov ? tf.add(tf.mul(average, momentum), tf.mul(gradient, 1 - momentum)) : average;
  }

  #apply(parameter: tf.Variable, update: tf.Tensor, options: OptimizerStep): void {
    const learningRate = this.learningRate * (options.learningRateScale ?? 1);
    const decay = learningRate * (options.weightDecay ?? this.settings.weightDecay);
    const [rows, columns] = parameter.shape as [number, number];
    const scale = learningRate * updateScale(this.settings.scaling, rows, columns);
    const kept = decay === 0 ? parameter : this.#decayed(parameter, update, decay);
    parameter.assign(tf.sub(kept, tf.mul(update, scale)));
  }

  #decayed(parameter: tf.Variable, update: tf.Tensor, decay: number): tf.Tensor {
    if (!this.settings.cautious) return tf.mul(parameter, 1 - decay);
    const shrinking = tf.cast(tf.greaterEqual(tf.mul(parameter, update), 0), 'float32');
    return tf.sub(parameter, tf.mul(tf.mul(parameter, shrinking), decay));
  }
}

function checkMuonOptions(options: Required<MuonOptions>): Required<MuonOptions> {
  checkChoice('scaling', options.scaling, ['keller', 'moonlight']);
  checkChoice('orthogonalization', options.orthogonalization, ['newton-schulz', 'polar-express']);
  checkRange('learningRate', options.learningRate, 0);
  checkRange('momentum', options.momentum, 0, 1);
  checkRange('weightDecay', options.weightDecay, 0);
  checkRange('maximumStackElements', options.maximumStackElements, 1);
  return options;
}
