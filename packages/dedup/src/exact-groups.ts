import { firstMembers, largestRoots } from './cluster-summary.ts';
import type { ClusterSample } from './cluster-summary.ts';
import type { TextDocument } from './exact-deduplicator.ts';
import { ExactDeduplicator } from './exact-deduplicator.ts';

/** What is told of all groups of two and more. */
export interface GroupSummary {
  clusters: number;
  /** how many there are of each size */
  clusterSizes: Record<number, number>;
  largestClusters: ClusterSample[];
}

/**
 * Of documents with the same key, finds the one of the highest priority, the first of several; takes all documents before
 * it can answer. Any finite number is a priority, 0 and negative ones too.
 */
export class ExactGroups {
  readonly #exact = new ExactDeduplicator((document) => document.text);
  readonly #ids: string[] = [];
  readonly #priorities: number[] = [];
  /** the first document with the same key, by document */
  readonly #firsts: number[] = [];
  /** the document to keep, by the first one of the group */
  readonly #kept: number[] = [];
  readonly #shown = new Map<number, ClusterSample>();

  /** Takes the next document, its key as `text`. */
  add(document: TextDocument, priority: number): void {
    const index = this.#ids.push(document.id) - 1;
    const first = this.#exact.add(document);
    this.#priorities.push(priority);
    this.#firsts.push(first);
    this.#kept.push(index);
    if (priority > this.#priorities[this.#kept[first]]) this.#kept[first] = index;
  }

  /** The document that is kept in place of another (or the same), by the number of that one. */
  keptOf(index: number): { index: number; id: string } {
    const kept = this.#kept[this.#firsts[index]];
    return { index: kept, id: this.#ids[kept] };
  }

  /** Tells the text of a document, which is shown if it stands for a large group. */
  show(index: number, text: string): void {
    const sample = this.#shown.get(index);
    if (sample) sample.text = text.slice(0, 200);
  }

  /** Groups by size, with samples of the largest; their texts follow by {@link ExactGroups.show}. */
  summarize(): GroupSummary {
    const sizes = new Uint32Array(this.#firsts.length);
    const firsts = Uint32Array.from(this.#firsts);
    for (const first of firsts) sizes[first]++;
    const clusterSizes: Record<number, number> = {};
    for (const size of sizes) if (size > 1) clusterSizes[size] = (clusterSizes[size] ?? 0) + 1;
    const roots = largestRoots(sizes, clusterSizes);
    const members = firstMembers(firsts, roots);
    const largestClusters = roots.map((root): ClusterSample => {
      const sample = { size: sizes[root], ids: members.get(root)!.map((index) => this.#ids[index]) };
      this.#shown.set(this.#kept[root], sample);
      return sample;
    });
    const clusters = Object.values(clusterSizes).reduce((sum, count) => sum + count, 0);
    return { clusters, clusterSizes, largestClusters };
  }
}
