import { LONGEST_LINE_BYTES } from './byte-lines.ts';
import type { CommandArguments } from './command-arguments.ts';
import type { RecordDocument, Verdict } from './filter-files.ts';
import { inputProgress, runFilter } from './filter-commands.ts';
import type { Outcome, Talk } from './filter-commands.ts';
import { bytesOfPart, cutInputs } from './input-parts.ts';
import { checkInputs, nameOutputs } from './output-names.ts';
import { checkPositiveInteger } from './positive-integer.ts';
import { claimRun } from './run-folder.ts';
import { SentenceDeduplicator } from './sentence-deduplicator.ts';
import { SpanReader } from './span-stage.ts';
import type { TaskResult } from './stage-settings.ts';
import { takeOver } from './stage-task.ts';
import type { StageTask } from './stage-task.ts';
import { TaskPool } from './task-pool.ts';

/** Splits and hashes all documents in threads; what an interrupted run has hashed is not hashed again. */
async function hashInThreads(
  given: CommandArguments,
  talk: Talk,
  onBytes: (bytes: number) => void,
): Promise<SpanReader> {
  const { operands, output: folder, textKey, idKey, workers, command } = given;
  checkInputs(operands, folder);
  claimRun(folder, operands, { command, textKey, idKey });
  const inputs = nameOutputs(operands);
  const parts = cutInputs(operands);
  const settings = { folder, inputs, parts, textKey, idKey, longestLine: LONGEST_LINE_BYTES };
  const results: TaskResult[] = [];
  const all = parts.map((_, task): StageTask => ({ stage: 'spans', task }));
  const tasks = takeOver(folder, all, results, (message) => talk.say(`${message}; it is made again\n`));
  for (const rank of results.keys()) if (results[rank]) onBytes(bytesOfPart(inputs, parts[rank]));
  const pool = new TaskPool(workers);
  try {
    await pool.run(tasks, { command: 'sentences', settings }, () => {}, onBytes);
  } finally {
    await pool.close();
  }
  return new SpanReader(settings);
}

/** Cuts out repeated spans of sentences. Threads split and hash, where there are any; decisions are made in order. */
export async function sentences(given: CommandArguments, talk: Talk): Promise<Outcome> {
  const isThreaded = checkPositiveInteger('workers', given.workers) > 1;
  const onBytes = inputProgress(given, talk, isThreaded ? 2 : 1);
  const spans = isThreaded ? await hashInThreads(given, talk, onBytes) : null;
  const deduplicator = new SentenceDeduplicator();
  const decide = (document: RecordDocument): Verdict => {
    if (spans !== null && deduplicator.addIfNew(spans.next())) return null;
    const { text, kept, removed } = deduplicator.add(document);
    if (removed.length === 0) return null;
    const explanation = { repeated_spans: removed };
    return kept ? { fields: { [given.textKey]: text }, explanation } : { reason: 'repeated_sentences', explanation };
  };
  const outcome = await runFilter(given, talk, { decide, changes: true, settings: {} }, onBytes);
  spans?.close();
  return outcome;
}
