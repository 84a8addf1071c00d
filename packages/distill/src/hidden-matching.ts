import { RandomStream } from '@smol/random';
import * as tf from '@tensorflow/tfjs-core';
import type { ObjectivePass } from './distillation-objective.ts';
import { checkCount, checkRange, DistillError } from './distill-error.ts';
import { hiddenLoss, type HiddenMeasure } from './hidden-loss.ts';

// N rows, D student's width, E teacher's width.

/** A layer of the student and the layer of the teacher that it is to be like, counted from 0. */
export type LayerPair = readonly [student: number, teacher: number];

/** Options of matching hidden states. */
export interface HiddenMatchingOptions {
  pairs: readonly LayerPair[];
  /** D */
  studentWidth: number;
  /** E */
  teacherWidth: number;
  /** what the mean over all pairs counts in the loss; default 1 */
  weight?: number;
  /** default `cosine` */
  measure?: HiddenMeasure;
  /** of the projections */
  seed: number;
}

/** Hidden states of pairs of layers, each with a trained projection to the teacher's width. */
export interface HiddenMatching {
  readonly pairs: readonly LayerPair[];
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  loss(pass: Pick<ObjectivePass, 'layers' | 'report'>, teacher: readonly tf.Tensor2D[]): tf.Scalar;
  dispose(): void;
}

/**
 * Every layer of the student with the layer of the teacher that lies as deep: student i with teacher
 * ⌊(i + 1)·teacherLayers / studentLayers⌋ − 1, so that the last ones are a pair.
 *
 * @throws DistillError `BAD_OPTION` when the teacher has fewer layers
 */
export function uniformLayerMap(studentLayers: number, teacherLayers: number): LayerPair[] {
  checkCount('studentLayers', studentLayers);
  if (teacherLayers < studentLayers)
    throw new DistillError(
      'BAD_OPTION',
      `the teacher has ${teacherLayers} layers, fewer than the student's ${studentLayers}; name the pairs yourself`,
    );
  return Array.from({ length: studentLayers }, (_, layer) => [
    layer,
    Math.floor(((layer + 1) * teacherLayers) / studentLayers) - 1,
  ]);
}

/** [E, D], Xavier's deviation √(2 / (D + E)). */
function newProjection([layer]: LayerPair, { studentWidth, teacherWidth, seed }: HiddenMatchingOptions): tf.Variable {
  const stream = new RandomStream(seed, `distill projection of layer ${layer}`);
  const deviation = Math.sqrt(2 / (studentWidth + teacherWidth));
  const values = stream.normals(studentWidth * teacherWidth, deviation);
  return tf.tidy(() => tf.variable(tf.tensor2d(Float32Array.from(values), [teacherWidth, studentWidth])));
}

/** @throws DistillError `BAD_OPTION` */
export function hiddenMatching(options: HiddenMatchingOptions): HiddenMatching {
  const { pairs, weight = 1, measure = 'cosine' } = options;
  checkRange('hidden.weight', weight, 0, Number.MAX_VALUE);
  const students = pairs.map(([layer]) => layer);
  if (pairs.length === 0 || new Set(students).size < pairs.length)
    throw new DistillError('BAD_OPTION', 'hidden.pairs must name layers of the student, each once');
  const projections = pairs.map((pair) => newProjection(pair, options));
  return {
    pairs,
    parameters: new Map(students.map((layer, index) => [`distill.projections.${layer}.weight`, projections[index]])),
    loss({ layers, report }, teacher) {
      const losses = pairs.map(([layer], index) => {
        const projection_DS = projections[index] as tf.Tensor as tf.Tensor2D;
        return hiddenLoss(layers.get(layer)!, teacher[index], { measure, projection_DS });
      });
      const mean: tf.Scalar = tf.div(tf.addN(losses), pairs.length);
      report('hidden', mean);
      return tf.mul(mean, weight);
    },
    dispose: () => tf.dispose(projections),
  };
}
