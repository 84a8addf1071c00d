import { parseArgs } from 'node:util';
import type { OcrMode } from './route-page.ts';

/** How the text of a file is written. */
export type OutputFormat = 'markdown' | 'text' | 'json';

/** What the command line asks for. */
export interface CliArguments {
  command: 'extract' | 'inspect' | 'render';
  inputs: string[];
  /** A folder, or for `render` a file; absent: standard output. */
  output: string | undefined;
  password: string | undefined;
  /** Which pages, from 1; absent: all. */
  pages: number[] | undefined;
  format: OutputFormat;
  keepRunningHeads: boolean;
  ocr: OcrMode;
  ocrLanguage: string;
}

/** The command line makes no sense; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const HELP = `smol-pdf: clean Markdown from PDF files, in reading order

Usage: smol-pdf extract [options] FILE...    the text; FILE: a PDF, - for standard input
       smol-pdf inspect [options] FILE...    how each page would be read, and why
       smol-pdf render [options] FILE        a picture of a page with the blocks found on it

  -o, --output PATH          extract: a folder for one file per input; render: the picture's file; default: standard output
      --format FORMAT        markdown (default), text, or json: a line of {id, text, metadata, blocks, pages} per file
      --json                 the same as --format json
      --pages PAGES          which pages, like 1-5,8; default: all
      --page NUMBER          the same with one page
      --password PASSWORD    user or owner password of encrypted files
      --keep-running-heads   keep running heads, feet and page numbers
      --ocr MODE             recognise pages: off (default), auto (where the text is missing or garbled), force (all)
      --ocr-language NAME    language of scanned pages as Tesseract calls it, or auto: as the file says; default: eng
  -h, --help                 this text
      --version              version of the program

A file that cannot be read does not stop the others; it is listed on standard error, and the exit code is 1.

Examples:
  smol-pdf extract paper.pdf
  smol-pdf extract *.pdf --output texts
  smol-pdf extract scanned.pdf --ocr auto --pages 1-5
  cat paper.pdf | smol-pdf extract - --format text | wc -w
  smol-pdf inspect scanned.pdf
  smol-pdf render paper.pdf --page 3 --output page-3.png
`;

const COMMANDS = ['extract', 'inspect', 'render'] as const;
const OCR_MODES = ['off', 'auto', 'force'] as const;
const FORMATS = ['markdown', 'text', 'json'] as const;
const MAXIMUM_PAGE = 1_000_000;

function parseFlags(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        output: { type: 'string', short: 'o' },
        format: { type: 'string', default: 'markdown' },
        json: { type: 'boolean', default: false },
        pages: { type: 'string' },
        page: { type: 'string' },
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
  const { values, positionals } = parseFlags(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  const [word, ...inputs] = positionals;
  const command = oneOf(COMMANDS, word ?? '', 'the command');
  if (inputs.length === 0) throw new UsageError(`no input file; try smol-pdf ${command} paper.pdf`);
  if (command === 'render' && inputs.length > 1) throw new UsageError('render takes one file');
  if (inputs.filter((input) => input === '-').length > 1) throw new UsageError('- can be given only once');
  const pages = values.pages ?? values.page;
  return {
    command,
    inputs,
    output: values.output === '-' ? undefined : values.output,
    password: values.password,
    pages: pages === undefined ? undefined : parsePages(pages),
    format: values.json ? 'json' : oneOf(FORMATS, values.format, '--format'),
    keepRunningHeads: values['keep-running-heads'],
    ocr: oneOf(OCR_MODES, values.ocr, '--ocr'),
    ocrLanguage: values['ocr-language'],
  };
}

function oneOf<T extends string>(choices: readonly T[], value: string, what: string): T {
  const choice = choices.find((one) => one === value);
  if (choice) return choice;
  throw new UsageError(`${what} must be one of ${choices.join(', ')}, got "${value}"; try smol-pdf --help`);
}

/** `1-5,8` → 1 2 3 4 5 8 */
function parsePages(text: string): number[] {
  const pages = new Set<number>();
  for (const part of text.split(',')) {
    const [, from, to = from] = /^(\d{1,7})(?:-(\d{1,7}))?$/.exec(part.trim()) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (!(first >= 1 && last >= first && last <= MAXIMUM_PAGE)) {
      throw new UsageError(`--pages must be numbers and ranges like 1-5,8, got "${text}"`);
    }
    for (let page = first; page <= last; page++) pages.add(page);
  }
  return [...pages].sort((a, b) => a - b);
}
