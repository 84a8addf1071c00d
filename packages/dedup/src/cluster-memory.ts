/** What stands for all documents of earlier runs. */
export const INDEX_NODE = 0;

/** Memory of clustering for so many documents, in bytes: three numbers for each. */
export const clusteringBytes = (documents: number) => 12 * (documents + 1);

/** Documents that 32-bit numbers can tell apart. */
export const MOST_DOCUMENTS = 2 ** 32 - 2;

/**
 * The numbers that the threads of clustering share. All documents stand in one row after {@link INDEX_NODE}: part r begins
 * at `starts[r]`, and `starts` ends where the row does.
 */
export interface ClusterMemory {
  starts: readonly number[];
  /** by document: its cluster's representative when clustering is done, another member before */
  parents: Uint32Array;
  /** members of the cluster, by representative */
  sizes: Uint32Array;
  /** cluster number + 1, by representative; 0 for documents that are alone */
  numbers: Uint32Array;
}

const allocate = (length: number) => new Uint32Array(new SharedArrayBuffer(4 * length));

/** @param documents how many documents each part has */
export function allocateClusterMemory(documents: readonly number[]): ClusterMemory {
  const starts = [INDEX_NODE + 1];
  for (const count of documents) starts.push(starts[starts.length - 1] + count);
  const length = starts[starts.length - 1];
  const parents = allocate(length);
  for (let index = 0; index < length; index++) parents[index] = index;
  return { starts, parents, sizes: allocate(length), numbers: allocate(length) };
}

/** The part that a document is in. */
export function rankOf(starts: readonly number[], index: number): number {
  let [low, high] = [0, starts.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= index) low = middle;
    else high = middle;
  }
  return low;
}
