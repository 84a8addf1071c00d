import type { CommandArguments } from './command-arguments.ts';
import type { CliStreams } from './cli-streams.ts';
import { filterInParts } from './filter-in-parts.ts';
import type { FilterInPartsOptions, FilteredFiles } from './filter-in-parts.ts';
import { filterStream } from './filter-stream.ts';
import { statusOf } from './output-names.ts';
import type { ProgressLine } from './progress-line.ts';
import { sumCounts, sumKinds } from './record-sorter.ts';
import type { FilteredInput, RecordDocument, Verdict } from './record-sorter.ts';
import { writeReport } from './write-report.ts';

/** What the commands that decide about one document after the other have in common. */

/** What to do with files. */
type FolderFilter = Pick<FilterInPartsOptions, 'command' | 'keys' | 'decider' | 'run' | 'onBytes'>;

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

/** Filters what comes from pipes, or goes into one, while it is read, in one thread. */
export function filterBetweenPipes(
  { operands: inputs, standardInput, removed, textKey, idKey }: CommandArguments,
  talk: Talk,
  decide: (document: RecordDocument) => Verdict,
  onBytes: (bytes: number) => void,
): Promise<FilteredInput[]> {
  const { stdin, stdout } = talk.streams;
  return filterStream({ inputs, standardInput, removed, textKey, idKey, stdin, stdout, decide, onBytes });
}

/** Filters files into a folder, in threads. */
export function filterIntoFolder(
  given: CommandArguments,
  talk: Talk,
  { onBytes = inputProgress(given, talk, 2), ...what }: FolderFilter,
): Promise<FilteredFiles> {
  const { operands: inputs, output: folder, standardInput, textKey, idKey, workers, partBytes } = given;
  const onDamage = (message: string) => talk.say(`${message}; it is made again\n`);
  return filterInParts({
    inputs,
    folder,
    standardInput,
    textKey,
    idKey,
    partBytes,
    workers,
    ...what,
    onBytes,
    onDamage,
  });
}
