import { DedupError } from './dedup-error.ts';

/**
 * How often FineWeb2 repeats the document that is kept of a cluster, from so many members on (README of
 * huggingface/fineweb-2): twice for 2, three times for 3 and 4, … but once for clusters of 1000 and more, which are mostly
 * templates.
 */
export const FINEWEB2_REHYDRATION: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 3, 5: 5, 100: 8, 1000: 1 };

/**
 * How often to repeat a kept document, by the size of its cluster: the weight of the largest size that is not above it.
 * Documents that were repeated often on the web are of better quality than the mean, up to a point (arXiv 2506.20920, §5).
 *
 * @param size members of the cluster with the kept one, 1 for a document without duplicates
 * @param weights weights by least size; sizes must begin with 1
 * @throws DedupError `INVALID_OPTION`
 */
export function rehydrationWeight(
  size: number,
  weights: Readonly<Record<number, number>> = FINEWEB2_REHYDRATION,
): number {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new DedupError('INVALID_OPTION', `size must be a positive integer, got ${size}`);
  }
  const least = Object.keys(weights).findLast((known) => Number(known) <= size);
  if (least === undefined)
    throw new DedupError('INVALID_OPTION', `weights must begin with size 1, have none for ${size}`);
  return weights[Number(least)];
}
