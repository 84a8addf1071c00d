import { grown } from './growing-array.ts';
import type { PairStatistics } from './pair-statistics.ts';

/**
 * Pairs by falling count; of equal counts, by rising ids, as in Hugging Face's trainer. Counts change after a pair was
 * queued: an entry that is out of date is put back with the count of now when it comes to the top.
 */
export class PairQueue {
  readonly #statistics: PairStatistics;
  #pairs = new Int32Array(1 << 12);
  #counts = new Float64Array(1 << 12);
  #size = 0;

  constructor(statistics: PairStatistics) {
    this.#statistics = statistics;
  }

  /** Queues a pair with its count of now; every pair whose count has grown must be queued again. */
  push(pair: number): void {
    const count = this.#statistics.count(pair);
    if (count <= 0) return;
    this.#pairs = grown(this.#pairs, this.#size + 1);
    this.#counts = grown(this.#counts, this.#size + 1);
    let at = this.#size++;
    for (let parent = (at - 1) >> 1; at > 0 && this.#precedes(pair, count, parent); parent = (at - 1) >> 1) {
      this.#move(parent, at);
      at = parent;
    }
    this.#pairs[at] = pair;
    this.#counts[at] = count;
  }

  /** The most frequent pair, or -1 when there is none. */
  pop(): number {
    while (this.#size > 0) {
      const pair = this.#pairs[0];
      const count = this.#counts[0];
      this.#removeTop();
      if (count === this.#statistics.count(pair)) return pair;
      this.push(pair);
    }
    return -1;
  }

  #removeTop(): void {
    const pair = this.#pairs[--this.#size];
    const count = this.#counts[this.#size];
    let at = 0;
    for (let child = 1; child < this.#size; child = 2 * at + 1) {
      if (child + 1 < this.#size && this.#precedes(this.#pairs[child + 1], this.#counts[child + 1], child)) child++;
      if (this.#precedes(pair, count, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#pairs[at] = pair;
    this.#counts[at] = count;
  }

  #move(from: number, to: number): void {
    this.#pairs[to] = this.#pairs[from];
    this.#counts[to] = this.#counts[from];
  }

  /** Whether a pair with this count comes before the entry at `other`. */
  #precedes(pair: number, count: number, other: number): boolean {
    if (count !== this.#counts[other]) return count > this.#counts[other];
    const otherPair = this.#pairs[other];
    const difference = this.#statistics.first(pair) - this.#statistics.first(otherPair);
    return difference !== 0 ? difference < 0 : this.#statistics.second(pair) < this.#statistics.second(otherPair);
  }
}
