import { LONGEST_LINE_BYTES } from './byte-lines.ts';
import type { ClusterSample } from './clustering-stage.ts';
import { DedupError } from './dedup-error.ts';
import { writeReport } from './filter-files.ts';
import { expectedRecall } from './match-probability.ts';
import { resolveMinHashOptions } from './min-hash-options.ts';
import type { MinHashOptions, MinHashSettings } from './min-hash-options.ts';
import { checkMinHashIndex } from './minhash-index.ts';
import { checkInputs, nameOutputs } from './output-names.ts';
import { DEFAULT_MEMORY } from './plan-files.ts';
import type { RecordKeys } from './read-records.ts';
import { claimFolder } from './run-folder.ts';
import { StageRunner } from './stage-runner.ts';
import type { StageProgress } from './stage-runner.ts';
import { STAGES } from './stage-settings.ts';
import type { Representative, StageSettings } from './stage-settings.ts';

/** What to read, how to compare, where to write. */
export interface MinHashFilesOptions extends MinHashSettings, Partial<RecordKeys> {
  /** JSON Lines files (`.jsonl`, `.jsonl.gz`), in order of preference */
  inputs: readonly string[];
  /** folder of the results and of the stage files; one that an interrupted run has left is gone on with */
  folder: string;
  /** folders that {@link saveMinHashIndex} has written: what resembles a document of theirs is removed */
  indexes?: readonly string[];
  /** threads; default 1. The results don't depend on it. */
  workers?: number;
  /** bytes for the buffers of all workers together, default 512 MiB */
  memory?: number;
  /** which document of a cluster is kept: the first (default) or the one that datatrove keeps */
  representative?: Representative;
  /** lines of more bytes are counted as broken; default 64 MiB */
  longestLine?: number;
  onProgress?: (progress: StageProgress) => void;
  /** told of stage files that are not as they were written, before they are made again */
  onDamage?: (message: string) => void;
}

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
  /** how many clusters there are of each size, two and more */
  clusterSizes: Record<string, number>;
  largestClusters: ClusterSample[];
  /** expected share of pairs found, by their Jaccard similarity */
  expectedRecall: Record<string, number>;
  inputs: InputReport[];
}

function checkPositiveInteger(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new DedupError('INVALID_OPTION', `${name} must be a positive integer, got ${value}`);
}

function resolveSettings(options: MinHashFilesOptions): StageSettings {
  const {
    inputs,
    folder,
    indexes,
    workers,
    memory,
    representative,
    longestLine,
    onProgress: _onProgress,
    onDamage: _onDamage,
    textKey,
    idKey,
    ...minHash
  } = options;
  const threads = checkPositiveInteger('workers', workers ?? 1);
  if (inputs.length > 99_999)
    throw new DedupError('INVALID_OPTION', `inputs may name 99 999 files, got ${inputs.length}`);
  return {
    folder,
    inputs: nameOutputs(inputs),
    indexes: indexes ?? [],
    minHash: resolveMinHashOptions(minHash),
    representative: representative ?? 'first',
    textKey: textKey ?? 'text',
    idKey: idKey ?? 'id',
    taskBytes: Math.floor(checkPositiveInteger('memory', memory ?? DEFAULT_MEMORY) / threads),
    longestLine: checkPositiveInteger('longestLine', longestLine ?? LONGEST_LINE_BYTES),
  };
}

function reportOn(
  { inputs, minHash, representative, textKey, idKey }: StageSettings,
  runner: StageRunner,
): MinHashFilesReport {
  const [clustering] = runner.results('clustering');
  const details = clustering.details as { clusterSizes: Record<string, number>; largest: ClusterSample[] };
  const inputReports = inputs.map(({ path }, rank) => {
    const { counts, details: found } = runner.results('signatures')[rank];
    return { path, ...counts, ...runner.results('filtering')[rank].counts, ...found } as InputReport;
  });
  const sum = (name: Exclude<keyof InputReport, 'path' | 'problems'>) =>
    inputReports.reduce((total, input) => total + input[name], 0);
  const names = ['read', 'documents', 'empty', 'tooShort', 'broken', 'invalidUtf8', 'kept', 'removed'] as const;
  const totals = Object.fromEntries(names.map((name) => [name, sum(name)])) as Record<(typeof names)[number], number>;
  return {
    command: 'minhash',
    settings: { ...minHash, textKey, idKey, representative },
    counts: { ...totals, clusters: clustering.counts.clusters },
    clusterSizes: details.clusterSizes,
    largestClusters: details.largest,
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
 * MinHash deduplication of JSON Lines files of any size, out of core, in four stages whose files have datatrove's formats:
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
  const { workers = 1, memory = DEFAULT_MEMORY, onProgress, onDamage } = options;
  const runner = new StageRunner({ workers, memory, onProgress, onDamage }, settings);
  for (const stage of STAGES) await runner.run(stage);
  const report = reportOn(settings, runner);
  checkCounts(report);
  writeReport(settings.folder, report);
  return report;
}
