import { mkdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { AtomicFile } from './atomic-file.ts';
import type { CliArguments, OutputFormat } from './cli-arguments.ts';
import { UsageError } from './cli-arguments.ts';
import type { CliStreams } from './cli-streams.ts';
import { formatTable, print, readSource } from './cli-streams.ts';
import { extractPdf } from './extract-pdf.ts';
import type { ExtractedPdf } from './extract-pdf.ts';
import { PdfError } from './pdf-error.ts';
import { TesseractEngine } from './tesseract-engine.ts';

const EXTENSIONS: Record<OutputFormat, string> = { markdown: '.md', text: '.txt', json: '.json' };

/** A file that could not be read. */
interface Failure {
  input: string;
  error: PdfError;
}

/** `smol-pdf extract`: the text of files, to standard output or into a folder. Gives the exit code. */
export async function runExtract(cliArguments: CliArguments, streams: CliStreams): Promise<number> {
  const outputs = outputPaths(cliArguments);
  const failures: Failure[] = [];
  const engine = cliArguments.ocr === 'off' ? undefined : new TesseractEngine();
  try {
    for (const [at, input] of cliArguments.inputs.entries()) {
      try {
        const text = await extractText(input, cliArguments, streams, engine);
        if (outputs) writeFile(outputs[at], text);
        else await print(streams.stdout, text);
      } catch (error) {
        if (!(error instanceof PdfError) || error.code === 'UNWRITABLE_FILE') throw error;
        failures.push({ input, error });
      }
    }
  } finally {
    await engine?.close();
  }
  if (failures.length > 0) await print(streams.stderr, failureTable(failures, cliArguments.inputs.length));
  return failures.length === 0 ? 0 : 1;
}

async function extractText(
  input: string,
  cliArguments: CliArguments,
  { stdin }: CliStreams,
  ocrEngine: TesseractEngine | undefined,
): Promise<string> {
  const { source, name } = await readSource(input, stdin);
  const { password, keepRunningHeads, ocr, ocrLanguage, pages, format } = cliArguments;
  const options = { password, keepRunningHeads, ocr, ocrLanguage, pages, ocrEngine, name };
  return formatResult(name, await extractPdf(source, options), format);
}

function formatResult(name: string, result: ExtractedPdf, format: OutputFormat): string {
  if (format === 'markdown') return `${result.markdown}\n`;
  if (format === 'text') return `${result.text}\n`;
  const { text, markdown, blocks, pages, outline, metadata, pageCount, truncated, repairs } = result;
  const about = { ...metadata, file_path: name, page_count: pageCount, is_truncated: truncated, repairs };
  return `${JSON.stringify({ id: basename(name), text, metadata: about, markdown, blocks, outline, pages })}\n`;
}

/** One path for each input, in the folder asked for; undefined when all goes to standard output. */
function outputPaths({ inputs, output, format }: CliArguments): string[] | undefined {
  if (output === undefined) return undefined;
  const names = inputs.map((input) => {
    const name = input === '-' ? 'standard-input' : basename(input);
    return (extname(name).toLowerCase() === '.pdf' ? name.slice(0, -4) : name) + EXTENSIONS[format];
  });
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice)
    throw new UsageError(`two inputs would be written to ${join(output, twice)}; extract them into two folders`);
  return names.map((name) => join(output, name));
}

function writeFile(path: string, text: string): void {
  try {
    mkdirSync(join(path, '..'), { recursive: true });
  } catch (cause) {
    throw new PdfError('UNWRITABLE_FILE', `${path}: cannot be written (${(cause as Error).message})`, { cause });
  }
  const file = new AtomicFile(path);
  try {
    file.write(text);
    file.close();
  } finally {
    file.discard();
  }
}

function failureTable(failures: Failure[], all: number): string {
  const rows = failures.map(({ input, error }) => [input, error.code, error.message.replace(`${input}: `, '')]);
  return `smol-pdf: ${failures.length} of ${all} files could not be read\n${formatTable([['file', 'error', 'what is wrong'], ...rows])}`;
}
