import { DatasetError } from './dataset-error.ts';
import type { Piece } from './best-fit.ts';
import type { DocumentPlace, TokenWindow } from './token-source.ts';

/** The target where the loss counts nothing (PyTorch's and Hugging Face's `ignore_index`). */
export const IGNORED_TARGET = -100;

/** Tokens of a row that follow each other in one shard: what is kept beside a shard for each token is found by it. */
export interface Stretch {
  /** Path of the shard, as it was opened. */
  readonly shard: string;
  /** First token within the shard. */
  readonly start: number;
  readonly length: number;
}

/** Rows of token ids, row-major [rows, sequenceLength]. */
export interface Batch {
  /** Token ids, [B,T]. */
  readonly inputs: Int32Array;
  /** The token after each input, [B,T]; -100 where that would be the first token of the next document. */
  readonly targets: Int32Array;
  /** Which document of the row each input belongs to, counted from 0, [B,T]: attention stays inside a document. */
  readonly segments: Int32Array;
  /** B. */
  readonly rows: number;
  /** T. */
  readonly sequenceLength: number;
  /** The global step this batch is for, from 0. */
  readonly step: number;
  /** The stage of that step, from 0. */
  readonly stage: number;
  /** The source of each row. */
  readonly sources: readonly string[];
  /** Where the inputs of each row lie in the shards, in order; their lengths add up to T. */
  readonly origins: readonly (readonly Stretch[])[];
}

/** Where a row came from, for error messages, and the largest token id that is taken. */
interface RowContext {
  readonly source: string;
  readonly vocabularySize: number;
}

/** Writes one window into row `row` of a batch. */
export function fillRow(batch: Batch, row: number, window: TokenWindow, context: RowContext): void {
  const { tokens, documentStarts, stretches } = window;
  const { sequenceLength } = batch;
  const start = row * sequenceLength;
  checkTokens(tokens, context);
  place(batch, row, stretches);
  batch.inputs.set(tokens.subarray(0, sequenceLength), start);
  batch.targets.set(tokens.subarray(1), start);
  documentStarts.forEach((position, index) => {
    batch.targets[start + position - 1] = IGNORED_TARGET;
    const end = documentStarts[index + 1] ?? sequenceLength;
    batch.segments.fill(index + 1, start + position, start + end);
  });
}

/** Writes pieces of documents into row `row` of a batch: each is a segment of its own, and sees the token after it if its document goes on. */
export function fillPieces(
  batch: Batch,
  row: number,
  { pieces, documents }: { readonly pieces: readonly Piece[]; readonly documents: readonly DocumentPlace[] },
  context: RowContext,
): void {
  let at = row * batch.sequenceLength;
  const stretches = pieces.map(({ document, start, length }) => {
    const { shard, start: first } = documents[document];
    return { shard: shard.path, start: first + start, length };
  });
  place(batch, row, stretches);
  pieces.forEach(({ document, start, length }, segment) => {
    const { shard, start: first, end } = documents[document];
    const goesOn = first + start + length < end;
    const tokens = shard.read(first + start, length + (goesOn ? 1 : 0));
    checkTokens(tokens, context);
    batch.inputs.set(tokens.subarray(0, length), at);
    batch.targets.set(tokens.subarray(1), at);
    if (!goesOn) batch.targets[at + length - 1] = IGNORED_TARGET;
    batch.segments.fill(segment, at, at + length);
    at += length;
  });
}

/** Room for a batch: segments are all 0 until a row is filled. */
export function emptyBatch(batch: Omit<Batch, 'inputs' | 'targets' | 'segments' | 'rows' | 'origins'>): Batch {
  const rows = batch.sources.length;
  const size = rows * batch.sequenceLength;
  const [inputs, targets, segments] = [new Int32Array(size), new Int32Array(size), new Int32Array(size)];
  return { ...batch, rows, inputs, targets, segments, origins: Array.from({ length: rows }, () => []) };
}

/** Notes where a row's tokens are from. */
function place(batch: Batch, row: number, stretches: readonly Stretch[]): void {
  (batch.origins as (readonly Stretch[])[])[row] = stretches;
}

function checkTokens(tokens: Uint32Array, { source, vocabularySize }: RowContext): void {
  let largest = 0;
  for (let position = 0; position < tokens.length; position++) {
    if (tokens[position] > largest) largest = tokens[position];
  }
  if (largest < vocabularySize) return;
  throw new DatasetError(
    'INVALID_TOKEN',
    `source "${source}" has token ${largest}, the vocabulary has ${vocabularySize} entries; ` +
      'its shards were made with another tokenizer',
  );
}
