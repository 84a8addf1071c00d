import { LONGEST_LINE_BYTES } from './byte-lines.ts';
import type { ClusterDetails, ClusterSample } from './cluster-summary.ts';
import { DedupError } from './dedup-error.ts';
import { writeReport } from './write-report.ts';
import { expectedRecall } from './match-probability.ts';
import { resolveMinHashOptions } from './min-hash-options.ts';
import type { MinHashOptions, MinHashSettings } from './min-hash-options.ts';
import { checkMinHashIndex } from './minhash-index.ts';
import { checkInputs, nameOutputs } from './output-names.ts';
import { defaultMemory, taskBytesOf } from './stage-memory.ts';
import type { RecordKeys } from './file-record.ts';
import { cutInputs, partsByInput } from './input-parts.ts';
import { checkPositiveInteger } from './positive-integer.ts';
import { claimFolder } from './run-folder.ts';
import { StageRunner } from './stage-runner.ts';
import { FINEWEB2_REHYDRATION, rehydrationWeight } from './rehydration-weight.ts';
import type { StageProgress, StageStart } from './stage-runner.ts';
import { STAGES } from './stage-settings.ts';
import type { Representative, StageSettings } from './stage-settings.ts';

/** What to read, how to compare, where to write. */
export interface MinHashFilesOptions extends MinHashSettings, Partial<RecordKeys> {
  /** JSON Lines (`.jsonl`, `.jsonl.gz`, `.jsonl.zst`) and Parquet files, in order of preference */
  inputs: readonly string[];
  /** folder of the results and of the stage files; one that an interrupted run has left is gone on with */
  folder: string;
  /** folders that {@link saveMinHashIndex} has written: what resembles a document of theirs is removed */
  indexes?: readonly string[];
  /** threads; default 1. The results don't depend on it. */
  workers?: number;
  /** bytes of the whole process, for lines of up to 1 MiB; default 512 MiB for two workers, 192 MiB for each more */
  memory?: number;
  /** bytes in which each worker sorts and merges, default what `memory` leaves; changes no file */
  bufferBytes?: number;
  /** which document of a cluster is kept: the first (default) or the one that datatrove keeps */
  representative?: Representative;
  /** write into the metadata of kept and removed documents `minhash_cluster_id` and `minhash_cluster_size` (−1 and 1 if alone) */
  clusterIds?: boolean;
  /** write into the metadata of kept documents `rehydration_weight`: FineWeb2's (`true`), or the weights given by least size */
  rehydration?: boolean | Readonly<Record<number, number>>;
  /** plain files are read in parts of about so many bytes, default 64 MiB and more; changes the stage files, not the results */
  partBytes?: number;
  /** lines of more bytes are counted as broken; default 64 MiB */
  longestLine?: number;
  onProgress?: (progress: StageProgress) => void;
  /** told before each stage what it will do and how much memory it will take */
  onStage?: (start: StageStart) => void;
  /** told of stage files that are not as they were written, before they are made again */
  onDamage?: (message: string) => void;
}

/** Problems of one input that are shown. */
const PROBLEMS_SHOWN = 100;

/** What was read of one input. */
export interface InputReport {
  path: string;
  /** lines that are not empty: documents and broken ones */
  read: number;
  /** with text */
  documents: number;
  /** without text: kept */
  empty: number;
  /** of fewer words than a shingle: kept */
  tooShort: number;
  /** no document: in neither `kept` nor `removed` */
  broken: number;
  /** where what was not UTF-8 was read as U+FFFD */
  invalidUtf8: number;
  kept: number;
  removed: number;
  /** the first broken lines */
  problems: { line: number; problem: string }[];
}

/** What was done; also in `report.json`. */
export interface MinHashFilesReport {
  command: 'minhash';
  settings: MinHashOptions & RecordKeys & { representative: Representative };
  counts: Omit<InputReport, 'path' | 'problems'> & { clusters: number };
  /** how many were removed for which reason */
  removedByKind: Record<string, number>;
  /** how many clusters there are of each size, two and more */
  clusterSizes: Record<string, number>;
  largestClusters: ClusterSample[];
  /** expected share of pairs found, by their Jaccard similarity */
  expectedRecall: Record<string, number>;
  inputs: InputReport[];
}

function resolveSettings(options: MinHashFilesOptions): StageSettings {
  const {
    inputs,
    folder,
    indexes,
    workers,
    memory,
    bufferBytes,
    representative,
    longestLine,
    clusterIds,
    rehydration,
    partBytes,
    onProgress: _onProgress,
    onStage: _onStage,
    onDamage: _onDamage,
    textKey,
    idKey,
    ...minHash
  } = options;
  const threads = checkPositiveInteger('workers', workers ?? 1);
  const taskBytes = taskBytesOf(checkPositiveInteger('memory', memory ?? defaultMemory(threads)), threads);
  if (inputs.length > 99_999)
    throw new DedupError('INVALID_OPTION', `inputs may name 99 999 files, got ${inputs.length}`);
  if (partBytes !== undefined) checkPositiveInteger('partBytes', partBytes);
  const weights = rehydration === true ? FINEWEB2_REHYDRATION : rehydration || null;
  if (weights) rehydrationWeight(1, weights);
  return {
    folder,
    inputs: nameOutputs(inputs),
    parts: cutInputs(inputs, partBytes),
    clusterIds: clusterIds ?? false,
    rehydration: weights,
    indexes: indexes ?? [],
    minHash: resolveMinHashOptions(minHash),
    representative: representative ?? 'first',
    textKey: textKey ?? 'text',
    idKey: idKey ?? 'id',
    taskBytes: bufferBytes === undefined ? taskBytes : checkPositiveInteger('bufferBytes', bufferBytes),
    longestLine: checkPositiveInteger('longestLine', longestLine ?? LONGEST_LINE_BYTES),
  };
}

const COUNTED = ['read', 'documents', 'empty', 'tooShort', 'broken', 'invalidUtf8', 'kept', 'removed'] as const;
type Counted = (typeof COUNTED)[number];

function sumCounts(counts: readonly Record<string, number>[]): Record<Counted, number> {
  const sum = (name: Counted) => counts.reduce((total, each) => total + (each[name] ?? 0), 0);
  return Object.fromEntries(COUNTED.map((name) => [name, sum(name)])) as Record<Counted, number>;
}

/** What was read of one input, all parts together. */
function reportInput(path: string, runner: StageRunner, ranks: readonly number[]): InputReport {
  const [signatures, filtering] = [runner.results('signatures'), runner.results('filtering')];
  const counts = sumCounts(ranks.flatMap((rank) => [signatures[rank].counts, filtering[rank].counts]));
  const problems = ranks.flatMap((rank) => {
    const found = signatures[rank].details as Pick<InputReport, 'problems'>;
    return found.problems.map(({ line, problem }) => ({ line: runner.linesBefore[rank] + line, problem }));
  });
  return { path, ...counts, problems: problems.slice(0, PROBLEMS_SHOWN) };
}

/** The largest clusters with the texts that are kept of them. */
function showClusters(largest: readonly ClusterSample[], runner: StageRunner): ClusterSample[] {
  const found = runner
    .results('filtering')
    .map(({ details }) => (details as { samples: Record<number, string> }).samples);
  const texts = Object.assign({}, ...found) as Record<number, string>;
  return largest.map((sample, place) => (texts[place] === undefined ? sample : { ...sample, text: texts[place] }));
}

function reportOn(settings: StageSettings, runner: StageRunner): MinHashFilesReport {
  const { inputs, parts, minHash, representative, textKey, idKey } = settings;
  const summary = runner.results('clustering')[parts.length];
  const details = summary.details as ClusterDetails;
  const ranks = partsByInput(inputs.length, parts);
  const inputReports = inputs.map(({ path }, input) => reportInput(path, runner, ranks[input]));
  const totals = sumCounts(inputReports as unknown as Record<string, number>[]);
  const byIndex = runner.results('filtering').reduce((sum, { counts }) => sum + counts.removedByIndex, 0);
  return {
    command: 'minhash',
    settings: { ...minHash, textKey, idKey, representative },
    counts: { ...totals, clusters: summary.counts.clusters },
    removedByKind: { near_duplicate: totals.removed - byIndex, near_duplicate_of_index: byIndex },
    clusterSizes: details.clusterSizes,
    largestClusters: showClusters(details.largest, runner),
    expectedRecall: expectedRecall(minHash),
    inputs: inputReports,
  };
}

/** An input that changed while it was read would silently lose or double documents. */
function checkCounts({ inputs }: MinHashFilesReport): void {
  for (const { path, read, broken, kept, removed } of inputs) {
    if (kept + removed === read - broken) continue;
    const message = `${path}: had ${read - broken} documents at first, ${kept + removed} when read again; run again into another folder when it no longer changes`;
    throw new DedupError('UNREADABLE_FILE', message);
  }
}

/**
 * MinHash deduplication of files of any size, out of core, in four stages whose files have datatrove's formats:
 * signatures, matching, clustering, filtering. Each stage's work is cut into tasks, a finished task is never done again, and
 * a run that was killed goes on where it was; stage files carry checksums, and those that are not as they were written are
 * made again.
 *
 * Writes `kept/NAME` and `removed/NAME` for each input, `report.json`, and `stages/`, which may be deleted afterwards.
 * The same bytes for any number of workers and any memory.
 *
 * @throws DedupError `INVALID_OPTION`, `RUN_MISMATCH`, `OUT_OF_MEMORY`, `OUTPUT_IS_INPUT`, or a file's error
 */
export async function minHashFiles(options: MinHashFilesOptions): Promise<MinHashFilesReport> {
  const settings = resolveSettings(options);
  checkInputs(options.inputs, options.folder);
  for (const index of settings.indexes) checkMinHashIndex(index, settings.minHash);
  claimFolder(settings);
  const { workers = 1, memory = defaultMemory(workers), onProgress, onStage, onDamage } = options;
  const runner = new StageRunner({ workers, memory, onProgress, onStage, onDamage }, settings);
  try {
    for (const stage of STAGES) await runner.run(stage);
  } finally {
    await runner.close();
  }
  const report = reportOn(settings, runner);
  checkCounts(report);
  writeReport(settings.folder, report);
  return report;
}
