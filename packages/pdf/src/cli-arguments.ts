import { parseArgs } from 'node:util';
import type { OcrMode } from './route-page.ts';

/** What the command line asks for. */
export interface CliArguments {
  inputs: string[];
  output: string;
  password: string | undefined;
  json: boolean;
  keepRunningHeads: boolean;
  ocr: OcrMode;
  ocrLanguage: string;
}

/** The command line makes no sense; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const HELP = `smol-pdf: the text of PDF files, in reading order

Usage: smol-pdf [options] FILE...            FILE: a PDF, - for standard input

  -o, --output FILE          where the text goes; default: standard output (-)
      --json                 a line of JSON per file: {id, text, metadata, blocks, pages}
      --password PASSWORD    user or owner password of encrypted files
      --keep-running-heads   keep running heads, feet and page numbers
      --ocr MODE             recognise pages: off (default), auto (scanned ones), force (all)
      --ocr-language NAME    language of scanned pages as Tesseract calls it; default: eng
  -h, --help                 this text
      --version              version of the program

A file that cannot be read is named on standard error; the others are still done, and the exit code is 1.

Examples:
  smol-pdf paper.pdf
  smol-pdf *.pdf --json -o documents.jsonl
  smol-pdf scanned.pdf --ocr auto
  cat paper.pdf | smol-pdf - | wc -w
`;

const OCR_MODES: readonly OcrMode[] = ['off', 'auto', 'force'];

function parseFlags(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        output: { type: 'string', short: 'o', default: '-' },
        json: { type: 'boolean', default: false },
        password: { type: 'string' },
        'keep-running-heads': { type: 'boolean', default: false },
        ocr: { type: 'string', default: 'off' },
        'ocr-language': { type: 'string', default: 'eng' },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/**
 * Reads the command line.
 *
 * @throws UsageError when it makes no sense
 */
export function parseCliArguments(args: string[]): CliArguments | 'help' | 'version' {
  const { values, positionals: inputs } = parseFlags(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  if (inputs.length === 0) throw new UsageError('no input file; try smol-pdf --help');
  if (inputs.filter((input) => input === '-').length > 1) throw new UsageError('- can be given only once');
  const ocr = OCR_MODES.find((mode) => mode === values.ocr);
  if (!ocr) throw new UsageError(`--ocr must be one of ${OCR_MODES.join(', ')}, got "${values.ocr}"`);
  const { output, json, password, 'keep-running-heads': keepRunningHeads, 'ocr-language': ocrLanguage } = values;
  return { inputs, output, json, password, keepRunningHeads, ocr, ocrLanguage };
}
