import { clusterSignatures } from './cluster-signatures.ts';
import { ExactDeduplicator } from './exact-deduplicator.ts';
import type { ExactKey, TextDocument } from './exact-deduplicator.ts';
import type { MinHashPreset, MinHashSettings } from './min-hash-options.ts';
import { MinHasher } from './min-hasher.ts';
import type { WordSplitter } from './min-hasher.ts';
import { estimateJaccard, matchingBands } from './similarity.ts';

/** What to look for. */
export interface DedupeOptions<D extends TextDocument = TextDocument> {
  /** what makes two documents exact duplicates, by default the text; `false`: don't look for them */
  exact?: ExactKey<D> | false;
  /** how near duplicates are found, by default the preset `fineweb2`; `false`: don't look for them */
  near?: MinHashPreset | (MinHashSettings & { words?: WordSplitter }) | false;
}

/** How two documents resemble each other, by their signatures. */
export interface Resemblance {
  /** share of equal signature values, an estimate of the Jaccard similarity of the shingle sets */
  estimatedJaccard: number;
  /** numbers of the bands that are equal; may be empty between members that only a third one joins */
  bands: number[];
}

/** A document to leave out, and why. */
export interface RemovedDocument {
  index: number;
  id: string;
  kind: 'exact' | 'near';
  /** id of the document that is kept in its place: the first of the cluster */
  duplicateOf: string;
  duplicateOfIndex: number;
  /** how it resembles the kept document; `null` where either is too short for a signature or near duplicates are off */
  resemblance: Resemblance | null;
  /** the document with the same key, or an equal band, that put it into the cluster; the kept document or another member */
  linkedTo: string;
  linkedToIndex: number;
}

/** Documents that are duplicates of each other: two or more indices, ascending, of which the first is kept. */
export type Cluster = number[];

/** The whole in numbers. */
export interface DedupeCounts {
  documents: number;
  kept: number;
  removed: { exact: number; near: number };
  /** documents with fewer words than a shingle, which can only be exact duplicates */
  tooShort: number;
  /** clusters of two and more */
  clusters: number;
  /** how many clusters there are of each size, two and more */
  clusterSizes: Record<number, number>;
}

/** What to keep, what to leave out, and why. */
export interface DedupeResult<R extends RemovedDocument = RemovedDocument> {
  /** indices to keep, ascending */
  kept: number[];
  /** in the order of their first members */
  clusters: Cluster[];
  /** in the order of the documents */
  removed: R[];
  counts: DedupeCounts;
}

function groupByRoot(roots: Uint32Array): Cluster[] {
  const groups = new Map<number, Cluster>();
  for (let index = 0; index < roots.length; index++) {
    if (roots[index] === index) continue;
    const group = groups.get(roots[index]);
    if (group) group.push(index);
    else groups.set(roots[index], [roots[index], index]);
  }
  return [...groups.values()].sort((left, right) => left[0] - right[0]);
}

function countSizes(clusters: readonly Cluster[]): Record<number, number> {
  const sizes: Record<number, number> = {};
  for (const { length } of clusters) sizes[length] = (sizes[length] ?? 0) + 1;
  return sizes;
}

/**
 * Takes documents one by one, keeping their signatures (8 bytes · bands · rows) and ids but not their texts, and says at
 * the end which to keep. Of every cluster of exact and near duplicates the first document is kept.
 */
export class Deduplicator<D extends TextDocument = TextDocument> {
  /** Makes the signatures; `null` where near duplicates are not looked for. */
  readonly hasher: MinHasher | null;
  readonly #exact: ExactDeduplicator<D> | null;
  readonly #ids: string[] = [];
  readonly #originals: number[] = [];
  readonly #signatures: (BigUint64Array | null)[] = [];

  /** @throws DedupError `INVALID_OPTION` */
  constructor({ exact = 'text', near = 'fineweb2' }: DedupeOptions<D> = {}) {
    this.#exact = exact === false ? null : new ExactDeduplicator(exact);
    this.hasher = near === false ? null : new MinHasher(typeof near === 'string' ? { preset: near } : near);
  }

  /** Takes the next document. */
  add(document: D): void {
    const index = this.#ids.push(document.id) - 1;
    const original = this.#exact?.add(document) ?? index;
    this.#originals.push(original);
    this.#signatures.push(original === index && this.hasher ? this.hasher.signature(document.text) : null);
  }

  /** The clusters among all documents taken so far. */
  finish(): DedupeResult {
    const originals = this.#originals;
    const near = this.hasher ? clusterSignatures(this.#signatures, this.hasher.options) : null;
    const roots = Uint32Array.from(originals, (original) => near?.roots[original] ?? original);
    const clusters = groupByRoot(roots);
    const indices = originals.map((_, index) => index);
    const removed = indices
      .filter((index) => roots[index] !== index)
      .map((index) => this.#describe(index, roots[index], near?.links[index] ?? -1));
    const kept = indices.filter((index) => roots[index] === index);
    return { kept, clusters, removed, counts: this.#count(kept, clusters, removed) };
  }

  #describe(index: number, root: number, link: number): RemovedDocument {
    const original = this.#originals[index];
    const linkedToIndex = original === index ? link : original;
    return {
      index,
      id: this.#ids[index],
      kind: original === index ? 'near' : 'exact',
      duplicateOf: this.#ids[root],
      duplicateOfIndex: root,
      resemblance: this.#compare(original, root),
      linkedTo: this.#ids[linkedToIndex],
      linkedToIndex,
    };
  }

  #compare(left: number, right: number): Resemblance | null {
    const [leftSignature, rightSignature] = [this.#signatures[left], this.#signatures[right]];
    if (!this.hasher || !leftSignature || !rightSignature) return null;
    const bands = matchingBands(leftSignature, rightSignature, this.hasher.options.rows);
    return { estimatedJaccard: estimateJaccard(leftSignature, rightSignature), bands };
  }

  #count(kept: number[], clusters: Cluster[], removed: RemovedDocument[]): DedupeCounts {
    const exact = removed.filter(({ kind }) => kind === 'exact').length;
    const isShort = (signature: unknown, index: number) => signature === null && this.#originals[index] === index;
    return {
      documents: this.#ids.length,
      kept: kept.length,
      removed: { exact, near: removed.length - exact },
      tooShort: this.hasher ? this.#signatures.filter(isShort).length : 0,
      clusters: clusters.length,
      clusterSizes: countSizes(clusters),
    };
  }
}
