import { DatasetError } from './dataset-error.ts';
import { checkCount } from './stages.ts';

/** From a step on, batches have so many rows. */
export interface BatchSizeChange {
  /** First step, from 0, that has this many rows. */
  readonly fromStep: number;
  /** Rows in a batch, over all ranks. */
  readonly rows: number;
}

/** Rows in a batch: the same in every step, or growing (or shrinking) at given steps; the first change is at step 0. */
export type BatchSize = number | readonly BatchSizeChange[];

/**
 * The rows of a batch as a function of its step.
 *
 * @throws DatasetError INVALID_ARGUMENT when a count is not positive or the steps do not ascend from 0
 */
export function planBatchSize(batchSize: BatchSize): (step: number) => number {
  if (typeof batchSize === 'number') {
    checkCount('batchSize', batchSize);
    return () => batchSize;
  }
  if (batchSize[0]?.fromStep !== 0) {
    throw new DatasetError(
      'INVALID_ARGUMENT',
      `batchSize must begin with a change from step 0, got ${describe(batchSize)}`,
    );
  }
  batchSize.forEach(({ fromStep, rows }, index) => {
    checkCount(`batchSize from step ${fromStep}`, rows);
    if (index === 0 || (Number.isSafeInteger(fromStep) && fromStep > batchSize[index - 1].fromStep)) return;
    throw new DatasetError('INVALID_ARGUMENT', `the steps of batchSize must ascend, got ${describe(batchSize)}`);
  });
  return (step) => (batchSize.findLast(({ fromStep }) => fromStep <= step) as BatchSizeChange).rows;
}

function describe(changes: readonly BatchSizeChange[]): string {
  return JSON.stringify(changes).slice(0, 100);
}
