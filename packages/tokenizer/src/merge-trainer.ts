import type { WordCounts } from './count-words.ts';
import { PairQueue } from './pair-queue.ts';
import { PairStatistics } from './pair-statistics.ts';

/** A removed symbol, or no neighbour. */
const NONE = -1;

/**
 * The words of a corpus as linked lists of tokens in which pairs are merged. A merge touches only the places where the
 * pair stands and the counts of the pairs around them (Sennrich et al. 2016, `learn_bpe.py`).
 */
export class MergeTrainer {
  readonly #statistics = new PairStatistics();
  readonly #queue = new PairQueue(this.#statistics);
  /** Per position of all words' bytes one after another: token, neighbours, word. */
  readonly #symbols: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #wordOf: Int32Array;
  readonly #counts: Float64Array;
  /** Pairs whose count has grown in this merge. */
  #grown = new Set<number>();

  /** @param byteTokens the token of each byte */
  constructor({ words, counts }: WordCounts, byteTokens: ArrayLike<number>) {
    const length = words.byteCount;
    const wordOf = new Int32Array(length);
    this.#symbols = new Int32Array(length);
    let position = 0;
    for (let index = 0; index < words.size; index++) {
      for (const byte of words.word(index)) {
        wordOf[position] = index;
        this.#symbols[position++] = byteTokens[byte];
      }
    }
    this.#counts = counts;
    this.#wordOf = wordOf;
    this.#next = Int32Array.from({ length }, (_, at) =>
      at + 1 < length && wordOf[at + 1] === wordOf[at] ? at + 1 : NONE,
    );
    this.#previous = Int32Array.from({ length }, (_, at) => (at > 0 && wordOf[at - 1] === wordOf[at] ? at - 1 : NONE));
    this.#countPairs();
  }

  #countPairs(): void {
    for (let position = 0; position < this.#symbols.length; position++) {
      if (this.#next[position] !== NONE) this.#grow(position, this.#counts[this.#wordOf[position]]);
    }
    this.#queueGrown();
  }

  /** The most frequent pair that is left, or undefined. */
  nextPair(): { first: number; second: number; count: number; pair: number } | undefined {
    const pair = this.#queue.pop();
    if (pair === NONE) return undefined;
    const statistics = this.#statistics;
    return { pair, first: statistics.first(pair), second: statistics.second(pair), count: statistics.count(pair) };
  }

  /** Gives up a pair: it will not come again. */
  drop(pair: number): void {
    this.#statistics.take(pair);
  }

  /** Replaces a pair by `token` wherever it stands, from left to right. */
  merge(pair: number, token: number): void {
    const first = this.#statistics.first(pair);
    const second = this.#statistics.second(pair);
    for (const position of this.#statistics.take(pair)) {
      const right = this.#next[position];
      if (this.#symbols[position] === first && right !== NONE && this.#symbols[right] === second) {
        this.#mergeAt(position, right, token);
      }
    }
    this.#queueGrown();
  }

  #mergeAt(position: number, right: number, token: number): void {
    const weight = this.#counts[this.#wordOf[position]];
    const before = this.#previous[position];
    const after = this.#next[right];
    if (before !== NONE) this.#statistics.add(this.#symbols[before], this.#symbols[position], -weight);
    if (after !== NONE) this.#statistics.add(this.#symbols[right], this.#symbols[after], -weight);
    this.#symbols[position] = token;
    this.#symbols[right] = NONE;
    this.#next[position] = after;
    if (after !== NONE) this.#previous[after] = position;
    if (before !== NONE) this.#grow(before, weight);
    if (after !== NONE) this.#grow(position, weight);
  }

  /** One more of the pair at `position`. */
  #grow(position: number, weight: number): void {
    const pair = this.#statistics.add(this.#symbols[position], this.#symbols[this.#next[position]], weight);
    this.#statistics.record(pair, position);
    this.#grown.add(pair);
  }

  #queueGrown(): void {
    for (const pair of this.#grown) this.#queue.push(pair);
    this.#grown.clear();
  }
}
