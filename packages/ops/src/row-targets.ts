/** Legend: N rows, S ids a teacher kept, V vocabulary. */
import * as tf from '@tensorflow/tfjs-core';
import type { SoftTargets, SparseTargets, TeacherTargets } from './teacher-targets.ts';

/** One id a row, or the id that means that the row counts for nothing. */
export interface HardTargets {
  /** int32 `[N]` */
  targets_N: tf.Tensor1D;
  ignoreIndex: number;
}

/** What some rows are held against. */
export type RowTargets = HardTargets | SoftTargets | SparseTargets;

/** Targets as an op is given them, with what `ignoreIndex` its options say. */
export function rowTargets(targets: tf.Tensor | TeacherTargets, ignoreIndex: number): RowTargets {
  return targets instanceof tf.Tensor ? { targets_N: targets as tf.Tensor1D, ignoreIndex } : targets;
}

/** The tensors among the targets, in a fixed order. */
export function targetTensors(targets: RowTargets): tf.Tensor[] {
  return Object.values(targets).filter((value): value is tf.Tensor => value instanceof tf.Tensor);
}

/** Targets like these with other tensors, in the order of {@link targetTensors}. */
export function withTensors(targets: RowTargets, tensors: readonly tf.Tensor[]): RowTargets {
  let next = 0;
  const replace = (value: unknown) => (value instanceof tf.Tensor ? tensors[next++] : value);
  return Object.fromEntries(
    Object.entries(targets).map(([name, value]) => [name, replace(value)]),
  ) as unknown as RowTargets;
}

/** Rows `start` … `start + size − 1` of a tensor, without a copy when they are all. */
export function takeRows<T extends tf.Tensor>(x: T, start: number, size: number): T {
  return size === x.shape[0] ? x : (tf.slice(x as tf.Tensor, start, size) as T);
}

/** Targets of the rows `start` … `start + size − 1`. */
export function takeTargets(targets: RowTargets, start: number, size: number): RowTargets {
  return withTensors(
    targets,
    targetTensors(targets).map((x) => takeRows(x, start, size)),
  );
}
