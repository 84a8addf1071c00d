import { HELP, parseCliArguments, readVersion, UsageError } from './cli-arguments.ts';
import { COMMANDS, type CliStreams } from './cli-commands.ts';
import { formatSummary } from './cli-summary.ts';
import { QualityError } from './quality-error.ts';

/**
 * The program `smol-quality`.
 *
 * @param args the command line after the program's name
 * @returns the exit code: 0, 1 when something is wrong with the data, files or the endpoint, 2 when the command line makes no sense
 */
export async function runCli(args: readonly string[], streams: CliStreams): Promise<number> {
  try {
    await execute(args, streams);
    return 0;
  } catch (error) {
    if (!(error instanceof QualityError || error instanceof UsageError)) throw error;
    streams.stderr.write(`smol-quality: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function execute(args: readonly string[], streams: CliStreams): Promise<void> {
  const given = parseCliArguments(args);
  if (given === 'help') streams.stdout.write(HELP);
  else if (given === 'version') streams.stdout.write(`${readVersion()}\n`);
  else {
    const summary = await COMMANDS[given.command](given, streams);
    // Documents go to standard output unless a file was named: then the summary must not get between them.
    const documentsToStdout = ['check', 'score'].includes(given.command) && (given.strings.output ?? '-') === '-';
    const target = documentsToStdout ? streams.stderr : streams.stdout;
    target.write(given.flags.has('json') ? `${JSON.stringify(summary)}\n` : formatSummary(summary));
  }
}
