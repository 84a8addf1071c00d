import { INDEX_NODE, rankOf } from './cluster-memory.ts';
import type { ClusterMemory } from './cluster-memory.ts';
import { IdReader } from './id-reader.ts';
import type { RunFacts } from './run-facts.ts';
import type { StageSettings, TaskResult } from './stage-settings.ts';

const LARGEST_SHOWN = 10;
const MEMBERS_SHOWN = 5;

/** A large cluster, with the first few of its documents. */
export interface ClusterSample {
  size: number;
  /** `null` for a document of an earlier run */
  ids: (string | null)[];
  /** the beginning of the text that is kept; not there where that is a document of an earlier run */
  text?: string;
}

/** What is told of all clusters. */
export interface ClusterDetails {
  /** how many there are of each size, two and more */
  clusterSizes: Record<string, number>;
  largest: ClusterSample[];
  /** the documents that stand for these, by part and number; `null` for one of an earlier run */
  representatives: ([rank: number, document: number] | null)[];
}

function countSizes(sizes: Uint32Array): Record<number, number> {
  const histogram: Record<number, number> = {};
  for (const size of sizes) if (size > 1) histogram[size] = (histogram[size] ?? 0) + 1;
  return histogram;
}

/** The roots of the largest clusters, large ones first, and of equal ones the first. */
export function largestRoots(sizes: Uint32Array, histogram: Record<number, number>): number[] {
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

/** The first members of some clusters, by root. */
export function firstMembers(parents: Uint32Array, roots: readonly number[]): Map<number, number[]> {
  const members = new Map<number, number[]>(roots.map((root) => [root, []]));
  for (let index = 0; index < parents.length; index++) {
    const known = members.get(parents[index]);
    if (known && known.length < MEMBERS_SHOWN) known.push(index);
  }
  return members;
}

/** Sizes of all clusters, and samples of the largest. */
export function summarizeClusters(
  settings: StageSettings,
  facts: RunFacts,
  { starts, parents, sizes }: ClusterMemory,
  clusters: number,
): TaskResult {
  const clusterSizes = countSizes(sizes);
  const roots = largestRoots(sizes, clusterSizes);
  const members = firstMembers(parents, roots);
  const ids = new IdReader(settings, facts);
  const placeOf = (index: number): [number, number] => {
    const rank = rankOf(starts, index);
    return [rank, index - starts[rank]];
  };
  const idOf = (index: number) => (index === INDEX_NODE ? null : ids.idOf(...placeOf(index)));
  const largest = roots.map((root) => ({ size: sizes[root], ids: members.get(root)!.map(idOf) }));
  ids.close();
  const representatives = roots.map((root) => (root === INDEX_NODE ? null : placeOf(root)));
  return {
    files: {},
    counts: { clusters },
    details: { clusterSizes, largest, representatives } satisfies ClusterDetails,
  };
}
