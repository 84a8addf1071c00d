import { grown } from './growing-array.ts';

const FIELDS = 4;

/**
 * The merges of a byte-pair encoding: which two tokens become which third, and which merge goes first. Open addressing in
 * one typed array: finding a merge touches one cache line and allocates nothing.
 */
export class MergeTable {
  #capacity: number;
  /** Per slot: first id, second id, rank + 1 (0 = free), resulting id. */
  #slots: Int32Array;
  /** First and second id of every merge, in the order in which they were added. */
  #pairs: Int32Array;
  #size = 0;

  /** @param expected how many merges will come; more is fine */
  constructor(expected = 1024) {
    this.#capacity = 2 ** Math.ceil(Math.log2(Math.max(16, expected * 2)));
    this.#slots = new Int32Array(this.#capacity * FIELDS);
    this.#pairs = new Int32Array(expected * 2);
  }

  /** How many merges there are. */
  get size(): number {
    return this.#size;
  }

  #locate(first: number, second: number): number {
    const slots = this.#slots;
    const mask = this.#capacity - 1;
    const mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (;;) {
      const at = slot * FIELDS;
      if ((slots[at] === first && slots[at + 1] === second) || slots[at + 2] === 0) return at;
      slot = (slot + 1) & mask;
    }
  }

  /**
   * Adds a merge; a pair that has one keeps it.
   *
   * @param rank lower goes first
   */
  add(first: number, second: number, result: number, rank: number): void {
    const at = this.#locate(first, second);
    if (this.#slots[at + 2] !== 0) return;
    this.#slots[at] = first;
    this.#slots[at + 1] = second;
    this.#slots[at + 2] = rank + 1;
    this.#slots[at + 3] = result;
    this.#pairs = grown(this.#pairs, (this.#size + 1) * 2);
    this.#pairs[this.#size * 2] = first;
    this.#pairs[this.#size * 2 + 1] = second;
    if (++this.#size * 2 > this.#capacity) this.#grow();
  }

  #grow(): void {
    const old = this.#slots;
    this.#capacity *= 2;
    this.#slots = new Int32Array(this.#capacity * FIELDS);
    for (let at = 0; at < old.length; at += FIELDS) {
      if (old[at + 2] !== 0) this.#slots.set(old.subarray(at, at + FIELDS), this.#locate(old[at], old[at + 1]));
    }
  }

  /** Where the merge of two tokens is kept, for `rank` and `result`; -1 when there is none. */
  find(first: number, second: number): number {
    const at = this.#locate(first, second);
    return this.#slots[at + 2] === 0 ? -1 : at;
  }

  /** The rank of the merge that `find` found. */
  rank(at: number): number {
    return this.#slots[at + 2] - 1;
  }

  /** The token that the merge makes that `find` found. */
  result(at: number): number {
    return this.#slots[at + 3];
  }

  /** All merges as (first id, second id), in the order in which they were added. */
  *entries(): Generator<[number, number]> {
    for (let at = 0; at < this.#size * 2; at += 2) yield [this.#pairs[at], this.#pairs[at + 1]];
  }
}
