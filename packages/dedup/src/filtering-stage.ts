import { join } from 'node:path';
import type { FileRecord } from './file-record.ts';
import { IdReader } from './id-reader.ts';
import { NumberFile } from './number-file.ts';
import { readPart } from './read-records.ts';
import { rehydrationWeight } from './rehydration-weight.ts';
import { openPartResults } from './result-files.ts';
import type { ResultFiles } from './result-files.ts';
import type { RunFacts } from './run-facts.ts';
import { FROM_INDEX, stagePath } from './stage-settings.ts';
import type { Advance, StageSettings, TaskResult } from './stage-settings.ts';

/** How much of a kept text is shown. */
const SAMPLE_CHARACTERS = 200;

/** What is told of clusters in the records of a part. */
class ClusterColumns {
  readonly #settings: StageSettings;
  readonly #clusters: NumberFile;
  readonly #sizes: NumberFile;
  readonly names: string[];

  constructor(settings: StageSettings, rank: number) {
    const path = (kind: 'clusters' | 'sizes') => join(settings.folder, stagePath.cluster(rank, kind));
    this.#settings = settings;
    this.#clusters = new NumberFile(path('clusters'), 2);
    this.#sizes = new NumberFile(path('sizes'), 2);
    this.names = [
      ...(settings.clusterIds ? ['minhash_cluster_id', 'minhash_cluster_size'] : []),
      ...(settings.rehydration ? ['rehydration_weight'] : []),
    ];
  }

  /** datatrove's names and its −1 and 1 for a document that is alone. */
  valuesOf(document: number, isKept: boolean): Record<string, number> {
    const { clusterIds, rehydration } = this.#settings;
    const id = this.#clusters.rowOf(document)?.[1] ?? -1;
    const size = this.#sizes.rowOf(document)?.[1] ?? 1;
    return {
      ...(clusterIds ? { minhash_cluster_id: id, minhash_cluster_size: size } : {}),
      ...(rehydration && isKept ? { rehydration_weight: rehydrationWeight(size, rehydration) } : {}),
    };
  }

  close(): void {
    this.#clusters.close();
    this.#sizes.close();
  }
}

/** Sorts the records of one part. */
class PartFilter {
  readonly #results: ResultFiles;
  readonly #ids: IdReader;
  readonly #twins: NumberFile;
  readonly #columns: ClusterColumns;
  /** place among the largest clusters, by the number of the document that stands for it */
  readonly #shown: ReadonlyMap<number, number>;
  readonly samples: Record<number, string> = {};
  readonly counts = { kept: 0, removed: 0, removedByIndex: 0 };
  #document = 0;

  constructor(settings: StageSettings, facts: RunFacts, rank: number, results: ResultFiles, columns: ClusterColumns) {
    this.#results = results;
    this.#ids = new IdReader(settings, facts);
    this.#twins = new NumberFile(join(settings.folder, stagePath.cluster(rank, 'twins')), 3);
    this.#columns = columns;
    const shown = facts.largest.map((found, place) => [found?.[0] === rank ? found[1] : -1, place] as const);
    this.#shown = new Map(shown.filter(([document]) => document >= 0));
  }

  take(record: FileRecord): void {
    if (record.document === null) return;
    if (record.document.text === '') return this.#keep(record, -1);
    const document = this.#document++;
    const twin = this.#twins.rowOf(document);
    if (twin === null) this.#keep(record, document);
    else this.#remove(record, document, twin);
  }

  #keep(record: FileRecord, document: number): void {
    const place = this.#shown.get(document);
    if (place !== undefined) this.samples[place] = record.document!.text.slice(0, SAMPLE_CHARACTERS);
    const change = this.#columns.names.length > 0 ? { metadata: this.#columns.valuesOf(document, true) } : undefined;
    this.#results.keep(record, change);
    this.counts.kept++;
  }

  #remove(record: FileRecord, document: number, [, keptRank, keptDocument]: Uint32Array): void {
    const isIndexed = keptRank === FROM_INDEX;
    const reason = isIndexed
      ? { filter_reason: 'near_duplicate_of_index' }
      : { filter_reason: 'near_duplicate', duplicate_of: this.#ids.idOf(keptRank, keptDocument) };
    const columns = this.#columns.names.length > 0 ? this.#columns.valuesOf(document, false) : {};
    this.#results.remove(record, { ...reason, ...columns });
    this.counts.removed++;
    if (isIndexed) this.counts.removedByIndex++;
  }

  close(): TaskResult {
    this.#ids.close();
    this.#twins.close();
    this.#columns.close();
    return { files: this.#results.close(), counts: this.counts, details: { samples: this.samples } };
  }
}

/**
 * Stage 4 for one part: the records that stay, byte for byte, and the others with the reason in their `metadata`:
 * `filter_reason`, and `duplicate_of` with the id of the document that is kept.
 */
export async function filterInput(
  settings: StageSettings,
  facts: RunFacts,
  rank: number,
  advance: Advance,
): Promise<TaskResult> {
  const columns = new ClusterColumns(settings, rank);
  const results = await openPartResults(settings, rank, { numbers: columns.names });
  const filter = new PartFilter(settings, facts, rank, results, columns);
  const options = { linesBefore: facts.linesBefore[rank], onBytes: advance };
  for await (const group of readPart(settings, rank, options)) for (const record of group) filter.take(record);
  return filter.close();
}
