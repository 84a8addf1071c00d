/** Legend: N rows, S ids a teacher kept, V vocabulary. */
import * as tf from '@tensorflow/tfjs-core';
import { checkShape } from './ops-error.ts';

/** A teacher's whole distribution of every row. */
export interface SoftTargets {
  /** float32 `[N, V]`; each row sums to 1. */
  probabilities_NV: tf.Tensor2D;
}

/** What is left of a teacher that was cached: its likeliest ids. All others count together, as one bucket. */
export interface SparseTargets {
  /** int32 `[N, S]`, each in [0, V), no id twice in a row. */
  ids_NS: tf.Tensor2D;
  /** float32 `[N, S]`, natural logarithms of the teacher's probabilities of these ids. */
  logProbabilities_NS: tf.Tensor2D;
}

/** Targets that are distributions instead of ids. */
export type TeacherTargets = SoftTargets | SparseTargets;

/** Whether these targets are distributions. */
export function isTeacher(targets: tf.Tensor | TeacherTargets): targets is TeacherTargets {
  return !(targets instanceof tf.Tensor);
}

/** The tensors of the targets, in a fixed order. */
export function teacherTensors(targets: TeacherTargets): tf.Tensor2D[] {
  return 'ids_NS' in targets ? [targets.ids_NS, targets.logProbabilities_NS] : [targets.probabilities_NV];
}

/** Throws `SHAPE_MISMATCH` unless the targets fit `rows` rows over a vocabulary. */
export function checkTeacher(op: string, targets: TeacherTargets, rows: number, vocabulary: number): void {
  const [first, second] = teacherTensors(targets);
  const shapes = `${first.dtype} [${first.shape}]${second ? ` and ${second.dtype} [${second.shape}]` : ''}`;
  const fits =
    second === undefined
      ? first.shape.join() === `${rows},${vocabulary}` && first.dtype === 'float32'
      : first.rank === 2 &&
        first.shape[0] === rows &&
        first.dtype === 'int32' &&
        second.shape.join() === first.shape.join();
  checkShape(
    fits,
    () =>
      `${op}: teacher targets must be probabilities float32 [${rows}, ${vocabulary}] or ids int32 [${rows}, S] with ` +
      `logProbabilities [${rows}, S], got ${shapes}`,
  );
}
