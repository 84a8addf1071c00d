import type { WordCounts } from './count-words.ts';
import { PairQueue } from './pair-queue.ts';
import { PairStatistics } from './pair-statistics.ts';

/** No neighbour, or no pair. */
const NONE = -1;

/**
 * A place in a word: its token, the pair it makes with the next token, the places of its neighbours, its word. They lie
 * side by side, as a merge needs all of them and memory is what it waits for.
 */
const CELL = 5;
const PAIR = 1;
const NEXT = 2;
const PREVIOUS = 3;
const WORD = 4;

/**
 * The words of a corpus as linked lists of tokens in which pairs are merged. A merge touches only the places where the
 * pair stands and the counts of the pairs around them (Sennrich et al. 2016, `learn_bpe.py`).
 */
export class MergeTrainer {
  readonly #statistics = new PairStatistics();
  readonly #queue = new PairQueue(this.#statistics);
  readonly #cells: Int32Array;
  readonly #counts: Float64Array;

  /** @param byteTokens the token of each byte */
  constructor({ words, counts }: WordCounts, byteTokens: ArrayLike<number>) {
    const { bytes } = words;
    const cells = new Int32Array(words.byteCount * CELL);
    let at = 0;
    for (let word = 0; word < words.size; word++) {
      const start = words.start(word);
      const length = words.byteLength(word);
      for (let index = 0; index < length; index++, at += CELL) {
        cells[at] = byteTokens[bytes[start + index]];
        cells[at + PAIR] = NONE;
        cells[at + NEXT] = index + 1 < length ? at + CELL : NONE;
        cells[at + PREVIOUS] = index > 0 ? at - CELL : NONE;
        cells[at + WORD] = word;
      }
    }
    this.#cells = cells;
    this.#counts = counts;
    for (let place = 0; place < cells.length; place += CELL) {
      if (cells[place + NEXT] !== NONE) this.#recordPair(place, counts[cells[place + WORD]]);
    }
    this.#queueRecorded();
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
    const places = this.#statistics.take(pair);
    for (let index = 0; index < places.length; index++) {
      if (this.#cells[places[index] + PAIR] === pair) this.#mergeAt(places[index], token);
    }
    this.#queueRecorded();
  }

  #mergeAt(place: number, token: number): void {
    const cells = this.#cells;
    const weight = this.#counts[cells[place + WORD]];
    const right = cells[place + NEXT];
    const before = cells[place + PREVIOUS];
    const after = cells[right + NEXT];
    if (before !== NONE) this.#statistics.add(cells[before + PAIR], -weight);
    if (after !== NONE) this.#statistics.add(cells[right + PAIR], -weight);
    cells[place] = token;
    cells[place + PAIR] = NONE;
    cells[place + NEXT] = after;
    cells[right + PAIR] = NONE;
    if (after !== NONE) cells[after + PREVIOUS] = place;
    if (before !== NONE) this.#recordPair(before, weight);
    if (after !== NONE) this.#recordPair(place, weight);
  }

  /** One more of the pair that begins at `place`. */
  #recordPair(place: number, weight: number): void {
    const cells = this.#cells;
    cells[place + PAIR] = this.#statistics.record(cells[place], cells[cells[place + NEXT]], place, weight);
  }

  #queueRecorded(): void {
    const recorded = this.#statistics.takeRecorded();
    for (let index = 0; index < recorded.length; index++) this.#queue.push(recorded[index]);
  }
}
