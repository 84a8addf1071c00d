import { grown } from './growing-array.ts';
import { PairTable } from './pair-table.ts';

/** How often every pair of neighbouring tokens occurs, and where. */
export class PairStatistics {
  readonly #pairs = new PairTable(1 << 16);
  /** Per pair: first id, second id, first and last node of its list of positions. */
  #fields = new Int32Array(1 << 18);
  #counts = new Float64Array(1 << 16);
  /** Per node: position, next node (0 = none). Node 0 is not used. */
  #nodes = new Int32Array(1 << 18);
  #nodeCount = 1;

  /** The first token of a pair. */
  first(pair: number): number {
    return this.#fields[pair * 4];
  }

  /** The second token of a pair. */
  second(pair: number): number {
    return this.#fields[pair * 4 + 1];
  }

  /** How often a pair occurs, weighted by the counts of the words. */
  count(pair: number): number {
    return this.#counts[pair];
  }

  /** Adds to the count of a pair, which may be new; gives its index. */
  add(first: number, second: number, amount: number): number {
    const known = this.#pairs.size;
    const pair = this.#pairs.intern(first, second);
    if (pair === known) {
      this.#counts = grown(this.#counts, pair + 1);
      this.#fields = grown(this.#fields, (pair + 1) * 4);
      this.#fields[pair * 4] = first;
      this.#fields[pair * 4 + 1] = second;
    }
    this.#counts[pair] += amount;
    return pair;
  }

  /** Notes that a pair may begin at `position`. */
  record(pair: number, position: number): void {
    const node = this.#nodeCount++;
    this.#nodes = grown(this.#nodes, (node + 1) * 2);
    this.#nodes[node * 2] = position;
    const last = this.#fields[pair * 4 + 3];
    if (last === 0) this.#fields[pair * 4 + 2] = node;
    else this.#nodes[last * 2 + 1] = node;
    this.#fields[pair * 4 + 3] = node;
  }

  /** Forgets a pair's count and positions; gives the positions, ascending. Some may be out of date. */
  take(pair: number): number[] {
    const positions: number[] = [];
    let isAscending = true;
    for (let node = this.#fields[pair * 4 + 2]; node !== 0; node = this.#nodes[node * 2 + 1]) {
      const position = this.#nodes[node * 2];
      if (positions.length > 0 && position < positions[positions.length - 1]) isAscending = false;
      positions.push(position);
    }
    this.#fields[pair * 4 + 2] = 0;
    this.#fields[pair * 4 + 3] = 0;
    this.#counts[pair] = 0;
    return isAscending ? positions : positions.sort((left, right) => left - right);
  }
}
