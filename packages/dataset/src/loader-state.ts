import { DatasetError } from './dataset-error.ts';

/** How far one source has been read. */
export interface SourceState {
  /** Times its windows have been reshuffled, from 0. */
  epoch: number;
  /** Windows read in this epoch. */
  windows: number;
  /** Tokens read since step 0. */
  tokens: number;
  /** Tokens the source holds: other data cannot be resumed on. */
  size: number;
}

/** Where a loader stands: plain JSON, independent of the number of ranks. */
export interface LoaderState {
  /** The step that `next` gives. */
  step: number;
  seed: number;
  batchSize: number;
  sources: Record<string, SourceState>;
}

/**
 * Checks that a saved state belongs to this loader: same seed, batch size and data.
 *
 * @param fresh the loader's own state at step 0
 * @throws DatasetError STATE_MISMATCH naming what differs
 */
export function checkState(saved: LoaderState, fresh: LoaderState, totalSteps: number): void {
  if (!isCount(saved?.step) || saved.step > totalSteps)
    mismatch('step', `an integer in [0, ${totalSteps}]`, saved?.step);
  if (saved.seed !== fresh.seed) mismatch('seed', fresh.seed, saved.seed);
  if (saved.batchSize !== fresh.batchSize) mismatch('batchSize', fresh.batchSize, saved.batchSize);
  const names = Object.keys(fresh.sources).sort().join(', ');
  const savedNames = Object.keys(saved.sources ?? {})
    .sort()
    .join(', ');
  if (savedNames !== names) mismatch('sources', names, savedNames);
  for (const [name, { size }] of Object.entries(fresh.sources)) {
    const source = saved.sources[name];
    if (source.size !== size) mismatch(`the tokens in source "${name}"`, size, source.size);
    const counts = [source.epoch, source.windows, source.tokens];
    if (!counts.every(isCount)) mismatch(`the position in source "${name}"`, 'three counts', JSON.stringify(source));
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function mismatch(what: string, expected: unknown, got: unknown): never {
  throw new DatasetError(
    'STATE_MISMATCH',
    `the saved position is of another run: ${what} must be ${String(expected)}, got ${String(got)}; ` +
      'resume with the settings and shards it was saved with, or start anew',
  );
}
