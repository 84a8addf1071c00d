import { readFileSync } from 'node:fs';
import { HELP, UsageError, parseCliArguments } from './cli-arguments.ts';
import type { CliArguments, Command } from './cli-arguments.ts';
import { runCommand } from './cli-run.ts';
import { failedCommand, mergeStatsCommand, reportCommand, statusCommand } from './cli-folders.ts';
import { PipelineError } from './pipeline-error.ts';
import type { TextStream } from './progress-line.ts';

/** The streams of a process. */
export interface CliStreams {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
}

const COMMANDS: Record<Command, (asked: CliArguments, streams: CliStreams) => number | Promise<number>> = {
  run: runCommand,
  status: statusCommand,
  failed: failedCommand,
  report: reportCommand,
  'merge-stats': mergeStatsCommand,
};

/**
 * The program `smol-pipeline`.
 *
 * @param args the command line after the program's name
 * @returns the exit code: 0, 1 when a task failed or something is wrong with data or files, 2 when the command line
 *   makes no sense, 130 when it was stopped
 */
export async function runCli(args: string[], streams: CliStreams): Promise<number> {
  try {
    const asked = parseCliArguments(args);
    if (typeof asked === 'object') return await COMMANDS[asked.command](asked, streams);
    streams.stdout.write(asked === 'help' ? HELP : `${readVersion()}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof PipelineError || error instanceof UsageError)) throw error;
    streams.stderr.write(`smol-pipeline: ${error.message}\n`);
    return error instanceof UsageError ? 2 : error.code === 'STOPPED' ? 130 : 1;
  }
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
