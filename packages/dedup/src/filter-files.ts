import { join } from 'node:path';
import type { TextDocument } from './exact-deduplicator.ts';
import type { FileRecord, RecordKeys } from './file-record.ts';
import { checkInputs, nameOutputs } from './output-names.ts';
import { readRecordGroups } from './read-records.ts';
import { openResults } from './result-files.ts';
import type { ResultFiles } from './result-files.ts';
import { claimRun } from './run-folder.ts';
import type { FileSeal } from './stage-file.ts';
import { readDone, writeDone } from './done-file.ts';
import type { StageInput } from './stage-settings.ts';

/** A document of a file with all fields of its record. */
export interface RecordDocument extends TextDocument {
  /** the value of a field or column; `undefined` where there is none */
  field: (name: string) => unknown;
}

/** What becomes of a document: it stays (`null`), stays with other fields, or goes for a reason. */
export type Verdict =
  | { fields: Record<string, unknown>; explanation: Record<string, unknown> }
  | { reason: string; explanation: Record<string, unknown> }
  | null;

/** What to read, how to decide, where to write. */
export interface FilterFilesOptions extends RecordKeys {
  inputs: readonly string[];
  folder: string;
  /** is asked about every document, in order, also where a run is gone on with */
  decide: (document: RecordDocument) => Verdict;
  /** what the results depend on besides the inputs; a folder is only gone on with by a run of the same */
  run: { command: string } & Record<string, unknown>;
  /** the input that holds what standard input was: its records without a name are called `-:LINE` */
  standardInput?: string;
  /** kept records can get explanations; default false */
  changes?: boolean;
  longestLine?: number;
  /** told of bytes read */
  onBytes?: (bytes: number) => void;
  /** told of results that are not as they were written, before they are made again */
  onDamage?: (message: string) => void;
}

/** What was done with one input, or all. */
export interface FilterCounts {
  /** lines that are not empty, or rows */
  read: number;
  kept: number;
  /** of the kept ones, those with another text */
  changed: number;
  removed: number;
  /** no document: in neither `kept` nor `removed` */
  broken: number;
  invalidUtf8: number;
}

/** Counts of one input. */
export interface FilteredInput extends FilterCounts {
  path: string;
  removedByKind: Record<string, number>;
  problems: { line: number; problem: string }[];
}

/** Problems of one input that are told. */
export const PROBLEMS_SHOWN = 100;

/** Sorts the records of one input into two files, or only goes through them where that is done. */
export class InputFilter {
  readonly #decide: FilterFilesOptions['decide'];
  readonly #results: ResultFiles | null;
  readonly counts: FilteredInput;

  constructor(decide: FilterFilesOptions['decide'], path: string, results: ResultFiles | null) {
    this.#decide = decide;
    this.#results = results;
    const zeros = { read: 0, kept: 0, changed: 0, removed: 0, broken: 0, invalidUtf8: 0 };
    this.counts = { path, ...zeros, removedByKind: {}, problems: [] };
  }

  take(record: FileRecord): void {
    const { counts } = this;
    const { document, problem, line, validUtf8, field } = record;
    counts.read++;
    if (!validUtf8) counts.invalidUtf8++;
    if (document === null) {
      counts.broken++;
      if (counts.problems.length < PROBLEMS_SHOWN) counts.problems.push({ line, problem: problem! });
      return;
    }
    this.#follow(this.#decide({ ...document, field }), record);
  }

  #follow(verdict: Verdict, record: FileRecord): void {
    const { counts } = this;
    if (verdict !== null && 'reason' in verdict) {
      counts.removed++;
      counts.removedByKind[verdict.reason] = (counts.removedByKind[verdict.reason] ?? 0) + 1;
      this.#results?.remove(record, { filter_reason: verdict.reason, ...verdict.explanation });
      return;
    }
    counts.kept++;
    if (verdict !== null) counts.changed++;
    const change = verdict === null ? undefined : { fields: verdict.fields, metadata: verdict.explanation };
    this.#results?.keep(record, change);
  }

  close(): Record<string, FileSeal> | null {
    return this.#results?.close() ?? null;
  }
}

/** Sums of the counts of all inputs. */
export function sumCounts(inputs: readonly FilteredInput[]): FilterCounts {
  const names = ['read', 'kept', 'changed', 'removed', 'broken', 'invalidUtf8'] as const;
  const sum = (name: (typeof names)[number]) => inputs.reduce((total, input) => total + input[name], 0);
  return Object.fromEntries(names.map((name) => [name, sum(name)])) as unknown as FilterCounts;
}

/** Counts by name, added up. */
export function sumTallies(tallies: readonly Record<string, number>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const tally of tallies) {
    for (const [name, count] of Object.entries(tally)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

/** How many documents of all inputs were removed for which reason. */
export const sumKinds = (inputs: readonly FilteredInput[]): Record<string, number> =>
  sumTallies(inputs.map(({ removedByKind }) => removedByKind));

async function filterInput(options: FilterFilesOptions, input: StageInput, number: number): Promise<FilteredInput> {
  const { folder, run, changes, standardInput, onBytes, onDamage } = options;
  const { path, output } = input;
  const isDone = readDone(folder, run.command, number, onDamage) !== null;
  const names = { folder, kept: join('kept', output), removed: join('removed', output), details: changes };
  const filter = new InputFilter(options.decide, path, isDone ? null : await openResults(path, names));
  for await (const group of readRecordGroups(path, {
    ...options,
    name: path === standardInput ? '-' : path,
    onBytes,
  })) {
    for (const record of group) filter.take(record);
  }
  const files = filter.close();
  if (files !== null) writeDone(folder, run.command, number, { files });
  return filter.counts;
}

/**
 * Goes through files once and writes `kept/NAME` (records as they are, unless something of them was changed) and
 * `removed/NAME` (with the reason in the metadata). Files appear when they are complete. A run that was interrupted is gone
 * on with: what decisions depend on is read again, what was written is not written again.
 *
 * @throws DedupError of the file that cannot be read or written, `RUN_MISMATCH` where the folder is another run's
 */
export async function filterFiles(options: FilterFilesOptions): Promise<FilteredInput[]> {
  const { inputs, folder, run, textKey, idKey } = options;
  checkInputs(inputs, folder);
  claimRun(folder, inputs, { ...run, textKey, idKey });
  const reports: FilteredInput[] = [];
  for (const [number, input] of nameOutputs(inputs).entries()) reports.push(await filterInput(options, input, number));
  return reports;
}
