import { join } from 'node:path';
import { LONGEST_LINE_BYTES } from './byte-lines.ts';
import type { TextDocument } from './exact-deduplicator.ts';
import { checkFresh, checkInputs, nameOutputs } from './output-names.ts';
import { readRecords } from './read-records.ts';
import type { FileRecord, RecordKeys } from './read-records.ts';
import { StageFile } from './stage-file.ts';

/** A document of a file with all fields of its record. */
export interface RecordDocument extends TextDocument {
  /** the whole record, read when it is asked for */
  record: () => Record<string, unknown>;
}

/** What becomes of a document: it stays (`null`), stays with another text, or goes for a reason. */
export type Verdict = { text: string; explanation: object } | { reason: string; explanation: object } | null;

/** What to read, how to decide, where to write. */
export interface FilterFilesOptions extends RecordKeys {
  inputs: readonly string[];
  folder: string;
  decide: (document: RecordDocument) => Verdict;
  /** told of bytes read */
  onBytes?: (bytes: number) => void;
}

/** What was done with one input, or all. */
export interface FilterCounts {
  /** lines that are not empty */
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
  problems: { line: number; problem: string }[];
}

const PROBLEMS_SHOWN = 100;
const LINE_FEED = Uint8Array.of(0x0a);

function withMetadata(record: Record<string, unknown>, explanation: object): Buffer {
  const metadata = record.metadata as object | undefined;
  return Buffer.from(JSON.stringify({ ...record, metadata: { ...metadata, ...explanation } }));
}

/** Sorts the lines of one input into two files. */
class InputFilter {
  readonly #options: FilterFilesOptions;
  readonly #kept: StageFile;
  readonly #removed: StageFile;
  readonly counts: FilteredInput;

  constructor(options: FilterFilesOptions, path: string, output: string) {
    this.#options = options;
    this.#kept = new StageFile(join(options.folder, 'kept', output));
    this.#removed = new StageFile(join(options.folder, 'removed', output));
    this.counts = { path, read: 0, kept: 0, changed: 0, removed: 0, broken: 0, invalidUtf8: 0, problems: [] };
  }

  take({ bytes, document, problem, line, validUtf8 }: FileRecord): void {
    const { counts } = this;
    counts.read++;
    if (!validUtf8) counts.invalidUtf8++;
    if (document === null || bytes === null) {
      counts.broken++;
      if (counts.problems.length < PROBLEMS_SHOWN) counts.problems.push({ line, problem: problem! });
      return;
    }
    const record = () => JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    const verdict = this.#options.decide({ ...document, record });
    if (verdict === null) this.#keep(bytes);
    else if ('reason' in verdict) {
      counts.removed++;
      const explanation = { filter_reason: verdict.reason, ...verdict.explanation };
      this.#removed.write(withMetadata(record(), explanation));
      this.#removed.write(LINE_FEED);
    } else {
      counts.changed++;
      this.#keep(withMetadata({ ...record(), [this.#options.textKey]: verdict.text }, verdict.explanation));
    }
  }

  #keep(bytes: Uint8Array): void {
    this.counts.kept++;
    this.#kept.write(bytes);
    this.#kept.write(LINE_FEED);
  }

  close(): void {
    this.#kept.close();
    this.#removed.close();
  }
}

/** Sums of the counts of all inputs. */
export function sumCounts(inputs: readonly FilteredInput[]): FilterCounts {
  const names = ['read', 'kept', 'changed', 'removed', 'broken', 'invalidUtf8'] as const;
  const sum = (name: (typeof names)[number]) => inputs.reduce((total, input) => total + input[name], 0);
  return Object.fromEntries(names.map((name) => [name, sum(name)])) as unknown as FilterCounts;
}

/**
 * Goes through JSON Lines files once and writes `kept/NAME` (lines byte for byte, unless the text was changed) and
 * `removed/NAME` (with the reason in the metadata). Files appear when they are complete.
 *
 * @throws DedupError of the file that cannot be read or written
 */
export async function filterFiles(options: FilterFilesOptions): Promise<FilteredInput[]> {
  const { inputs, folder, onBytes } = options;
  checkInputs(inputs, folder);
  checkFresh(folder);
  const reports: FilteredInput[] = [];
  for (const { path, output } of nameOutputs(inputs)) {
    const filter = new InputFilter(options, path, output);
    for await (const record of readRecords(path, path, options, LONGEST_LINE_BYTES, onBytes)) filter.take(record);
    filter.close();
    reports.push(filter.counts);
  }
  return reports;
}

/** Writes the report that belongs to the files. */
export function writeReport(folder: string, report: object): void {
  const file = new StageFile(join(folder, 'report.json'));
  file.write(Buffer.from(`${JSON.stringify(report, null, 2)}\n`));
  file.close();
}
