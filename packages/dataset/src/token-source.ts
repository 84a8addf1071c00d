import type { Stretch } from './batch.ts';
import { DatasetError } from './dataset-error.ts';
import type { TokenShard } from './token-shard.ts';

/** A stretch of tokens and the positions in it at which a new document starts (never 0: what came before is not seen). */
export interface TokenWindow {
  readonly tokens: Uint32Array;
  readonly documentStarts: readonly number[];
  /** Where all but the last token lie. */
  readonly stretches: readonly Stretch[];
}

/** Where a document lies. */
export interface DocumentPlace {
  readonly shard: TokenShard;
  /** Tokens of the shard, the end exclusive. */
  readonly start: number;
  readonly end: number;
}

/**
 * The shards of one source, laid end to end and cut into windows of `sequenceLength + 1` tokens, one every
 * `sequenceLength` tokens: each token is the input of exactly one window and the target of exactly one (the last token
 * of a window is the first of the next). Fewer than `sequenceLength + 1` tokens at the end of the source are left over.
 */
export class TokenSource {
  readonly name: string;
  readonly tokenCount: number;
  readonly documentCount: number;
  readonly #shards: readonly TokenShard[];
  /** The token of the source at which each shard starts. */
  readonly #offsets: readonly number[];
  /** The document of the source at which each shard starts. */
  readonly #firstDocuments: readonly number[];

  constructor(name: string, shards: readonly TokenShard[]) {
    this.name = name;
    this.#shards = shards.filter((shard) => shard.tokenCount > 0);
    const lengths = this.#shards.map(({ tokenCount }) => tokenCount);
    const counts = this.#shards.map(({ documentCount }) => documentCount);
    [this.#offsets, this.tokenCount] = runningSums(lengths);
    [this.#firstDocuments, this.documentCount] = runningSums(counts);
  }

  /**
   * How many windows the source has.
   *
   * @throws DatasetError TOO_FEW_TOKENS when there is none
   */
  windowCount(sequenceLength: number): number {
    const count = Math.floor((this.tokenCount - 1) / sequenceLength);
    if (count >= 1) return count;
    throw new DatasetError(
      'TOO_FEW_TOKENS',
      `source "${this.name}" has ${this.tokenCount} tokens, a sequence of ${sequenceLength} needs ${sequenceLength + 1}; ` +
        'give it more documents or use shorter sequences',
    );
  }

  /** Reads window `index`, across shard borders where needed. */
  window(index: number, sequenceLength: number): TokenWindow {
    const start = index * sequenceLength;
    const tokens = new Uint32Array(sequenceLength + 1);
    const documentStarts: number[] = [];
    const stretches: Stretch[] = [];
    for (let filled = 0, at = lastNotAbove(this.#offsets, start); filled < tokens.length; at++) {
      const shard = this.#shards[at];
      const from = start + filled - this.#offsets[at];
      const length = Math.min(tokens.length - filled, shard.tokenCount - from);
      if (filled > 0) documentStarts.push(filled);
      for (const boundary of shard.documentStartsBetween(from, from + length)) {
        documentStarts.push(boundary - from + filled);
      }
      tokens.set(shard.read(from, length), filled);
      const inputs = Math.min(length, sequenceLength - filled);
      if (inputs > 0) stretches.push({ shard: shard.path, start: from, length: inputs });
      filled += length;
    }
    return { tokens, documentStarts, stretches };
  }

  /** Where document `index` of the source lies, counted over all shards. */
  document(index: number): DocumentPlace {
    const at = lastNotAbove(this.#firstDocuments, index);
    const shard = this.#shards[at];
    const [start, end] = shard.documentBounds(index - this.#firstDocuments[at]);
    return { shard, start, end };
  }
}

/** What comes before each item, and the sum of all. */
function runningSums(items: readonly number[]): [before: number[], total: number] {
  let total = 0;
  return [items.map((item) => (total += item) - item), total];
}

/** The index of the last of the ascending values that is not above `limit`. */
function lastNotAbove(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (ascending[middle] <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
