import { DedupError } from './dedup-error.ts';
import { hashText } from './hash-text.ts';
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

/**
 * Finds texts that give away evaluations: that share an n-gram of words with one, after {@link normalizeText}. Keeps 64
 * bits of xxHash per n-gram. Source: datatrove `decont/n_grams.py`, with words separated by white space.
 */
export class Decontaminator {
  readonly #ngram: number;
  readonly #queryNgrams: boolean;
  readonly #overlapNgrams: boolean;
  readonly #tasks = new Map<bigint, string>();

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
    }
  }

  /** The first n-gram of a text that an evaluation has too; `null` if there is none. */
  find(text: string): Contamination | null {
    const words = wordsOf(text);
    for (let start = 0; start + this.#ngram <= words.length; start++) {
      const ngram = words.slice(start, start + this.#ngram).join(' ');
      const task = this.#tasks.get(hashText(ngram, 'xxh64'));
      if (task !== undefined) return { task, ngram };
    }
    return null;
  }
}
