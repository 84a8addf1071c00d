import { DedupError } from './dedup-error.ts';
import { hashText } from './hash-text.ts';
import { Kernel } from './kernel.ts';
import { loadText } from './load-text.ts';
import { normalizeText } from './normalize-text.ts';

/** A question of an evaluation and its right answer. */
export interface EvaluationExample {
  /** name of the evaluation */
  task: string;
  /** the answer, or a whole text */
  label: string;
  /** what comes before the answer */
  query?: string;
}

/** What is compared; the defaults are datatrove's. */
export interface DecontaminationOptions {
  /** words of an n-gram; default 12 */
  ngram?: number;
  /** n-grams of the query alone count too; default false */
  queryNgrams?: boolean;
  /** n-grams that begin in the query and end in the label count too; default true */
  overlapNgrams?: boolean;
}

/** Where a text says what an evaluation says. */
export interface Contamination {
  task: string;
  /** the first n-gram they share, normalised */
  ngram: string;
}

const wordsOf = (text: string) =>
  normalizeText(text)
    .split(/ +/)
    .filter((word) => word !== '');

/** Bits of a hash that have a place of their own: nearly all n-grams of most texts are told apart by them. */
const PLACE_BITS = 24;
const placeOf = (hash: bigint) => Number(BigInt.asUintN(PLACE_BITS, hash));

/** Hashes of no permutations. */
const NO_PERMUTATIONS = { a: new BigUint64Array(0), b: new BigUint64Array(0) };

/**
 * Finds texts that give away evaluations: that share an n-gram of words with one, after {@link normalizeText}. Keeps 64
 * bits of xxHash per n-gram. Source: datatrove `decont/n_grams.py`, with words separated by white space.
 */
export class Decontaminator {
  readonly #ngram: number;
  readonly #queryNgrams: boolean;
  readonly #overlapNgrams: boolean;
  readonly #tasks = new Map<bigint, string>();
  /** a bit for the place of each hash */
  readonly #places = new Uint32Array(2 ** (PLACE_BITS - 5));
  readonly #kernel = new Kernel(NO_PERMUTATIONS);

  /** @throws DedupError `INVALID_OPTION` */
  constructor({ ngram = 12, queryNgrams = false, overlapNgrams = true }: DecontaminationOptions = {}) {
    if (!Number.isInteger(ngram) || ngram < 1 || ngram > 1024) {
      throw new DedupError('INVALID_OPTION', `ngram must be an integer in [1, 1024], got ${ngram}`);
    }
    this.#ngram = ngram;
    this.#queryNgrams = queryNgrams;
    this.#overlapNgrams = overlapNgrams;
  }

  /** How many different n-grams are looked for; 0 means that every text passes. */
  get size(): number {
    return this.#tasks.size;
  }

  /** Takes an example of an evaluation. */
  add({ task, label, query = '' }: EvaluationExample): void {
    const [queryWords, labelWords] = [wordsOf(query), wordsOf(label)];
    this.#addAll(labelWords, task);
    if (this.#queryNgrams) this.#addAll(queryWords, task);
    if (!this.#overlapNgrams) return;
    // At least one word of each: the end of the query and the beginning of the label.
    const rim = this.#ngram - 1;
    if (rim > 0)
      this.#addAll([...queryWords.slice(-rim), ...labelWords.slice(0, rim)], task, Math.min(rim, queryWords.length));
  }

  /** Adds the n-grams that begin before `end`. */
  #addAll(words: string[], task: string, end = words.length): void {
    for (let start = 0; start < end && start + this.#ngram <= words.length; start++) {
      const hash = hashText(words.slice(start, start + this.#ngram).join(' '), 'xxh64');
      if (!this.#tasks.has(hash)) this.#tasks.set(hash, task);
      this.#places[placeOf(hash) >>> 5] |= 1 << (placeOf(hash) & 31);
    }
  }

  /** The first n-gram of a text that an evaluation has too; `null` if there is none. */
  find(text: string): Contamination | null {
    let start = 0;
    for (const hashes of this.#kernel.shingles(loadText(this.#kernel, text), this.#ngram, 'xxh64')) {
      const index = this.#firstKnown(hashes);
      if (index < hashes.length) {
        const words = wordsOf(text).slice(start + index, start + index + this.#ngram);
        return { task: this.#tasks.get(hashes[index])!, ngram: words.join(' ') };
      }
      start += hashes.length;
    }
    return null;
  }

  /** Of some hashes the place of the first that is looked for; their number where none is. */
  #firstKnown(hashes: BigUint64Array): number {
    const words = new Uint32Array(hashes.buffer, hashes.byteOffset, 2 * hashes.length);
    for (let index = 0; index < hashes.length; index++) {
      const place = words[2 * index] & (2 ** PLACE_BITS - 1);
      if ((this.#places[place >>> 5] & (1 << (place & 31))) !== 0 && this.#tasks.has(hashes[index])) return index;
    }
    return hashes.length;
  }
}
