/** Disjoint sets of the numbers 0 … length − 1 whose representative is always the smallest member, whatever the order of unions. */
export class UnionFind {
  readonly #parents: Uint32Array;

  constructor(length: number) {
    this.#parents = Uint32Array.from({ length }, (_, index) => index);
  }

  /** The smallest member of the set that holds `member`. */
  find(member: number): number {
    const parents = this.#parents;
    while (parents[member] !== member) {
      parents[member] = parents[parents[member]];
      member = parents[member];
    }
    return member;
  }

  /** Makes one set of two. */
  union(left: number, right: number): void {
    const leftRoot = this.find(left);
    const rightRoot = this.find(right);
    if (leftRoot < rightRoot) this.#parents[rightRoot] = leftRoot;
    else this.#parents[leftRoot] = rightRoot;
  }
}
