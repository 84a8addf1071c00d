import type { BatchSize } from './batch-size.ts';
import { DatasetError } from './dataset-error.ts';

/** How documents become rows: laid end to end, or packed by best fit with their starts aligned. */
export type Packing = 'concatenate' | 'best-fit';

/** How far one source has been read. */
export interface SourceState {
  /** Times its rows have been reshuffled, from 0. */
  epoch: number;
  /** Blocks of documents packed in this epoch; 0 when documents are concatenated. */
  block: number;
  /** Rows drawn in this epoch, or in this block of it. */
  rows: number;
  /** Tokens drawn since step 0. */
  tokens: number;
  /** Tokens that best-fit packing left out of the blocks drawn so far. */
  cropped: number;
  /** Tokens the source holds: other data cannot be resumed on. */
  size: number;
}

/** Where a loader stands: plain JSON, independent of the number of ranks. */
export interface LoaderState {
  /** The step that `next` gives. */
  step: number;
  /** The stage that was entered last. */
  stage: number;
  /** Rows drawn since step 0, skipped ones included: the index of the next random draw. */
  rows: number;
  seed: number;
  batchSize: BatchSize;
  packing: Packing;
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
  for (const key of ['batchSize', 'packing'] as const) {
    const [expected, got] = [JSON.stringify(fresh[key]), JSON.stringify(saved[key])];
    if (got !== expected) mismatch(key, expected, got);
  }
  if (![saved.stage, saved.rows].every(isCount))
    mismatch('stage and rows', 'two counts', `${saved.stage}, ${saved.rows}`);
  const names = Object.keys(fresh.sources).sort().join(', ');
  const savedNames = Object.keys(saved.sources ?? {})
    .sort()
    .join(', ');
  if (savedNames !== names) mismatch('sources', names, savedNames);
  for (const [name, { size }] of Object.entries(fresh.sources)) {
    const source = saved.sources[name];
    if (source.size !== size) mismatch(`the tokens in source "${name}"`, size, source.size);
    const { epoch, block, rows, tokens, cropped } = source;
    if ([epoch, block, rows, tokens, cropped].every(isCount)) continue;
    mismatch(`the position in source "${name}"`, 'five counts', JSON.stringify(source));
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
