import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CliStreams } from './cli-streams.ts';
import type { CommandArguments } from './command-arguments.ts';
import { decontaminate } from './decontaminate-command.ts';
import { explainDocument } from './explain-document.ts';
import { bloom } from './bloom-command.ts';
import { exact } from './exact-command.ts';
import { megabytes, percent, summarize } from './filter-commands.ts';
import type { Outcome, Talk } from './filter-commands.ts';
import { minHashFiles } from './minhash-files.ts';
import { saveMinHashIndex } from './minhash-index.ts';
import { planFiles } from './plan-files.ts';
import { defaultMemory } from './stage-memory.ts';
import type { MinHashPlan } from './plan-files.ts';
import { checkPositiveInteger } from './positive-integer.ts';
import { ProgressLine } from './progress-line.ts';
import { sentences } from './sentences-command.ts';
import { substrings } from './substring-command.ts';
import type { Explanation } from './explain-document.ts';

async function print(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}

function describePlan({
  inputs,
  inputBytes,
  documents,
  sampled,
  tooShortShare,
  brokenShare,
  stageBytes,
  memory,
  expectedRecall,
}: MinHashPlan): string {
  const recall = Object.entries(expectedRecall).map(
    ([similarity, share]) => `  Jaccard ${similarity}: ${percent(share)}\n`,
  );
  return (
    `${inputs} inputs, ${megabytes(inputBytes)}, about ${documents} documents (${sampled} read)\n` +
    `too short for a signature: ${percent(tooShortShare)}, broken: ${percent(brokenShare)}\n` +
    `disk for stage files: about ${megabytes(stageBytes)}\n` +
    `memory, all in all: ${Object.entries(memory)
      .map(([stage, bytes]) => `${stage} ${megabytes(bytes)}`)
      .join(', ')}\n` +
    `expected share of near duplicates found:\n${recall.join('')}`
  );
}

async function plan({
  operands: inputs,
  minHash,
  workers,
  memory,
  textKey,
  idKey,
}: CommandArguments): Promise<Outcome> {
  const report = await planFiles({ inputs, ...minHash, workers, memory, textKey, idKey });
  return { report, summary: describePlan(report) };
}

async function minhash(given: CommandArguments, { progress, say }: Talk): Promise<Outcome> {
  const { operands: inputs, output: folder, minHash, quiet, rehydrate: rehydration, saveIndex, ...options } = given;
  const { workers, memory, textKey, idKey, representative, indexes, clusterIds } = options;
  say(`up to ${megabytes(memory ?? defaultMemory(workers))} of memory, ${workers} workers\n`);
  const report = await minHashFiles({
    inputs,
    folder,
    ...minHash,
    workers,
    memory,
    textKey,
    idKey,
    representative,
    indexes,
    clusterIds,
    rehydration,
    onProgress: quiet ? undefined : (state) => progress.show(state),
    onStage: ({ stage, tasks, threads, memory: bytes }) => {
      if (tasks > 0) say(`${stage}: ${tasks} tasks in ${threads} threads, up to ${megabytes(bytes)} of memory\n`);
    },
    onDamage: (message) => say(`${message}; it is made again\n`),
  });
  if (saveIndex !== undefined) saveMinHashIndex(folder, saveIndex);
  const { counts } = report;
  const short = counts.tooShort > 0 ? `; ${counts.tooShort} too short for a signature` : '';
  return { report, summary: `${summarize(counts)} in ${counts.clusters} clusters${short}\n` };
}

function describeChain({ chain }: Explanation): string {
  if (chain === null || chain.length < 2) return '';
  const lines = chain.map(({ id, bands, jaccard }, index) => {
    const similarity = jaccard === null ? '' : `, Jaccard similarity ${jaccard.toFixed(3)}`;
    return `  ${index + 1}. ${id ?? 'a document of an earlier run'}: bands ${bands.join(' ')}${similarity}\n`;
  });
  return `joined by others, of which each equals the one before in some bands:\n${lines.join('')}`;
}

function describeExplanation(report: Explanation): string {
  const { id, reason, duplicateOf, jaccard, estimatedJaccard, bands, sharedText, details } = report;
  const equal = bands.length === 0 ? 'none' : bands.join(' ');
  const similarity =
    jaccard === null
      ? ''
      : `Jaccard similarity ${jaccard.toFixed(3)}, estimated ${estimatedJaccard!.toFixed(3)}\nequal bands: ${equal}\n`;
  const shared = sharedText === null ? '' : `longest shared text: ${sharedText.slice(0, 500)}\n`;
  const more = Object.entries(details).map(([key, value]) => `${key}: ${JSON.stringify(value).slice(0, 500)}\n`);
  const twin = duplicateOf === null ? '' : ` of ${duplicateOf}`;
  return `${id} was removed: ${reason}${twin}\n${similarity}${describeChain(report)}${shared}${more.join('')}`;
}

async function explain({ operands: [folder, id] }: CommandArguments): Promise<Outcome> {
  const report = await explainDocument(folder, id);
  return { report, summary: report.kept ? `${id} is kept\n` : describeExplanation(report) };
}

function perform(given: CommandArguments, talk: Talk): Promise<Outcome> {
  if (given.command === 'minhash') return minhash(given, talk);
  if (given.command === 'exact') return exact(given, talk);
  if (given.command === 'bloom') return bloom(given, talk);
  if (given.command === 'sentences') return sentences(given, talk);
  if (given.command === 'substrings') return substrings(given, talk);
  if (given.command === 'decontaminate') return decontaminate(given, talk);
  return given.command === 'explain' ? explain(given) : plan(given);
}

/** `exact` reads twice, and what has a folder can be read again: standard input is kept in a file meanwhile. */
async function spoolInput(given: CommandArguments, stdin: Readable, folder: string): Promise<CommandArguments> {
  const { command, operands, output } = given;
  if (!operands.includes('-') || (output === '-' && command !== 'exact')) return given;
  const path = join(folder, 'standard-input.jsonl');
  await pipeline(stdin, createWriteStream(path));
  return { ...given, operands: operands.map((operand) => (operand === '-' ? path : operand)), standardInput: path };
}

/**
 * Runs one of the commands: results on standard output where they are asked for, talk on standard error.
 *
 * @param folder for what standard input holds, until the command is done
 */
export async function runCommand(asked: CommandArguments, streams: CliStreams, folder: string): Promise<void> {
  checkPositiveInteger('workers', asked.workers);
  const given = await spoolInput(asked, streams.stdin, folder);
  const progress = new ProgressLine(streams.stderr);
  const say = (text: string) => (given.quiet ? undefined : void streams.stderr.write(text));
  const { report, summary } = await perform(given, { streams, progress, say });
  progress.clear();
  const isResult = given.command === 'explain' || given.command === 'plan';
  if (given.json) await print(streams.stdout, `${JSON.stringify(report)}\n`);
  else if (isResult) await print(streams.stdout, summary);
  if (!isResult && !given.quiet) await print(streams.stderr, summary);
}
