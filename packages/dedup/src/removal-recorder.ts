import type { TextSink } from './atomic-file.ts';
import type { DedupeResult, RemovedDocument } from './deduplicator.ts';
import type { MinHasher } from './min-hasher.ts';
import type { FileDocument } from './read-documents.ts';
import { jaccardSimilarity } from './similarity.ts';

/**
 * Writes removed documents with their explanation, in one pass over all documents in order. The shingles of a kept
 * document stay in memory from when it passes until the last of its duplicates has passed.
 */
export class RemovalRecorder {
  readonly #hasher: MinHasher | null;
  readonly #sink: TextSink;
  /** kept document of a cluster → its last member */
  readonly #lastMembers: Map<number, number>;
  readonly #keptShingles = new Map<number, BigUint64Array>();

  constructor({ clusters }: DedupeResult, hasher: MinHasher | null, sink: TextSink) {
    this.#hasher = hasher;
    this.#sink = sink;
    this.#lastMembers = new Map(clusters.map((members) => [members[0], members[members.length - 1]]));
  }

  /** Sees the next document, kept (`removal` undefined) or not. */
  async take(document: FileDocument, index: number, removal: RemovedDocument | undefined): Promise<void> {
    if (!removal) {
      if (this.#hasher && this.#lastMembers.has(index)) {
        this.#keptShingles.set(index, this.#hasher.shingles(document.text));
      }
      return;
    }
    await this.#sink.write(`${JSON.stringify(this.#explain(document, removal))}\n`);
    const root = removal.duplicateOfIndex;
    if (this.#lastMembers.get(root) === index) this.#keptShingles.delete(root);
  }

  #jaccard(document: FileDocument, { resemblance, duplicateOfIndex }: RemovedDocument): number | null {
    const kept = this.#keptShingles.get(duplicateOfIndex);
    if (!resemblance || !this.#hasher || !kept) return null;
    return jaccardSimilarity(kept, this.#hasher.shingles(document.text));
  }

  #explain(document: FileDocument, removal: RemovedDocument): object {
    const record = JSON.parse(document.line) as { metadata?: object };
    const explanation = {
      filter_reason: `${removal.kind}_duplicate`,
      duplicate_of: removal.duplicateOf,
      linked_to: removal.linkedTo,
      jaccard: this.#jaccard(document, removal),
      estimated_jaccard: removal.resemblance?.estimatedJaccard ?? null,
      matching_bands: removal.resemblance?.bands ?? [],
    };
    return { ...record, metadata: { ...record.metadata, ...explanation } };
  }
}
