import { firstMembers, largestRoots } from './cluster-summary.ts';
import { FINGERPRINT_WORDS } from './exact-deduplicator.ts';
import { FingerprintTable } from './fingerprint-table.ts';

/** A large group: documents by number. */
export interface ExactGroup {
  size: number;
  /** the first few */
  members: number[];
  /** the one that is kept */
  kept: number;
}

/** What is told of all groups of two and more. */
export interface GroupSummary {
  clusters: number;
  /** how many there are of each size */
  clusterSizes: Record<number, number>;
  largest: ExactGroup[];
}

/**
 * Of documents with the same key, finds the one of the highest priority, the first of several; takes all documents before
 * it can answer. Any finite number is a priority, 0 and negative ones too.
 */
export class ExactGroups {
  readonly #seen = new FingerprintTable(FINGERPRINT_WORDS);
  readonly #priorities: number[] = [];
  /** the first document with the same key, by document */
  readonly #firsts: number[] = [];
  /** the document to keep, by the first one of the group */
  readonly #kept: number[] = [];

  /** Takes the next document: the fingerprint of its key, which begins at a place of an array. */
  add(key: Uint32Array, start: number, priority: number): void {
    const index = this.#firsts.length;
    const first = this.#seen.add(key, start, index);
    this.#priorities.push(priority);
    this.#firsts.push(first);
    this.#kept.push(index);
    if (priority > this.#priorities[this.#kept[first]]) this.#kept[first] = index;
  }

  /** The document that is kept in place of another (or the same), by the number of that one. */
  keptOf(index: number): number {
    return this.#kept[this.#firsts[index]];
  }

  /** Groups by size, with the largest. */
  summarize(): GroupSummary {
    const sizes = new Uint32Array(this.#firsts.length);
    const firsts = Uint32Array.from(this.#firsts);
    for (const first of firsts) sizes[first]++;
    const clusterSizes: Record<number, number> = {};
    for (const size of sizes) if (size > 1) clusterSizes[size] = (clusterSizes[size] ?? 0) + 1;
    const roots = largestRoots(sizes, clusterSizes);
    const members = firstMembers(firsts, roots);
    const largest = roots.map((root) => ({ size: sizes[root], members: members.get(root)!, kept: this.#kept[root] }));
    const clusters = Object.values(clusterSizes).reduce((sum, count) => sum + count, 0);
    return { clusters, clusterSizes, largest };
  }
}
