import { basename } from 'node:path';
import type { CommandArguments } from './command-arguments.ts';
import { Decontaminator } from './decontaminator.ts';
import { DedupError } from './dedup-error.ts';
import { exactKeyOf } from './exact-deduplicator.ts';
import { filterFiles, sumCounts, writeReport } from './filter-files.ts';
import type { FilterFilesOptions, RecordDocument } from './filter-files.ts';
import { checkFresh, checkInputs, statusOf } from './output-names.ts';
import { PackedBloomFilter } from './packed-bloom-filter.ts';
import { DEFAULT_MEMORY } from './plan-files.ts';
import { PreferredDocuments } from './preferred-documents.ts';
import type { ProgressLine } from './progress-line.ts';
import { readRecords } from './read-records.ts';
import { SUBSTRING_BYTES_PER_BYTE, cutRanges, findRepeatedSubstrings } from './repeated-substrings.ts';
import { SentenceDeduplicator } from './sentence-deduplicator.ts';

/** The commands that decide about one document after the other. */

export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** What a command prints when it is done. */
export interface Outcome {
  report: object;
  summary: string;
}

/** One line about what was done. */
export function summarize({
  read,
  kept,
  removed,
  broken,
}: {
  read: number;
  kept: number;
  removed: number;
  broken: number;
}): string {
  const lost = broken > 0 ? `, ${broken} broken lines (report.json says where)` : '';
  return `${read} records, ${kept} kept (${percent(read === 0 ? 0 : kept / read)})${lost}, ${removed} removed`;
}

/** Runs a command that decides about one document after the other. */
async function filter(
  { operands: inputs, output: folder, textKey, idKey, command, quiet }: CommandArguments,
  progress: ProgressLine,
  decide: FilterFilesOptions['decide'],
  finish: () => object = () => ({}),
): Promise<Outcome> {
  const total = inputs.reduce((sum, path) => sum + statusOf(path).bytes, 0);
  let done = 0;
  const onBytes = (bytes: number) => {
    done += bytes;
    if (!quiet) progress.show({ stage: command, done, total, unit: 'bytes' });
  };
  const results = await filterFiles({ inputs, folder, textKey, idKey, decide, onBytes });
  const counts = sumCounts(results);
  const report = { command, settings: { textKey, idKey }, ...finish(), counts, inputs: results };
  writeReport(folder, report);
  const changed = counts.changed > 0 ? `, ${counts.changed} of the kept ones shortened` : '';
  return { report, summary: `${summarize(counts)}${changed}\n` };
}

/** What must be the same: the text in some form, or a field of the record. */
function keyOf({ key, field }: CommandArguments): (document: RecordDocument) => string | null {
  if (field === undefined) return (document) => exactKeyOf(key, document);
  return (document) => {
    const value = document.record()[field];
    return value === undefined || value === null ? null : String(value);
  };
}

/** What a document is worth beside others with the same key: a number of its record, 0 where there is none. */
function priorityOf({ priority }: CommandArguments, record: Record<string, unknown>): number {
  const value = priority === undefined ? 0 : Number(record[priority] ?? 0);
  if (Number.isFinite(value)) return value;
  throw new DedupError('INVALID_RECORD', `"${priority}" must be a number, got ${JSON.stringify(record[priority!])}`);
}

export async function exact(given: CommandArguments, progress: ProgressLine): Promise<Outcome> {
  checkInputs(given.operands, given.output);
  checkFresh(given.output);
  const key = keyOf(given);
  const preferred = new PreferredDocuments();
  for (const path of given.operands) {
    for await (const { document, bytes } of readRecords(path, path, given)) {
      if (document === null) continue;
      const record = () => JSON.parse(bytes!.toString('utf8')) as Record<string, unknown>;
      const text = key({ ...document, record });
      const priority = given.priority === undefined ? 0 : priorityOf(given, record());
      if (text !== null) preferred.add({ id: document.id, text }, priority);
    }
  }
  let index = 0;
  return filter(given, progress, (document) => {
    if (key(document) === null) return null;
    const kept = preferred.of(index);
    if (kept.index === index++) return null;
    return { reason: 'exact_duplicate', explanation: { duplicate_of: kept.id } };
  });
}

export function bloom(given: CommandArguments, progress: ProgressLine): Promise<Outcome> {
  const { capacity, falsePositiveRate } = given;
  const key = keyOf(given);
  const bloomFilter = new PackedBloomFilter({ capacity, falsePositiveRate });
  let keys = 0;
  const decide = (document: RecordDocument) => {
    const text = key(document);
    if (text === null) return null;
    if (!bloomFilter.add(text)) return { reason: 'bloom_duplicate', explanation: {} };
    keys++;
    return null;
  };
  const finish = () => {
    const reached = bloomFilter.falsePositiveRate();
    return { filter: { capacity, keys, bytes: bloomFilter.bytes, askedRate: falsePositiveRate, reachedRate: reached } };
  };
  return filter(given, progress, decide, finish);
}

export function sentences(given: CommandArguments, progress: ProgressLine): Promise<Outcome> {
  const deduplicator = new SentenceDeduplicator();
  return filter(given, progress, (document) => {
    const { text, kept, removed } = deduplicator.add(document);
    if (removed.length === 0) return null;
    const explanation = { repeated_spans: removed };
    return kept ? { text, explanation } : { reason: 'repeated_sentences', explanation };
  });
}

/** Words that must be left of a text that was cut, as datatrove has it. */
const LEAST_WORDS = 50;

async function readTexts({ operands, textKey, idKey, memory = DEFAULT_MEMORY }: CommandArguments): Promise<string[]> {
  const texts: string[] = [];
  let bytes = 0;
  for (const path of operands) {
    for await (const { document } of readRecords(path, path, { textKey, idKey })) {
      if (document === null) continue;
      texts.push(document.text);
      bytes += Buffer.byteLength(document.text);
      if (bytes * SUBSTRING_BYTES_PER_BYTE <= memory) continue;
      const message = `${path}: ${bytes} bytes of text take ${bytes * SUBSTRING_BYTES_PER_BYTE} of memory, ${memory} are allowed; raise --memory or give fewer inputs`;
      throw new DedupError('OUT_OF_MEMORY', message);
    }
  }
  return texts;
}

export async function substrings(given: CommandArguments, progress: ProgressLine): Promise<Outcome> {
  const { minimumBytes, keep, output } = given;
  checkInputs(given.operands, output);
  checkFresh(output);
  const found = findRepeatedSubstrings(await readTexts(given), { minimumBytes, keep });
  let document = 0;
  let characters = 0;
  const decide = ({ text }: RecordDocument) => {
    const ranges = found[document++];
    if (ranges.length === 0) return null;
    for (const { start, end } of ranges) characters += end - start;
    const left = cutRanges(text, ranges);
    const explanation = { repeated_ranges: ranges.map(({ start, end }) => [start, end]) };
    const words = left.split(/\s+/).filter((word) => word !== '').length;
    return words < LEAST_WORDS ? { reason: 'repeated_substrings', explanation } : { text: left, explanation };
  };
  return filter(given, progress, decide, () => ({ minimumBytes: minimumBytes ?? 200, keep, characters }));
}

/** Evaluation texts: the field `label`, or the text; perhaps with `query` and `task`. */
async function readEvaluations({ against, ngram, textKey, idKey }: CommandArguments): Promise<Decontaminator> {
  const decontaminator = new Decontaminator({ ngram });
  for (const path of against) {
    for await (const { document, bytes, line, problem } of readRecords(path, path, { textKey, idKey })) {
      if (document === null) throw new DedupError('INVALID_RECORD', `${path}:${line}: ${problem}`);
      const { query, task = basename(path) } = JSON.parse(bytes!.toString('utf8')) as { query?: string; task?: string };
      decontaminator.add({
        task: String(task),
        label: document.text,
        query: query === undefined ? query : String(query),
      });
    }
  }
  if (decontaminator.size > 0) return decontaminator;
  const message = `${against.join(', ')}: no text is as long as an n-gram, so that nothing could be found; lower --ngram`;
  throw new DedupError('INVALID_OPTION', message);
}

export async function decontaminate(given: CommandArguments, progress: ProgressLine): Promise<Outcome> {
  const decontaminator = await readEvaluations(given);
  const tasks: Record<string, number> = {};
  const decide = ({ text }: RecordDocument) => {
    const found = decontaminator.find(text);
    if (found === null) return null;
    tasks[found.task] = (tasks[found.task] ?? 0) + 1;
    return { reason: 'contaminated', explanation: { contaminated_task: found.task, contaminated_ngram: found.ngram } };
  };
  return filter(given, progress, decide, () => ({ ngrams: decontaminator.size, tasks }));
}
