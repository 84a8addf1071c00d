import { Deduplicator } from './deduplicator.ts';
import type { DedupeOptions, DedupeResult, RemovedDocument } from './deduplicator.ts';
import type { TextDocument } from './exact-deduplicator.ts';
import { jaccardSimilarity } from './similarity.ts';

/** A removed document with the true similarity beside the estimated one. */
export interface ExplainedRemoval extends RemovedDocument {
  /** Jaccard similarity of its shingles and the kept document's; `null` where `resemblance` is `null` */
  jaccard: number | null;
}

/**
 * Finds exact and near duplicates among documents in memory. Of each cluster the first document is kept; every other one
 * is explained: which document stays in its place, which bands of the signatures are equal, and the estimated and the
 * true Jaccard similarity. The documents themselves are left as they are.
 *
 * @example `const { kept } = dedupe(documents, { near: 'fineweb2' }); const rest = kept.map((index) => documents[index]);`
 * @throws DedupError `INVALID_OPTION`
 */
export function dedupe<D extends TextDocument>(
  documents: readonly D[],
  options: DedupeOptions<D> = {},
): DedupeResult<ExplainedRemoval> {
  const deduplicator = new Deduplicator(options);
  for (const document of documents) deduplicator.add(document);
  const result = deduplicator.finish();
  const shingles = (index: number) => deduplicator.hasher!.shingles(documents[index].text);
  const similarities = new Map<number, number>();
  for (const [root, ...members] of result.clusters) {
    const compared = members.filter((index) => deduplicator.hasher && documents[index].text !== documents[root].text);
    if (compared.length === 0) continue;
    const rootShingles = shingles(root);
    for (const index of compared) similarities.set(index, jaccardSimilarity(rootShingles, shingles(index)));
  }
  const explain = (removal: RemovedDocument): ExplainedRemoval => ({
    ...removal,
    jaccard: removal.resemblance && (similarities.get(removal.index) ?? 1),
  });
  return { ...result, removed: result.removed.map(explain) };
}
