/**
 * Disjoint sets of documents in memory that threads share; the smallest member of each is its root. Any number of threads
 * may unite at the same time: a root is only ever changed by a compare-and-exchange from itself to a smaller root of the
 * other set, so that the sets and their roots at the end don't depend on the order (Anderson and Woll, "Wait-free Parallel
 * Algorithms for the Union-Find Problem", STOC 1991). What is not a root may be pointed at any of its ancestors at any time.
 */
export class SharedSets {
  readonly #parents: Uint32Array;

  /** @param parents the numbers 0, 1, 2 … at the beginning */
  constructor(parents: Uint32Array) {
    this.#parents = parents;
  }

  /** The root of a member's set, once no thread unites any more. */
  find(member: number): number {
    const parents = this.#parents;
    let parent = parents[member];
    while (parent !== member) {
      const grandparent = parents[parent];
      if (grandparent !== parent) parents[member] = grandparent;
      member = parent;
      parent = grandparent;
    }
    return member;
  }

  /** Makes one set of two. */
  union(left: number, right: number): void {
    for (;;) {
      const [leftRoot, rightRoot] = [this.find(left), this.find(right)];
      if (leftRoot === rightRoot) return;
      const [smaller, larger] = leftRoot < rightRoot ? [leftRoot, rightRoot] : [rightRoot, leftRoot];
      if (Atomics.compareExchange(this.#parents, larger, larger, smaller) === larger) return;
    }
  }
}
