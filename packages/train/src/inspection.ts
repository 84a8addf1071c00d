import { globalNorm } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { effectiveRank, stableRank, svdEntropy, symmetricEigenvalues } from './singular-values.ts';

// N rows of activations, F units; A, B rows and columns of a weight, S the fewer of them.

/** Options of inspections: a closer look at weights and activations, every so many steps. */
export interface InspectOptions {
  /** steps between them */
  every: number;
  /** matrices whose smaller side is above this have no ranks, which cost its cube; default 512 */
  maximumRankSize?: number;
}

/** What an inspection found, by parameter or by activation. */
export interface Inspection {
  /** ‖ΔW‖ / ‖W‖ of this step; about 1e-3 is healthy */
  updateRatio: Record<string, number>;
  /** root mean square of the weights */
  weightRms: Record<string, number>;
  /** norm of each gradient before clipping */
  gradientNorm: Record<string, number>;
  /** exp-entropy of the singular values of a matrix */
  effectiveRank: Record<string, number>;
  stableRank: Record<string, number>;
  svdEntropy: Record<string, number>;
  /** share of a matrix's rows (its output units) with no gradient at all in this step */
  deadUnits: Record<string, number>;
  /** root mean square of each activation that the model shows */
  activationRms?: Record<string, number>;
  /** share of its units that are zero for every token */
  silentUnits?: Record<string, number>;
}

/** Takes the activations of a forward pass; add up over micro-batches, largest share of work stays on the backend. */
export class ActivationProbe {
  readonly #squares = new Map<string, tf.Scalar[]>();
  readonly #peaks_F = new Map<string, tf.Tensor1D[]>();

  /** For `onActivation`: keeps a scalar and the peak of each unit. */
  readonly take = (name: string, activation: tf.Tensor): void => {
    const rows_NF: tf.Tensor2D = tf.reshape(activation, [-1, activation.shape.at(-1) as number]);
    const square: tf.Scalar = tf.keep(tf.mean(tf.square(rows_NF)));
    const peak_F: tf.Tensor1D = tf.keep(tf.max(tf.abs(rows_NF), 0));
    this.#squares.set(name, [...(this.#squares.get(name) ?? []), square]);
    this.#peaks_F.set(name, [...(this.#peaks_F.get(name) ?? []), peak_F]);
  };

  /** Reads and frees what was kept; empty when the model shows nothing. */
  read(): Pick<Inspection, 'activationRms' | 'silentUnits'> {
    if (this.#squares.size === 0) return {};
    const rms = (squares: tf.Scalar[]) => numberOf(() => tf.sqrt(tf.mean(tf.stack(squares))));
    const silent = (peaks_F: tf.Tensor1D[]) =>
      numberOf(() => tf.mean(tf.cast(tf.equal(tf.max(tf.stack(peaks_F), 0), 0), 'float32')));
    const found = { activationRms: mapValues(this.#squares, rms), silentUnits: mapValues(this.#peaks_F, silent) };
    tf.dispose([...this.#squares.values(), ...this.#peaks_F.values()].flat());
    return found;
  }
}

/** What an update did: parameters before and after it, and the gradients it was made from. */
export interface UpdateSeen {
  before: ReadonlyMap<string, tf.Tensor>;
  after: ReadonlyMap<string, tf.Tensor>;
  gradients: ReadonlyMap<string, tf.Tensor>;
}

/** Looks at an update. Exact but slow (the cube of a matrix's smaller side), so not for every step. */
export function inspectUpdate(
  { before, after, gradients }: UpdateSeen,
  { maximumRankSize = 512 }: InspectOptions,
): Omit<Inspection, 'activationRms' | 'silentUnits'> {
  const matrices = new Map([...after].filter(([, { shape }]) => shape.length === 2));
  const small = new Map([...matrices].filter(([, { shape }]) => Math.min(...shape) <= maximumRankSize));
  const singularValues = mapValues(small, (weight) => singularValuesOf(weight as tf.Tensor2D));
  const ranks = (measure: (values: number[]) => number) => mapValues(new Map(Object.entries(singularValues)), measure);
  const norm = (tensor: tf.Tensor) => numberOf(() => globalNorm([tensor]));
  return {
    updateRatio: mapValues(after, (weight, name) => numberOf(() => updateRatio(before.get(name)!, weight))),
    weightRms: mapValues(after, (weight) => norm(weight) / Math.sqrt(weight.size)),
    gradientNorm: mapValues(gradients, norm),
    effectiveRank: ranks(effectiveRank),
    stableRank: ranks(stableRank),
    svdEntropy: ranks(svdEntropy),
    deadUnits: mapValues(matrices, (_, name) => numberOf(() => shareOfZeroRows(gradients.get(name) as tf.Tensor2D))),
  };
}

function updateRatio(before: tf.Tensor, after: tf.Tensor): tf.Scalar {
  return tf.div(globalNorm([tf.sub(after, before)]), tf.maximum(globalNorm([before]), 1e-12));
}

function shareOfZeroRows(gradient_AB: tf.Tensor2D): tf.Scalar {
  return tf.mean(tf.cast(tf.equal(tf.max(tf.abs(gradient_AB), 1), 0), 'float32'));
}

/** Singular values by the smaller Gram matrix: those below 3e-4 of the largest are rounding. */
function singularValuesOf(weight_AB: tf.Tensor2D): number[] {
  const [rows, columns] = weight_AB.shape;
  const tall = rows > columns;
  const gram_SS = tf.matMul(weight_AB, weight_AB, tall, !tall);
  const gram = gram_SS.dataSync();
  gram_SS.dispose();
  return symmetricEigenvalues(gram, Math.min(rows, columns)).map((value) => Math.sqrt(Math.max(0, value)));
}

function numberOf(compute: () => tf.Tensor): number {
  return tf.tidy(() => compute().dataSync()[0]);
}

function mapValues<T>(map: ReadonlyMap<string, T>, measure: (value: T, name: string) => number): Record<string, number>;
function mapValues<T, R>(map: ReadonlyMap<string, T>, measure: (value: T, name: string) => R): Record<string, R>;
function mapValues<T, R>(map: ReadonlyMap<string, T>, measure: (value: T, name: string) => R): Record<string, R> {
  return Object.fromEntries([...map].map(([name, value]) => [name, measure(value, name)]));
}
