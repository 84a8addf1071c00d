import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AtomicFile } from './atomic-file.ts';
import type { TextSink } from './atomic-file.ts';
import { HELP, UsageError, parseCliArguments } from './cli-arguments.ts';
import type { CliArguments } from './cli-arguments.ts';
import type { CliStreams } from './cli-streams.ts';
import { COMMANDS, parseCommandArguments } from './command-arguments.ts';
import { DedupError } from './dedup-error.ts';
import { dedupeFiles } from './dedupe-files.ts';
import type { DedupeFilesReport } from './dedupe-files.ts';

import { runCommand } from './run-command.ts';

async function print(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}

function sinkTo(stream: Writable): TextSink {
  return { write: (text) => print(stream, text), close: async () => {}, discard: async () => {} };
}

/** Standard input is read twice, so that it is kept in a file meanwhile. */
async function spool(stdin: Readable, folder: string): Promise<string> {
  const path = join(folder, 'standard-input');
  await pipeline(stdin, createWriteStream(path));
  return path;
}

function summarize({ counts, near }: DedupeFilesReport): string {
  const { documents, kept, removed, clusters, tooShort } = counts;
  const share = documents === 0 ? 0 : (100 * kept) / documents;
  const short = near && tooShort > 0 ? `; ${tooShort} too short for near duplicates` : '';
  return (
    `${documents} documents, ${kept} kept (${share.toFixed(1)} %), removed ${removed.exact} exact and ` +
    `${removed.near} near duplicates in ${clusters} clusters${short}\n`
  );
}

async function writeReport(path: string, report: DedupeFilesReport): Promise<void> {
  const file = new AtomicFile(path);
  await file.write(`${JSON.stringify(report, null, 2)}\n`);
  await file.close();
}

function checkReportPath({ report, inputs, output, removed }: CliArguments): void {
  if (report === undefined || ![...inputs, output, removed].includes(report)) return;
  throw new DedupError(
    'OUTPUT_IS_INPUT',
    `${report}: the report would be written over another file; choose another name`,
  );
}

/** One line that changes on a terminal, a line now and then elsewhere. */
function showProgress(stderr: CliStreams['stderr'], documents: number): void {
  if (stderr.isTTY) stderr.write(`\r${documents} documents read`);
  else if (documents % 100_000 === 0) stderr.write(`${documents} documents read\n`);
}

async function dedupeAsAsked(cliArguments: CliArguments, streams: CliStreams, folder: string): Promise<void> {
  const { inputs, options, output, removed, report: reportPath, json, quiet } = cliArguments;
  const { stdin, stdout, stderr } = streams;
  checkReportPath(cliArguments);
  const spooled = inputs.includes('-') ? await spool(stdin, folder) : '-';
  const report = await dedupeFiles({
    ...options,
    inputs: inputs.map((input) => (input === '-' ? { path: spooled, name: '-' } : input)),
    output: output === '-' ? sinkTo(stdout) : output,
    removed,
    onProgress: quiet ? undefined : (documents) => showProgress(stderr, documents),
  });
  if (reportPath !== undefined) await writeReport(reportPath, report);
  if (json) await print(stdout, `${JSON.stringify(report)}\n`);
  if (!quiet) await print(stderr, `${stderr.isTTY ? '\r' : ''}${summarize(report)}`);
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

async function execute(args: string[], streams: CliStreams, folder: string): Promise<void> {
  const command = COMMANDS.find((name) => name === args[0]);
  if (command !== undefined && !args.includes('--help') && !args.includes('-h')) {
    return runCommand(parseCommandArguments(command, args.slice(1)), streams, folder);
  }
  const cliArguments = parseCliArguments(args);
  if (cliArguments === 'help') await print(streams.stdout, HELP);
  else if (cliArguments === 'version') await print(streams.stdout, `${readVersion()}\n`);
  else await dedupeAsAsked(cliArguments, streams, folder);
}

/**
 * The program `smol-dedup`.
 *
 * @param args the command line after the program's name
 * @returns the exit code: 0, 1 when something is wrong with the data or files, 2 when the command line makes no sense
 */
export async function runCli(args: string[], streams: CliStreams): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'smol-dedup-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder); // also when interrupted
  try {
    await execute(args, streams, folder);
    return 0;
  } catch (error) {
    if (!(error instanceof DedupError || error instanceof UsageError)) throw error;
    await print(streams.stderr, `smol-dedup: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  } finally {
    removeFolder();
    process.removeListener('exit', removeFolder);
  }
}
