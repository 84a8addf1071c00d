import { once } from 'node:events';
import { readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { AtomicFile } from './atomic-file.ts';
import { HELP, UsageError, parseCliArguments } from './cli-arguments.ts';
import type { CliArguments } from './cli-arguments.ts';
import { extractPdf } from './extract-pdf.ts';
import { PdfError } from './pdf-error.ts';

/** The streams of a process. */
export interface CliStreams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

async function print(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

async function render(input: string, cliArguments: CliArguments, { stdin }: CliStreams): Promise<string> {
  const source = input === '-' ? await buffer(stdin) : input;
  const name = input === '-' ? 'standard input' : input;
  const { json, password, keepRunningHeads, ocr, ocrLanguage } = cliArguments;
  const options = { password, keepRunningHeads, ocr, ocrLanguage, name };
  const { text, blocks, pages, metadata, pageCount } = await extractPdf(source, options);
  if (!json) return `${text}\n`;
  const id = basename(name);
  return `${JSON.stringify({ id, text, metadata: { ...metadata, file_path: name, page_count: pageCount }, blocks, pages })}\n`;
}

/** The real path of what exists, or the path as it is given. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return path;
    throw error;
  }
}

function checkOutput({ inputs, output }: CliArguments): void {
  if (output === '-' || !inputs.some((input) => input !== '-' && realPath(input) === realPath(output))) return;
  throw new PdfError('INVALID_ARGUMENT', `${output}: the text would be written over an input; choose another name`);
}

async function extractFiles(cliArguments: CliArguments, streams: CliStreams): Promise<number> {
  checkOutput(cliArguments);
  const file = cliArguments.output === '-' ? undefined : new AtomicFile(cliArguments.output);
  let failed = 0;
  try {
    for (const input of cliArguments.inputs) {
      try {
        const text = await render(input, cliArguments, streams);
        if (file) file.write(text);
        else await print(streams.stdout, text);
      } catch (error) {
        if (!(error instanceof PdfError) || error.code === 'UNWRITABLE_FILE') throw error;
        failed++;
        await print(streams.stderr, `smol-pdf: ${error.message}\n`);
      }
    }
    file?.close();
  } finally {
    file?.discard();
  }
  return failed === 0 ? 0 : 1;
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
    else return await extractFiles(cliArguments, streams);
    return 0;
  } catch (error) {
    if (!(error instanceof PdfError || error instanceof UsageError)) throw error;
    await print(streams.stderr, `smol-pdf: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}
