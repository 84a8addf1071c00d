import { DatasetError } from './dataset-error.ts';
import { normalizeMixture } from './mixture.ts';
import type { Mixture } from './mixture.ts';

/** A stretch of training with one mixture. */
export interface Stage {
  /** How many steps (batches) it lasts. */
  readonly steps: number;
  /** Weight of each source: the fraction of sequences drawn from it. Normalised when they do not sum to 1. */
  readonly mixture: Readonly<Record<string, number>>;
  /** Tokens a row, when it differs from the loader's. */
  readonly sequenceLength?: number;
}

/** A stage made ready: `start` is its first step. */
export interface PlannedStage {
  readonly start: number;
  readonly end: number;
  readonly sequenceLength: number;
  readonly mixture: Mixture;
}

/**
 * Lays stages end to end under one step counter.
 *
 * @throws DatasetError INVALID_ARGUMENT naming the stage
 */
export function planStages(
  stages: readonly Stage[],
  sequenceLength: number,
  onWarning: (message: string) => void,
): PlannedStage[] {
  if (stages.length === 0) throw new DatasetError('INVALID_ARGUMENT', 'there must be at least one stage');
  let start = 0;
  return stages.map((stage, index) => {
    const length = stage.sequenceLength ?? sequenceLength;
    for (const [name, value] of Object.entries({ steps: stage.steps, sequenceLength: length })) {
      checkCount(`stage ${index}: ${name}`, value);
    }
    const mixture = normalizeMixture(stage.mixture, index, onWarning);
    const planned = { start, end: start + stage.steps, sequenceLength: length, mixture };
    start = planned.end;
    return planned;
  });
}

/** @throws DatasetError INVALID_ARGUMENT unless `value` is an integer above 0 */
export function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new DatasetError('INVALID_ARGUMENT', `${name} must be an integer above 0, got ${value}`);
}
