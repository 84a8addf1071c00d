import { readByteLines } from './byte-lines.ts';
import { DedupError } from './dedup-error.ts';
import { NumberWriter } from './number-file.ts';
import { PROBLEMS_SHOWN } from './record-sorter.ts';
import type { FilterContext } from './part-filter.ts';
import { readPart } from './read-records.ts';
import { openScanner } from './scanners.ts';
import { stagePath } from './stage-settings.ts';
import type { Advance, TaskResult } from './stage-settings.ts';

/** What is told of a part. */
export interface ScannedPart {
  /** numbers of lines are those in the part */
  problems: { line: number; problem: string }[];
}

async function scan(context: FilterContext, rank: number, advance: Advance, linesBefore: number): Promise<TaskResult> {
  const { settings, keys } = context;
  const scanner = openScanner(context, rank);
  const broken = new NumberWriter(settings.folder, stagePath.broken(rank), 1);
  const counts = { lines: 0, documents: 0, read: 0, broken: 0, invalidUtf8: 0 };
  const problems: ScannedPart['problems'] = [];
  const onlyFields = [keys.field, keys.priority, keys.tokenKey].filter((field) => field !== undefined);
  const onLines = (lines: number) => (counts.lines = lines);
  const options = { linesBefore, onlyFields, onBytes: advance, onLines };
  for await (const group of readPart(settings, rank, options)) {
    for (const record of group) {
      const { document, problem, line, validUtf8, field } = record;
      const number = counts.read++;
      if (!validUtf8) counts.invalidUtf8++;
      if (document !== null) {
        counts.documents++;
        scanner.take({ id: document.id, text: document.text, field }, number, record);
        continue;
      }
      counts.broken++;
      broken.add([number]);
      if (problems.length < PROBLEMS_SHOWN) problems.push({ line, problem: problem! });
    }
  }
  return { files: { ...scanner.close(), ...broken.close() }, counts, details: { problems } satisfies ScannedPart };
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
