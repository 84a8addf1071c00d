import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { CliStreams } from './cli-streams.ts';
import type { CommandArguments } from './command-arguments.ts';
import { explainDocument } from './explain-document.ts';
import { bloom, decontaminate, exact, percent, sentences, substrings, summarize } from './filter-commands.ts';
import type { Outcome } from './filter-commands.ts';
import { minHashFiles } from './minhash-files.ts';
import { saveMinHashIndex } from './minhash-index.ts';
import { DEFAULT_MEMORY, planFiles } from './plan-files.ts';
import type { MinHashPlan } from './plan-files.ts';
import { ProgressLine } from './progress-line.ts';

async function print(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

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
    `memory for buffers: signatures ${megabytes(memory.signatures)}, matching ${megabytes(memory.matching)}, ` +
    `clustering ${megabytes(memory.clustering)}, filtering ${megabytes(memory.filtering)}\n` +
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

async function minhash(given: CommandArguments, streams: CliStreams, progress: ProgressLine): Promise<Outcome> {
  const { operands: inputs, output: folder, minHash, workers, memory, textKey, idKey, representative, quiet } = given;
  const talk = (text: string) => (quiet ? undefined : void streams.stderr.write(text));
  talk(`up to ${megabytes(memory ?? DEFAULT_MEMORY)} for buffers, ${workers} workers\n`);
  const report = await minHashFiles({
    inputs,
    folder,
    ...minHash,
    workers,
    memory,
    textKey,
    idKey,
    representative,
    indexes: given.indexes,
    onProgress: quiet ? undefined : (state) => progress.show(state),
    onDamage: (message) => talk(`${message}; it is made again\n`),
  });
  if (given.saveIndex !== undefined) saveMinHashIndex(folder, given.saveIndex);
  const { counts } = report;
  const short = counts.tooShort > 0 ? `; ${counts.tooShort} too short for a signature` : '';
  return { report, summary: `${summarize(counts)} in ${counts.clusters} clusters${short}\n` };
}

async function explain({ operands: [folder, id] }: CommandArguments): Promise<Outcome> {
  const report = await explainDocument(folder, id);
  if (report.kept) return { report, summary: `${id} is kept\n` };
  const bands = report.bands.length === 0 ? 'none; other members of the cluster join the two' : report.bands.join(' ');
  const similarity =
    report.jaccard === null
      ? ''
      : `Jaccard similarity ${report.jaccard.toFixed(3)}, estimated ${report.estimatedJaccard!.toFixed(3)}\nequal bands: ${bands}\n`;
  const shared = report.sharedText === null ? '' : `longest shared text: ${report.sharedText.slice(0, 500)}\n`;
  const summary = `${id} was removed: ${report.reason} of ${report.duplicateOf ?? 'an unknown document'}\n${similarity}${shared}`;
  return { report, summary };
}

function perform(given: CommandArguments, streams: CliStreams, progress: ProgressLine): Promise<Outcome> {
  if (given.command === 'minhash') return minhash(given, streams, progress);
  if (given.command === 'exact') return exact(given, progress);
  if (given.command === 'bloom') return bloom(given, progress);
  if (given.command === 'sentences') return sentences(given, progress);
  if (given.command === 'substrings') return substrings(given, progress);
  if (given.command === 'decontaminate') return decontaminate(given, progress);
  return given.command === 'explain' ? explain(given) : plan(given);
}

/** Runs one of the commands: results on standard output where they are asked for, talk on standard error. */
export async function runCommand(given: CommandArguments, streams: CliStreams): Promise<void> {
  const progress = new ProgressLine(streams.stderr);
  const { report, summary } = await perform(given, streams, progress);
  progress.clear();
  const isResult = given.command === 'explain' || given.command === 'plan';
  if (given.json) await print(streams.stdout, `${JSON.stringify(report)}\n`);
  else if (isResult) await print(streams.stdout, summary);
  if (!isResult && !given.quiet) await print(streams.stderr, summary);
}
