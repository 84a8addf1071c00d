import * as tf from '@tensorflow/tfjs-core';
import { checkChoice, checkRange } from './check-options.ts';
import { gradientOf, type Gradients, type Optimizer, type OptimizerStep, type Parameters } from './optimizer.ts';
import { OptimizerError } from './optimizer-error.ts';
import { OptimizerState } from './optimizer-state.ts';
import { orthogonalize, type Orthogonalization } from './orthogonalize.ts';
import { groupByShape, type MatrixBlock, type ShapeGroup } from './shape-groups.ts';
import { checkSplit, cut, join, type MatrixSplit, type SplitRule } from './split-matrix.ts';
import { updateScale, type UpdateScaling } from './update-scale.ts';
import { normalizeRows } from './variance-reduction.ts';

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
  /** `normuon` evens out the sizes of an update's rows (NorMuon); default `none` */
  normalization?: 'none' | 'normuon';
  /** decay of NorMuon's running row sizes, default 0.95 */
  beta2?: number;
  /** cuts matrices into blocks that are orthogonalised on their own; see `splitHeads`, `splitFused`; default: none is cut */
  split?: SplitRule;
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
  normalization: 'none',
  beta2: 0.95,
  split: () => undefined,
  maximumStackElements: 2 ** 24,
  name: 'muon',
} as const satisfies Partial<MuonOptions>;

/** A parameter some of whose blocks are orthogonalised. */
interface PendingUpdate {
  blocks: tf.Tensor2D[];
  updated: tf.Tensor2D[];
}

interface StepInputs {
  gradients: Gradients;
  options: OptimizerStep;
}

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
  readonly settings: Readonly<Omit<Required<MuonOptions>, 'split'> & { split: Readonly<Record<string, MatrixSplit>> }>;
  readonly #splits: ReadonlyMap<string, MatrixSplit>;
  readonly #groups: readonly ShapeGroup[];
  readonly #state: OptimizerState;

  constructor(parameters: Parameters, options: MuonOptions) {
    const { split, ...settings } = checkMuonOptions({ ...defaults, ...options });
    for (const [name, parameter] of parameters) {
      if (parameter.rank !== 2) {
        throw new OptimizerError(
          'BAD_PARAMETER',
          `${name}: Muon trains matrices only, got shape [${parameter.shape}]; give it to AdamW (see splitParameters)`,
        );
      }
    }
    const splits = [...parameters].flatMap(([name, { shape }]) => {
      const found = split(name, shape);
      return found ? [[name, checkSplit(name, shape, found)] as const] : [];
    });
    this.#splits = new Map(splits);
    this.settings = { ...settings, split: Object.fromEntries(splits) };
    this.name = settings.name;
    this.parameters = parameters;
    this.learningRate = settings.learningRate;
    this.#groups = groupByShape(parameters, this.#splits, settings.maximumStackElements);
    const isNormalized = settings.normalization === 'normuon';
    const rowSizes = (parameter: tf.Variable): [string, number[]][] =>
      isNormalized ? [['variance', [parameter.shape[0], 1]]] : [];
    this.#state = new OptimizerState(parameters, (parameter) => [
      ['momentum', parameter.shape],
      ...rowSizes(parameter),
    ]);
  }

  /** @throws OptimizerError `BAD_GRADIENT` before anything is changed */
  step(gradients: Gradients, options: OptimizerStep = {}): void {
    for (const [name, parameter] of this.parameters) gradientOf(gradients, name, parameter);
    tf.tidy(() => {
      const pending = new Map<string, PendingUpdate>();
      for (const group of this.#groups) this.#updateGroup(group, pending, { gradients, options });
    });
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

  /** Orthogonalises blocks of one shape together; a parameter is updated as soon as all its blocks are there. */
  #updateGroup(group: ShapeGroup, pending: Map<string, PendingUpdate>, step: StepInputs): void {
    const blocks = group.map((block) => this.#takeBlock(block, pending, step));
    const stack_MAB = tf.stack(blocks) as tf.Tensor3D;
    tf.dispose(blocks);
    const orthogonal_MAB = orthogonalize(stack_MAB, this.settings.orthogonalization);
    const updates = tf.unstack(orthogonal_MAB) as tf.Tensor2D[];
    tf.dispose([stack_MAB, orthogonal_MAB]);
    group.forEach(({ name, parameter, index }, position) => {
      const { updated, blocks: all } = pending.get(name) as PendingUpdate;
      updated[index] = updates[position];
      if (Object.keys(updated).length < all.length) return;
      tf.tidy(() => this.#apply(name, parameter, join(updated, this.#splits.get(name)), step.options));
      tf.dispose(updated);
      pending.delete(name);
    });
  }

  /** One block of a parameter's direction; the direction is made when its first block is asked for. */
  #takeBlock(
    { name, parameter, index }: MatrixBlock,
    pending: Map<string, PendingUpdate>,
    step: StepInputs,
  ): tf.Tensor2D {
    if (!pending.has(name)) {
      const momentum = step.options.momentum ?? this.settings.momentum;
      const blocks = tf.tidy(() => {
        const direction = this.#direction(name, gradientOf(step.gradients, name, parameter), momentum);
        return cut(direction as tf.Tensor2D, this.#splits.get(name));
      });
      pending.set(name, { blocks, updated: [] });
    }
    return (pending.get(name) as PendingUpdate).blocks[index];
  }

  /** Keller's lerp form; the sum form m ← βm + g points the same way and orthogonalisation forgets the length. */
  #direction(name: string, gradient: tf.Tensor, momentum: number): tf.Tensor {
    const average = this.#state.slot(name, 'momentum');
    average.assign(tf.add(tf.mul(average, momentum), tf.mul(gradient, 1 - momentum)));
    return this.settings.nesterov
      ? tf.add(tf.mul(average, momentum), tf.mul(gradient, 1 - momentum))
      : tf.clone(average as tf.Tensor);
  }

  #apply(name: string, parameter: tf.Variable, orthogonal_AB: tf.Tensor2D, options: OptimizerStep): void {
    const learningRate = this.learningRate * (options.learningRateScale ?? 1);
    const decay = learningRate * (options.weightDecay ?? this.settings.weightDecay);
    const [rows, columns] = parameter.shape as [number, number];
    const scale = learningRate * updateScale(this.settings.scaling, rows, columns);
    const update_AB = this.#normalized(name, orthogonal_AB);
    const kept = decay === 0 ? parameter : this.#decayed(parameter, update_AB, decay);
    parameter.assign(tf.sub(kept, tf.mul(update_AB, scale)));
  }

  #normalized(name: string, orthogonal_AB: tf.Tensor2D): tf.Tensor2D {
    if (this.settings.normalization === 'none') return orthogonal_AB;
    const variance = this.#state.slot(name, 'variance');
    const next = normalizeRows(orthogonal_AB, variance as tf.Tensor as tf.Tensor2D, this.settings.beta2);
    variance.assign(next.variance_A1);
    return next.update_AB;
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
  checkChoice('normalization', options.normalization, ['none', 'normuon']);
  checkRange('beta2', options.beta2, 0, 1);
  checkRange('weightDecay', options.weightDecay, 0);
  checkRange('maximumStackElements', options.maximumStackElements, 1);
  return options;
}
