import { readFileSync } from 'node:fs';
import { HELP, UsageError, parseCliArguments } from './cli-arguments.ts';
import type { CliArguments } from './cli-arguments.ts';
import { runExtract } from './cli-extract.ts';
import { runInspect } from './cli-inspect.ts';
import { runRender } from './cli-render.ts';
import { print } from './cli-streams.ts';
import type { CliStreams } from './cli-streams.ts';
import { PdfError } from './pdf-error.ts';

type Command = (cliArguments: CliArguments, streams: CliStreams) => Promise<number>;

const COMMANDS: Record<CliArguments['command'], Command> = {
  extract: runExtract,
  inspect: runInspect,
  render: runRender,
};

function readVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/**
 * The program `smol-pdf`.
 *
 * @param args the command line after the program's name
 * @returns the exit code: 0, 1 when something is wrong with a file, 2 when the command line makes no sense
 */
export async function runCli(args: string[], streams: CliStreams): Promise<number> {
  try {
    const cliArguments = parseCliArguments(args);
    if (cliArguments === 'help') await print(streams.stdout, HELP);
    else if (cliArguments === 'version') await print(streams.stdout, `${readVersion()}\n`);
    else return await COMMANDS[cliArguments.command](cliArguments, streams);
    return 0;
  } catch (error) {
    if (!(error instanceof PdfError || error instanceof UsageError)) throw error;
    await print(streams.stderr, `smol-pdf: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}
