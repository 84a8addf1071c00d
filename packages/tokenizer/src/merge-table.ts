import { grown } from './growing-array.ts';
import { PairTable } from './pair-table.ts';

/** The merges of a byte-pair encoding: which two tokens become which third, and which merge goes first. */
export class MergeTable {
  /** Of every pair: the rank of its merge, and the token that comes out. */
  readonly #table: PairTable;
  /** First and second id of every merge, in the order in which they were added. */
  #pairs: Int32Array;

  /** @param expected how many merges will come; more is fine */
  constructor(expected = 1024) {
    this.#table = new PairTable(expected);
    this.#pairs = new Int32Array(expected * 2);
  }

  /** How many merges there are. */
  get size(): number {
    return this.#table.size;
  }

  /**
   * Adds a merge; a pair that has one keeps it.
   *
   * @param rank lower goes first
   */
  add(first: number, second: number, result: number, rank: number): void {
    const before = this.size;
    this.#table.intern(first, second, rank, result);
    if (this.size === before) return;
    this.#pairs = grown(this.#pairs, this.size * 2);
    this.#pairs[before * 2] = first;
    this.#pairs[before * 2 + 1] = second;
  }

  /** Where the merge of two tokens is kept, for `rank` and `result`; -1 when there is none. */
  find(first: number, second: number): number {
    return this.#table.find(first, second);
  }

  /** The rank of the merge that `find` found. */
  rank(at: number): number {
    return this.#table.value(at);
  }

  /** The token that the merge makes that `find` found. */
  result(at: number): number {
    return this.#table.other(at);
  }

  /** All merges as (first id, second id), in the order in which they were added. */
  *entries(): Generator<[number, number]> {
    for (let at = 0; at < this.size * 2; at += 2) yield [this.#pairs[at], this.#pairs[at + 1]];
  }
}
