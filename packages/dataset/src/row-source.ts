import type { Batch } from './batch.ts';
import type { SourceState } from './loader-state.ts';

/** A row that was drawn but not read: ranks that do not need it never read it. */
export interface DrawnRow {
  /** Name of its source. */
  readonly source: string;
  /** Reads it into a row of a batch. */
  fill(batch: Batch, row: number, vocabularySize: number): void;
}

/** One source, cut into rows in one way or another. Which row comes next depends on the position alone. */
export interface RowSource {
  readonly tokenCount: number;
  /** @throws DatasetError TOO_FEW_TOKENS when there is not a single row of this length */
  check(sequenceLength: number): void;
  /** The next row; moves the position on. */
  draw(position: SourceState, sequenceLength: number): DrawnRow;
}

/** Puts a position to the start of its next epoch. */
export function beginEpoch(position: SourceState): void {
  position.epoch += 1;
  position.block = 0;
  position.rows = 0;
}
