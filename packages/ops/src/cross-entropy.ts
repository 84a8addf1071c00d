/** Legend: N rows, V vocabulary. */
import * as tf from '@tensorflow/tfjs-core';
import { registerFusedGradient } from './fused-kernel.ts';
import { checkShape } from './ops-error.ts';
import { recordedRowLosses } from './row-losses.ts';
import { rowTargets } from './row-targets.ts';
import { countedRows } from './row-terms.ts';
import { checkTeacher, isTeacher } from './teacher-targets.ts';
import type { TeacherTargets } from './teacher-targets.ts';

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** Rows with this target count for nothing (default −100). */
  ignoreIndex?: number;
  /** With a teacher's targets: float32 `[N]`, 1 where the row counts and 0 where it is ignored (default all count). */
  counted_N?: tf.Tensor1D;
  /** Adds zLoss · logSumExp² per row, which keeps the normaliser near 1 (PaLM: 1e-4, SmolLM3: 1e-5; default 0). */
  zLoss?: number;
  /** `mean` over the rows that count (default), their `sum`, or `none`: one loss per row, 0 where ignored. */
  reduction?: 'mean' | 'sum' | 'none';
}

for (const name of ['SmolCrossEntropy', 'SmolSoftCrossEntropy', 'SmolSparseCrossEntropy'] as const)
  registerFusedGradient(name);

/** Number of counted rows, at least 1 so that an empty batch gives 0 and not NaN. */
export function countedTotal(counted_N: tf.Tensor1D): tf.Scalar {
  return tf.maximum(tf.sum(counted_N), 1) as tf.Scalar;
}

/** Which rows count: those whose target is not ignored, or with a teacher those that `counted_N` says. */
export function countedOf(
  rows: number,
  targets: tf.Tensor | TeacherTargets,
  options: CrossEntropyOptions,
): tf.Tensor1D {
  if (isTeacher(targets)) return options.counted_N ?? tf.ones([rows]);
  return countedRows(targets as tf.Tensor1D, options.ignoreIndex ?? -100);
}

/** Throws `SHAPE_MISMATCH` unless targets and mask fit the logits. */
export function checkTargets(
  op: string,
  [rows, vocabulary]: readonly number[],
  targets: tf.Tensor | TeacherTargets,
  { counted_N }: CrossEntropyOptions,
): void {
  if (isTeacher(targets)) checkTeacher(op, targets, rows, vocabulary);
  else {
    checkShape(
      targets.dtype === 'int32' && targets.shape.join() === `${rows}`,
      () =>
        `${op}: needs one int32 target [N] a row, got [${rows},${vocabulary}] and ${targets.dtype} [${targets.shape}]`,
    );
  }
  checkShape(
    counted_N === undefined || counted_N.shape.join() === `${rows}`,
    () => `${op}: counted_N must be [${rows}], got [${counted_N?.shape}]`,
  );
}

/**
 * Cross-entropy in nats of targets under softmax(logits): logSumExp(z) − z[target] (+ zLoss·logSumExp²). The targets may also
 * be a teacher's distributions p, whole or as the likeliest ids of a cache: −Σ p·log q, where all ids that were not kept
 * count as one, −(1 − Σp)·log(1 − Σq). Nothing of the size of the logits is made but their gradient.
 *
 * @param logits_NV `[N, V]`
 * @param targets int32 `[N]`, each in [0, V) or `ignoreIndex` (for any other a fused kernel throws and the composition is
 * NaN), or {@link TeacherTargets}
 * @returns scalar, or `[N]` with `reduction: 'none'`
 * @throws OpsError `SHAPE_MISMATCH` when there is not one target per row
 */
export function crossEntropy(
  logits_NV: tf.Tensor,
  targets: tf.Tensor | TeacherTargets,
  options: CrossEntropyOptions = {},
): tf.Tensor {
  const { ignoreIndex = -100, zLoss = 0, reduction = 'mean' } = options;
  checkShape(logits_NV.rank === 2, () => `crossEntropy: logits must be [N, V], got [${logits_NV.shape}]`);
  checkTargets('crossEntropy', logits_NV.shape, targets, options);
  return tf.tidy(() => {
    const logits = logits_NV as tf.Tensor2D;
    const counted_N = countedOf(logits.shape[0], targets, options);
    const all_N = recordedRowLosses(logits, rowTargets(targets, ignoreIndex), zLoss);
    const loss_N = isTeacher(targets) ? tf.mul(all_N, counted_N) : all_N;
    if (reduction === 'none') return loss_N;
    const total = tf.sum(loss_N);
    return reduction === 'sum' ? total : tf.div(total, countedTotal(counted_N));
  });
}
