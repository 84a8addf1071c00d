import { DedupError } from './dedup-error.ts';
import { hashText } from './hash-text.ts';
import { Kernel } from './kernel.ts';
import { loadText } from './load-text.ts';
import { NgramTable } from './ngram-table.ts';
import type { TableWords } from './ngram-table.ts';
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

/** What a {@link Decontaminator} looks for, to be sent to a thread; the table is not copied. */
export interface SharedNgrams {
  ngram: number;
  /** names of the evaluations; the table has their places */
  tasks: readonly string[];
  table: TableWords;
}

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
  /** places of the evaluations, by name */
  readonly #tasks = new Map<string, number>();
  #table = new NgramTable();
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

  /** One that looks for the n-grams of another, which may be in another thread. */
  static of({ ngram, tasks, table }: SharedNgrams): Decontaminator {
    const decontaminator = new Decontaminator({ ngram });
    for (const [place, task] of tasks.entries()) decontaminator.#tasks.set(task, place);
    decontaminator.#table = new NgramTable(table);
    return decontaminator;
  }

  /** What {@link Decontaminator.of} takes, when all examples are added. */
  share(): SharedNgrams {
    return { ngram: this.#ngram, tasks: [...this.#tasks.keys()], table: this.#table.words };
  }

  /** How many different n-grams are looked for; 0 means that every text passes. */
  get size(): number {
    return this.#table.size;
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
    const place = this.#tasks.get(task) ?? this.#tasks.size;
    this.#tasks.set(task, place);
    for (let start = 0; start < end && start + this.#ngram <= words.length; start++) {
      const hash = hashText(words.slice(start, start + this.#ngram).join(' '), 'xxh64');
      this.#table.add(Number(BigInt.asUintN(32, hash)), Number(hash >> 32n), place);
    }
  }

  /** The first n-gram of a text that an evaluation has too; `null` if there is none. */
  find(text: string): Contamination | null {
    let start = 0;
    for (const hashes of this.#kernel.shingles(loadText(this.#kernel, text), this.#ngram, 'xxh64')) {
      const found = this.#firstKnown(hashes);
      if (found !== null) {
        const words = wordsOf(text).slice(start + found.index, start + found.index + this.#ngram);
        return { task: [...this.#tasks.keys()][found.place], ngram: words.join(' ') };
      }
      start += hashes.length;
    }
    return null;
  }

  /** Of some hashes the first that is looked for, and the place of its evaluation. */
  #firstKnown(hashes: BigUint64Array): { index: number; place: number } | null {
    const halves = new Uint32Array(hashes.buffer, hashes.byteOffset, 2 * hashes.length);
    for (let index = 0; index < hashes.length; index++) {
      const place = this.#table.get(halves[2 * index], halves[2 * index + 1]);
      if (place >= 0) return { index, place };
    }
    return null;
  }
}
