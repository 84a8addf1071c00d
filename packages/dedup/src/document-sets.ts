import type { Representative } from './stage-settings.ts';
import { SharedSets } from './shared-sets.ts';

/** Disjoint sets of documents, each with one that stands for it. */
export interface DocumentSets {
  union(left: number, right: number): void;
  find(member: number): number;
}

/**
 * datatrove's sets: the root of the larger one stays root, of two equal ones the left. Which document is kept depends on
 * the order of unions. 0 stands for documents of earlier runs and stays root.
 */
class SetsBySize implements DocumentSets {
  readonly #parents: Uint32Array;
  readonly #sizes: Uint32Array;

  constructor(parents: Uint32Array, sizes: Uint32Array) {
    this.#parents = parents;
    this.#sizes = sizes.fill(1);
  }

  find(member: number): number {
    const parents = this.#parents;
    while (parents[member] !== member) {
      parents[member] = parents[parents[member]];
      member = parents[member];
    }
    return member;
  }

  union(left: number, right: number): void {
    let [kept, joined] = [this.find(left), this.find(right)];
    if (kept === joined) return;
    const isSmaller = kept !== 0 && this.#sizes[kept] < this.#sizes[joined];
    if (joined === 0 || isSmaller) [kept, joined] = [joined, kept];
    this.#parents[joined] = kept;
    this.#sizes[kept] += this.#sizes[joined];
  }
}

/**
 * @param parents 0, 1, 2 … at the beginning
 * @param sizes room that the sets may use
 */
export function documentSets(parents: Uint32Array, sizes: Uint32Array, representative: Representative): DocumentSets {
  return representative === 'first' ? new SharedSets(parents) : new SetsBySize(parents, sizes);
}
