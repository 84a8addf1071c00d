import type { TextDocument } from './exact-deduplicator.ts';
import type { FileRecord, StoredRecord } from './file-record.ts';
import type { ResultFiles } from './result-files.ts';
import type { FileSeal } from './stage-file.ts';

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

/** Writes records to one of two files, as it was decided, and counts them. */
export class RecordSorter {
  readonly #results: ResultFiles;
  readonly counts: FilteredInput;

  constructor(path: string, results: ResultFiles) {
    this.#results = results;
    const zeros = { read: 0, kept: 0, changed: 0, removed: 0, broken: 0, invalidUtf8: 0 };
    this.counts = { path, ...zeros, removedByKind: {}, problems: [] };
  }

  /** Decides about a record, if it is a document. */
  take(record: FileRecord, decide: (document: RecordDocument) => Verdict): void {
    const { counts } = this;
    const { document, problem, line, validUtf8, field } = record;
    counts.read++;
    if (!validUtf8) counts.invalidUtf8++;
    if (document === null) {
      counts.broken++;
      if (counts.problems.length < PROBLEMS_SHOWN) counts.problems.push({ line, problem: problem! });
      return;
    }
    this.follow(decide({ id: document.id, text: document.text, field }), record);
  }

  /** Does what was decided. */
  follow(verdict: Verdict, record: StoredRecord): void {
    const { counts } = this;
    if (verdict !== null && 'reason' in verdict) {
      counts.removed++;
      counts.removedByKind[verdict.reason] = (counts.removedByKind[verdict.reason] ?? 0) + 1;
      this.#results.remove(record, { filter_reason: verdict.reason, ...verdict.explanation });
      return;
    }
    counts.kept++;
    if (verdict !== null) counts.changed++;
    const change = verdict === null ? undefined : { fields: verdict.fields, metadata: verdict.explanation };
    this.#results.keep(record, change);
  }

  close(): Record<string, FileSeal> {
    return this.#results.close();
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

/** What is told of an input, all parts together; lines are counted on from one part to the next. */
export function joinReports(path: string, parts: readonly { report: FilteredInput; lines: number }[]): FilteredInput {
  let before = 0;
  const problems = parts.flatMap(({ report, lines }) => {
    const first = before;
    before += lines;
    return report.problems.map(({ line, problem }) => ({ line: first + line, problem }));
  });
  const reports = parts.map(({ report }) => report);
  const told = { removedByKind: sumKinds(reports), problems: problems.slice(0, PROBLEMS_SHOWN) };
  return { path, ...sumCounts(reports), ...told };
}
