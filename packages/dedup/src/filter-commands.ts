import type { CommandArguments } from './command-arguments.ts';
import { DedupError } from './dedup-error.ts';
import { exactKeyOf } from './exact-deduplicator.ts';
import { ExactGroups } from './exact-groups.ts';
import { filterFiles, sumCounts, sumKinds } from './filter-files.ts';
import type { FilterFilesOptions, FilteredInput, RecordDocument } from './filter-files.ts';
import { filterStream } from './filter-stream.ts';
import { checkInputs, statusOf } from './output-names.ts';
import { PackedBloomFilter } from './packed-bloom-filter.ts';
import type { ProgressLine } from './progress-line.ts';
import { readRecordGroups } from './read-records.ts';
import type { CliStreams } from './cli-streams.ts';
import { writeReport } from './write-report.ts';

/** The commands that decide about one document after the other. */

export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/** What a command prints when it is done. */
export interface Outcome {
  report: object;
  summary: string;
}

/** What a command is given besides its arguments. */
export interface Talk {
  streams: CliStreams;
  progress: ProgressLine;
  /** a line for people */
  say: (text: string) => void;
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

/** Shows how far all inputs are, which are read `times` times. */
export function inputProgress(given: CommandArguments, { progress }: Talk, times = 1): (bytes: number) => void {
  if (given.operands.includes('-')) return () => {}; // nobody knows how much there is
  const total = times * given.operands.reduce((sum, path) => sum + statusOf(path).bytes, 0);
  let done = 0;
  return (bytes) => {
    done += bytes;
    if (!given.quiet) progress.show({ stage: given.command, done, total, unit: 'bytes' });
  };
}

/** What a command decides by. */
export interface Filter extends Pick<FilterFilesOptions, 'decide' | 'changes'> {
  /** settings that the results depend on */
  settings: Record<string, unknown>;
  /** what the report tells besides counts */
  finish?: () => object;
}

/** Without a report, broken lines are told of right away. */
function sayProblems(inputs: readonly FilteredInput[], standardInput: string | undefined, { say }: Talk): void {
  for (const { path, problems, broken } of inputs) {
    const name = path === standardInput ? '-' : path;
    for (const { line, problem } of problems) say(`${name}:${line}: ${problem}, left out\n`);
    if (broken > problems.length) say(`${name}: ${broken - problems.length} more broken lines, left out\n`);
  }
}

/** Writes the report of a command that kept and removed documents, and says what it did. */
export function finishFilter(
  { command, output, textKey, idKey, standardInput }: CommandArguments,
  talk: Talk,
  inputs: readonly FilteredInput[],
  { settings, ...more }: { settings: object } & Record<string, unknown>,
): Outcome {
  if (output === '-') sayProblems(inputs, standardInput, talk);
  const counts = sumCounts(inputs);
  const told = { counts, removedByKind: sumKinds(inputs), ...more, inputs };
  const report = { command, settings: { textKey, idKey, ...settings }, ...told };
  if (output !== '-') writeReport(output, report);
  const changed = counts.changed > 0 ? `, ${counts.changed} of the kept ones shortened` : '';
  const shown = output === '-' ? { ...counts, broken: 0 } : counts;
  return { report, summary: `${summarize(shown)}${changed}\n` };
}

/** Runs a command that decides about one document after the other. */
export async function runFilter(
  given: CommandArguments,
  talk: Talk,
  { decide, changes, settings, finish }: Filter,
  onBytes = inputProgress(given, talk),
): Promise<Outcome> {
  const { operands: inputs, output: folder, standardInput, removed, textKey, idKey, command } = given;
  const { stdin, stdout } = talk.streams;
  const onDamage = (message: string) => talk.say(`${message}; it is made again\n`);
  const run = { command, ...settings };
  const keys = { textKey, idKey };
  const what = { inputs, standardInput, ...keys, decide, onBytes };
  const results =
    folder === '-'
      ? await filterStream({ ...what, stdin, stdout, removed })
      : await filterFiles({ ...what, folder, changes, run, onDamage });
  return finishFilter(given, talk, results, { settings, ...finish?.() });
}

/** What must be the same: the text in some form, or a field of the record. */
function keyOf({ key, field }: CommandArguments): (document: RecordDocument) => string | null {
  if (field === undefined) return (document) => exactKeyOf(key, document);
  return (document) => {
    const value = document.field(field) ?? null;
    return value === null ? null : String(value);
  };
}

/** What a document is worth beside others with the same key: a number of its record, 0 where there is none. */
function priorityOf({ priority }: CommandArguments, document: RecordDocument): number {
  if (priority === undefined) return 0;
  const given = document.field(priority) ?? 0;
  const value = Number(given);
  if (Number.isFinite(value)) return value;
  throw new DedupError(
    'INVALID_RECORD',
    `${document.id}: "${priority}" must be a number, got ${JSON.stringify(given)}`,
  );
}

async function groupDocuments(given: CommandArguments, onBytes: (bytes: number) => void): Promise<ExactGroups> {
  const key = keyOf(given);
  const groups = new ExactGroups();
  for (const path of given.operands) {
    const name = path === given.standardInput ? '-' : path;
    for await (const group of readRecordGroups(path, { ...given, name, onBytes })) {
      for (const { document, field } of group) {
        if (document === null) continue;
        const text = key({ ...document, field });
        if (text !== null) groups.add({ id: document.id, text }, priorityOf(given, { ...document, field }));
      }
    }
  }
  return groups;
}

export async function exact(given: CommandArguments, talk: Talk): Promise<Outcome> {
  checkInputs(given.operands, given.output);
  const onBytes = inputProgress(given, talk, 2);
  const groups = await groupDocuments(given, onBytes);
  const summary = groups.summarize();
  const key = keyOf(given);
  let index = 0;
  const decide = (document: RecordDocument) => {
    if (key(document) === null) return null;
    const kept = groups.keptOf(index);
    if (kept.index !== index++) return { reason: 'exact_duplicate', explanation: { duplicate_of: kept.id } };
    groups.show(kept.index, document.text);
    return null;
  };
  const { key: form, field, priority } = given;
  return runFilter(given, talk, { decide, settings: { key: form, field, priority }, finish: () => summary }, onBytes);
}

export function bloom(given: CommandArguments, talk: Talk): Promise<Outcome> {
  const { capacity, falsePositiveRate, key: form, field } = given;
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
  return runFilter(given, talk, { decide, settings: { key: form, field, capacity, falsePositiveRate }, finish });
}
