import { emptyBatch, fillRow } from './batch.ts';
import type { Batch } from './batch.ts';
import { checkCount } from './stages.ts';
import type { TokenShard } from './token-shard.ts';
import { TokenSource } from './token-source.ts';

/** What is evaluated, and in what portions. */
export interface EvaluationOptions {
  /** Rows in a batch; the last batch may have fewer. */
  readonly batchSize: number;
  /** Tokens a row. */
  readonly sequenceLength: number;
  /** At most this many batches. Default: all. */
  readonly maximumBatches?: number;
  /** Entries in the vocabulary. Default 2^31. */
  readonly vocabularySize?: number;
}

/**
 * Every window of held-out shards once, in order: the same batches each time, so that losses can be compared.
 *
 * @throws DatasetError INVALID_ARGUMENT, TOO_FEW_TOKENS, READ_FAILED
 */
export function* evaluationBatches(shards: readonly TokenShard[], options: EvaluationOptions): Generator<Batch> {
  const { batchSize, sequenceLength, maximumBatches = Infinity, vocabularySize = 2 ** 31 } = options;
  checkCount('batchSize', batchSize);
  checkCount('sequenceLength', sequenceLength);
  const source = new TokenSource('held out', shards);
  const windowCount = source.windowCount(sequenceLength);
  for (let first = 0, step = 0; first < windowCount && step < maximumBatches; first += batchSize, step++) {
    const rows = Math.min(batchSize, windowCount - first);
    const sources = Array.from({ length: rows }, () => source.name);
    const batch = emptyBatch({ step, stage: 0, sequenceLength, sources });
    for (let row = 0; row < rows; row++) {
      fillRow(batch, row, source.window(first + row, sequenceLength), { source: source.name, vocabularySize });
    }
    yield batch;
  }
}
