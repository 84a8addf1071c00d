import { grown } from './growing-array.ts';
import { PairTable } from './pair-table.ts';

/** Per pair: first id, second id, first and last node of its list of places, the round in which it was last recorded. */
const FIELDS = 5;

/** How often every pair of neighbouring tokens occurs, and where. Pairs are numbered from 0. */
export class PairStatistics {
  readonly #pairs = new PairTable(1 << 16);
  #fields = new Int32Array(FIELDS << 16);
  #counts = new Float64Array(1 << 16);
  /** Per node: place, next node (0 = none). Node 0 is not used. */
  #nodes = new Int32Array(1 << 18);
  #nodeCount = 1;
  #taken = new Int32Array(1 << 10);
  /** The pairs recorded in this round. */
  #recorded = new Int32Array(1 << 10);
  #recordedCount = 0;
  #round = 1;

  /** The first token of a pair. */
  first(pair: number): number {
    return this.#fields[pair * FIELDS];
  }

  /** The second token of a pair. */
  second(pair: number): number {
    return this.#fields[pair * FIELDS + 1];
  }

  /** How often a pair occurs, weighted by the counts of the words. */
  count(pair: number): number {
    return this.#counts[pair];
  }

  /** Adds to the count of a pair. */
  add(pair: number, amount: number): void {
    this.#counts[pair] += amount;
  }

  /** Notes that a pair, which may be new, occurs at a place, so many times; gives its number. */
  record(first: number, second: number, place: number, times: number): number {
    const known = this.#pairs.size;
    const pair = this.#pairs.intern(first, second, known);
    if (pair === known) {
      this.#counts = grown(this.#counts, pair + 1);
      this.#fields = grown(this.#fields, (pair + 1) * FIELDS);
      this.#fields[pair * FIELDS] = first;
      this.#fields[pair * FIELDS + 1] = second;
    }
    this.#counts[pair] += times;
    this.#append(pair, place);
    return pair;
  }

  #append(pair: number, place: number): void {
    const node = this.#nodeCount++;
    this.#nodes = grown(this.#nodes, (node + 1) * 2);
    const [nodes, fields, at] = [this.#nodes, this.#fields, pair * FIELDS];
    nodes[node * 2] = place;
    if (fields[at + 3] === 0) fields[at + 2] = node;
    else nodes[fields[at + 3] * 2 + 1] = node;
    fields[at + 3] = node;
    if (fields[at + 4] === this.#round) return;
    fields[at + 4] = this.#round;
    this.#recorded = grown(this.#recorded, this.#recordedCount + 1);
    this.#recorded[this.#recordedCount++] = pair;
  }

  /** The pairs recorded since the last call, each once; valid until the next `record`. */
  takeRecorded(): Int32Array {
    const recorded = this.#recorded.subarray(0, this.#recordedCount);
    this.#recordedCount = 0;
    this.#round++;
    return recorded;
  }

  /** Forgets a pair's count and places; gives the places, ascending, until the next call. Some may be out of date. */
  take(pair: number): Int32Array {
    const at = pair * FIELDS;
    let count = 0;
    let isAscending = true;
    for (let node = this.#fields[at + 2]; node !== 0; node = this.#nodes[node * 2 + 1]) {
      const place = this.#nodes[node * 2];
      this.#taken = grown(this.#taken, count + 1);
      if (count > 0 && place < this.#taken[count - 1]) isAscending = false;
      this.#taken[count++] = place;
    }
    this.#fields[at + 2] = 0;
    this.#fields[at + 3] = 0;
    this.#counts[pair] = 0;
    const places = this.#taken.subarray(0, count);
    return isAscending ? places : places.sort();
  }
}
