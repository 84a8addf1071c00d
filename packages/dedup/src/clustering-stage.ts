import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { INDEX_NODE, rankOf } from './cluster-memory.ts';
import type { ClusterMemory } from './cluster-memory.ts';
import { documentSets } from './document-sets.ts';
import type { DocumentSets } from './document-sets.ts';
import { SharedSets } from './shared-sets.ts';
import { StageFile } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';
import { FROM_INDEX, stagePath } from './stage-settings.ts';
import type { StageSettings, TaskResult } from './stage-settings.ts';

/**
 * Stage 3, in three steps that threads share: all matches are united, band by band; every document is pointed at the
 * representative of its cluster, part by part; and for each part the files are written. In between clusters are numbered.
 */

const BLOCK_WORDS = 1 << 16;
const BUFFER_WORDS = 1 << 12;

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

/** The first step for one band; in any order for `first`, in the order of bands in one thread for `datatrove`. */
export function uniteBand({ folder }: StageSettings, { starts, parents }: ClusterMemory, band: number): void {
  unite(join(folder, stagePath.matches(band)), starts, new SharedSets(parents));
}

/** The first step as datatrove does it. */
export function uniteInOrder({ folder, minHash }: StageSettings, { starts, parents, sizes }: ClusterMemory): void {
  const sets = documentSets(parents, sizes, 'datatrove');
  for (let band = 0; band < minHash.bands; band++) unite(join(folder, stagePath.matches(band)), starts, sets);
  sizes.fill(0);
}

/** The second step for one part. */
export function labelPart({ starts, parents, sizes }: ClusterMemory, rank: number): void {
  const sets = new SharedSets(parents);
  const first = rank === 0 ? INDEX_NODE : starts[rank];
  for (let index = first; index < starts[rank + 1]; index++) {
    const root = sets.find(index);
    parents[index] = root;
    Atomics.add(sizes, root, 1);
  }
}

/** Numbers clusters of two and more in the order of their first members; gives how many there are. */
export function numberClusters({ starts, parents, sizes, numbers }: ClusterMemory): number {
  let clusters = 0;
  // The index is no document: its cluster is numbered where the first document of it stands.
  for (let index = starts[0]; index < parents.length; index++) {
    const root = parents[index];
    if (sizes[root] > 1 && numbers[root] === 0) numbers[root] = ++clusters;
  }
  return clusters;
}

/** A file of numbers that is only there if something is written. */
class LazyFile {
  readonly #folder: string;
  readonly #path: string;
  readonly #words = new Uint32Array(BUFFER_WORDS);
  #filled = 0;
  #file: StageFile | null = null;

  constructor(folder: string, path: string) {
    this.#folder = folder;
    this.#path = path;
  }

  write(first: number, second?: number, third?: number): void {
    if (this.#filled + 3 > BUFFER_WORDS) this.#flush();
    this.#words[this.#filled++] = first;
    if (second !== undefined) this.#words[this.#filled++] = second;
    if (third !== undefined) this.#words[this.#filled++] = third;
  }

  #flush(): void {
    if (this.#filled === 0) return;
    this.#file ??= new StageFile(join(this.#folder, this.#path), { sync: false });
    this.#file.write(new Uint8Array(this.#words.buffer, 0, 4 * this.#filled));
    this.#filled = 0;
  }

  close(files: Record<string, FileSeal>): void {
    this.#flush();
    if (this.#file) files[this.#path] = this.#file.close();
  }
}

/**
 * The third step for one part: writes `FFFFFF.remove` (documents to leave out), `.clusters` (document, cluster number),
 * `.sizes` (document, cluster size) in datatrove's formats, and `.twins` (document, part and document that is kept in its
 * place). 32-bit numbers throughout.
 */
export function writeClusters({ folder }: StageSettings, memory: ClusterMemory, rank: number): TaskResult {
  const { starts, parents, sizes, numbers } = memory;
  const file = (kind: 'remove' | 'clusters' | 'sizes' | 'twins') => new LazyFile(folder, stagePath.cluster(rank, kind));
  const [remove, clusters, sizesFile, twins] = [file('remove'), file('clusters'), file('sizes'), file('twins')];
  let removed = 0;
  for (let index = starts[rank]; index < starts[rank + 1]; index++) {
    const root = parents[index];
    if (sizes[root] < 2) continue;
    const document = index - starts[rank];
    clusters.write(document, numbers[root] - 1);
    sizesFile.write(document, sizes[root]);
    if (root === index) continue;
    remove.write(document);
    if (root === INDEX_NODE) twins.write(document, FROM_INDEX, FROM_INDEX);
    else twins.write(document, rankOf(starts, root), root - starts[rankOf(starts, root)]);
    removed++;
  }
  const files: Record<string, FileSeal> = {};
  for (const written of [remove, clusters, sizesFile, twins]) written.close(files);
  return { files, counts: { removed } };
}
