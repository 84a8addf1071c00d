import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { newDocumentSets } from './document-sets.ts';
import type { DocumentSets } from './document-sets.ts';
import { IdReader } from './id-reader.ts';
import { StageFile } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';
import { FROM_INDEX, stagePath } from './stage-settings.ts';
import type { Advance, StageSettings, TaskResult } from './stage-settings.ts';

const BLOCK_WORDS = 1 << 16;
const LARGEST_SHOWN = 10;
const MEMBERS_SHOWN = 5;

/** A large cluster, with the first few of its documents. */
export interface ClusterSample {
  size: number;
  /** `null` for a document of an earlier run */
  ids: (string | null)[];
}

/** What stands for all documents of earlier runs. */
const INDEX_NODE = 0;

/** All documents in one row after {@link INDEX_NODE}: input r begins at `starts[r]`, and `starts` ends where the row does. */
function documentStarts(documents: readonly number[]): number[] {
  const starts = [INDEX_NODE + 1];
  for (const count of documents) starts.push(starts[starts.length - 1] + count);
  return starts;
}

function unite(path: string, starts: readonly number[], sets: DocumentSets): void {
  const words = new Uint32Array(BLOCK_WORDS);
  const bytes = new Uint8Array(words.buffer);
  const file = openSync(path, 'r');
  try {
    for (let count = readSync(file, bytes); count > 0; count = readSync(file, bytes)) {
      for (let at = 0; at < count / 4; at += 4) {
        const left = words[at] === FROM_INDEX ? INDEX_NODE : starts[words[at]] + words[at + 1];
        sets.union(left, starts[words[at + 2]] + words[at + 3]);
      }
    }
  } finally {
    closeSync(file);
  }
}

/** A file that is only there if something is written. */
class LazyFile {
  readonly #folder: string;
  readonly #path: string;
  #file: StageFile | null = null;

  constructor(folder: string, path: string) {
    this.#folder = folder;
    this.#path = path;
  }

  write(...words: number[]): void {
    this.#file ??= new StageFile(join(this.#folder, this.#path));
    this.#file.write(new Uint8Array(Uint32Array.from(words).buffer));
  }

  close(files: Record<string, FileSeal>): void {
    if (this.#file) files[this.#path] = this.#file.close();
  }
}

/** Writes what is known of the documents in clusters, input by input. */
class ClusterWriter {
  readonly #folder: string;
  readonly #starts: readonly number[];
  readonly #roots: Uint32Array;
  readonly #sizes: Uint32Array;
  /** cluster number + 1 by root */
  readonly #numbers: Uint32Array;
  readonly files: Record<string, FileSeal> = {};
  clusters = 0;
  removed = 0;

  constructor(folder: string, starts: readonly number[], roots: Uint32Array, sizes: Uint32Array) {
    this.#folder = folder;
    this.#starts = starts;
    this.#roots = roots;
    this.#sizes = sizes;
    this.#numbers = new Uint32Array(roots.length);
  }

  writeInput(rank: number): void {
    const file = (kind: 'remove' | 'clusters' | 'sizes' | 'twins') =>
      new LazyFile(this.#folder, stagePath.cluster(rank, kind));
    const [remove, clusters, sizes, twins] = [file('remove'), file('clusters'), file('sizes'), file('twins')];
    let rootRank = 0;
    for (let index = this.#starts[rank]; index < this.#starts[rank + 1]; index++) {
      const root = this.#roots[index];
      if (this.#sizes[root] < 2) continue;
      const document = index - this.#starts[rank];
      if (this.#numbers[root] === 0) this.#numbers[root] = ++this.clusters;
      clusters.write(document, this.#numbers[root] - 1);
      sizes.write(document, this.#sizes[root]);
      if (root === index) continue;
      remove.write(document);
      if (root === INDEX_NODE) twins.write(document, FROM_INDEX, FROM_INDEX);
      else {
        rootRank = this.#rankOf(root, rootRank);
        twins.write(document, rootRank, root - this.#starts[rootRank]);
      }
      this.removed++;
    }
    for (const written of [remove, clusters, sizes, twins]) written.close(this.files);
  }

  #rankOf(index: number, guess: number): number {
    let rank = guess;
    while (index < this.#starts[rank]) rank--;
    while (index >= this.#starts[rank + 1]) rank++;
    return rank;
  }
}

function countSizes(sizes: Uint32Array): Record<number, number> {
  const histogram: Record<number, number> = {};
  for (const size of sizes) if (size > 1) histogram[size] = (histogram[size] ?? 0) + 1;
  return histogram;
}

/** The roots of the largest clusters, large ones first, and of equal ones the first. */
function largestRoots(sizes: Uint32Array, histogram: Record<number, number>): number[] {
  const bySize = Object.keys(histogram)
    .map(Number)
    .sort((left, right) => right - left);
  let count = 0;
  const threshold = bySize.find((size) => (count += histogram[size]) >= LARGEST_SHOWN) ?? 2;
  const roots: number[] = [];
  const atThreshold: number[] = [];
  for (let index = 0; index < sizes.length; index++) {
    if (sizes[index] > threshold) roots.push(index);
    else if (sizes[index] === threshold && atThreshold.length < LARGEST_SHOWN) atThreshold.push(index);
  }
  return [...roots, ...atThreshold]
    .sort((left, right) => sizes[right] - sizes[left] || left - right)
    .slice(0, LARGEST_SHOWN);
}

function sampleClusters(
  folder: string,
  starts: readonly number[],
  roots: Uint32Array,
  largest: number[],
  sizes: Uint32Array,
): ClusterSample[] {
  const members = new Map<number, number[]>(largest.map((root) => [root, []]));
  for (let index = 0; index < roots.length; index++) {
    const known = members.get(roots[index]);
    if (known && known.length < MEMBERS_SHOWN) known.push(index);
  }
  const ids = new IdReader(folder);
  const idOf = (index: number) => {
    if (index === INDEX_NODE) return null;
    const rank = starts.findLastIndex((start, place) => start <= index && place < starts.length - 1);
    return ids.idOf(rank, index - starts[rank]);
  };
  const samples = largest.map((root) => ({ size: sizes[root], ids: members.get(root)!.map(idOf) }));
  ids.close();
  return samples;
}

/** Memory of stage 3 for so many documents, in bytes: five numbers for each, and a block of a file. */
export const clusteringBytes = (documents: number) => 20 * documents + 4 * BLOCK_WORDS;

/**
 * Stage 3: joins all matches into clusters and writes `FFFFFF.remove` (documents to leave out), `.clusters` (document,
 * cluster number), `.sizes` (document, cluster size) in datatrove's formats, and `.twins` (document, input and document
 * that is kept in its place). 32-bit numbers throughout.
 *
 * @param documents how many documents each input has
 */
export function clusterMatches(settings: StageSettings, documents: readonly number[], advance: Advance): TaskResult {
  const { folder, minHash, representative, inputs } = settings;
  const starts = documentStarts(documents);
  const sets = newDocumentSets(starts[inputs.length], representative);
  for (let band = 0; band < minHash.bands; band++) {
    unite(join(folder, stagePath.matches(band)), starts, sets);
    advance(1);
  }
  const roots = Uint32Array.from({ length: starts[inputs.length] }, (_, index) => sets.find(index));
  const sizes = new Uint32Array(roots.length);
  for (const root of roots) sizes[root]++;
  const writer = new ClusterWriter(folder, starts, roots, sizes);
  for (const rank of inputs.keys()) writer.writeInput(rank);
  const clusterSizes = countSizes(sizes);
  const largest = sampleClusters(folder, starts, roots, largestRoots(sizes, clusterSizes), sizes);
  const { clusters, removed, files } = writer;
  return { files, counts: { clusters, removed }, details: { clusterSizes, largest } };
}
