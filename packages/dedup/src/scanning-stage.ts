import { readByteLines } from './byte-lines.ts';
import { DedupError } from './dedup-error.ts';
import type { FileRecord } from './file-record.ts';
import { NumberWriter } from './number-file.ts';
import { PROBLEMS_SHOWN } from './record-sorter.ts';
import type { FilterContext, Scanner } from './part-filter.ts';
import { readPart } from './read-records.ts';
import { openScanner } from './scanners.ts';
import { stagePath } from './stage-settings.ts';
import type { Advance, TaskResult } from './stage-settings.ts';

/** What is told of a part. */
export interface ScannedPart {
  /** numbers of lines are those in the part */
  problems: { line: number; problem: string }[];
}

/** Notes the documents of one part, and counts what else is there. */
class PartScanner {
  readonly #scanner: Scanner;
  readonly #broken: NumberWriter;
  readonly counts = { lines: 0, documents: 0, read: 0, broken: 0, invalidUtf8: 0 };
  readonly #problems: ScannedPart['problems'] = [];

  constructor(context: FilterContext, rank: number) {
    this.#scanner = openScanner(context, rank);
    this.#broken = new NumberWriter(context.settings.folder, stagePath.broken(rank), 1);
  }

  /** A loop of its own: within an asynchronous function it runs half as fast. */
  takeAll(records: Iterable<FileRecord>): void {
    for (const record of records) this.#take(record);
  }

  #take(record: FileRecord): void {
    const { counts } = this;
    const { document, problem, line, validUtf8, field } = record;
    const number = counts.read++;
    if (!validUtf8) counts.invalidUtf8++;
    if (document !== null) {
      counts.documents++;
      this.#scanner.take({ id: document.id, text: document.text, field }, number, record);
      return;
    }
    counts.broken++;
    this.#broken.add([number]);
    if (this.#problems.length < PROBLEMS_SHOWN) this.#problems.push({ line, problem: problem! });
  }

  close(): TaskResult {
    const files = { ...this.#scanner.close(), ...this.#broken.close() };
    return { files, counts: this.counts, details: { problems: this.#problems } satisfies ScannedPart };
  }
}

async function scan(context: FilterContext, rank: number, advance: Advance, linesBefore: number): Promise<TaskResult> {
  const { settings, keys } = context;
  const scanner = new PartScanner(context, rank);
  const onlyFields = [keys.field, keys.priority, keys.tokenKey].filter((field) => field !== undefined);
  const onLines = (lines: number) => (scanner.counts.lines = lines);
  const options = { linesBefore, onlyFields, onBytes: advance, onLines };
  for await (const group of readPart(settings, rank, options)) scanner.takeAll(group);
  return scanner.close();
}

/** Lines that begin before a place in a file. */
async function countLines(path: string, end: number): Promise<number> {
  let count = 0;
  for await (const lines of readByteLines(path, { range: { start: 0, end }, onLines: (lines) => (count = lines) })) {
    for (const _ of lines);
  }
  return count;
}

/**
 * Goes through the documents of one part and notes what decisions are made by. How many lines are before the part is only
 * found out where an error has to say which line is wrong.
 */
export async function scanPart(context: FilterContext, rank: number, advance: Advance): Promise<TaskResult> {
  try {
    return await scan(context, rank, advance, 0);
  } catch (error) {
    const { inputs, parts } = context.settings;
    const { input, range } = parts[rank];
    const isNumbered = error instanceof DedupError && error.code === 'INVALID_RECORD';
    if (!isNumbered || range === null || range.start === 0) throw error;
    return scan(context, rank, () => {}, await countLines(inputs[input].path, range.start));
  }
}
