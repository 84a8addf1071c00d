import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import type { CliOptions } from './cli-commands.ts';
import { COMMANDS } from './cli-commands.ts';
import { TokenizerError } from './tokenizer-error.ts';

/** Where a command reads and writes: `process`, or streams of a test. */
export interface CliStreams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

const HELP = `smol-tokenizer: byte-level BPE

Usage
  smol-tokenizer train  --output DIR [--vocab-size 32000] [--pattern llama3] [--special TOKEN]… FILE…
  smol-tokenizer encode --tokenizer T FILE…     ids of each file on one line, separated by spaces
  smol-tokenizer decode --tokenizer T FILE…     reads such lines, writes the text
  smol-tokenizer count  --tokenizer T FILE…     FILE<TAB>TOKENS

FILE is a text, or .jsonl with a field "text" on every line (then a document is what a file is otherwise, but for count),
each also as .gz; - is standard input (the default).
T is a folder, a tokenizer.json, or r50k_base, p50k_base, cl100k_base, o200k_base.

Options
  --tokenizer, -t T       the tokenizer to use
  --output, -o DIR        where train writes tokenizer.json and its companions; must not hold a tokenizer yet
  --vocab-size, -n N      tokens in all (default 32000)
  --pattern P             gpt2, cl100k, o200k, llama3, or a regular expression (default llama3)
  --special TOKEN         a special token; repeatable (default <|endoftext|>)
  --min-frequency N       leave pairs alone that occur less often (default 1)
  --max-token-length N    bytes of the longest token that training may make (default: no limit)
  --workers N             threads (train: default one for every core; encode and count: default 1)
  --allow-special         encode special tokens in the text as themselves, not as text
  --json                  one JSON object a line
  --help, --version

Examples
  smol-tokenizer train --vocab-size 8192 --pattern llama3 --output my-tokenizer books/*.txt
  echo "Hello world" | smol-tokenizer encode --tokenizer my-tokenizer -
  smol-tokenizer count --tokenizer cl100k_base README.md
`;

const OPTIONS = {
  tokenizer: { type: 'string', short: 't' },
  output: { type: 'string', short: 'o' },
  'vocab-size': { type: 'string', short: 'n' },
  pattern: { type: 'string' },
  special: { type: 'string', multiple: true },
  'min-frequency': { type: 'string' },
  'max-token-length': { type: 'string' },
  workers: { type: 'string' },
  'allow-special': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** Bad usage: exit code 2. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}

function numberOption(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d+$/.test(value)) throw new UsageError(`--${name} must be a whole number, got "${value}"`);
  return Number(value);
}

function parse(args: string[]): { positionals: string[]; values: ReturnType<typeof parseValues>['values'] } {
  try {
    return parseValues(args);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

const parseValues = (args: string[]) => parseArgs({ args, options: OPTIONS, allowPositionals: true });

async function run(args: string[], streams: CliStreams): Promise<void> {
  const { positionals, values } = parse(args);
  const [name, ...files] = positionals;
  if (values.version) return void streams.stdout.write(`${version()}\n`);
  if (values.help) return void streams.stdout.write(HELP);
  if (name === undefined || !Object.hasOwn(COMMANDS, name)) {
    throw new UsageError(name === undefined ? 'a command is missing' : `unknown command "${name}"`);
  }
  const options: CliOptions = {
    ...values,
    vocabularySize: numberOption('vocab-size', values['vocab-size']) ?? 32_000,
    minimumFrequency: numberOption('min-frequency', values['min-frequency']) ?? 1,
    maximumTokenLength: numberOption('max-token-length', values['max-token-length']),
    workers: numberOption('workers', values.workers),
    allowSpecial: values['allow-special'] ?? false,
    json: values.json ?? false,
    files: files.length > 0 ? files : ['-'],
  };
  const needed = name === 'train' ? 'output' : 'tokenizer';
  if (options[needed] === undefined) throw new UsageError(`${name} needs --${needed}`);
  await COMMANDS[name as keyof typeof COMMANDS](options, streams);
}

/**
 * Runs the command line.
 *
 * @returns the exit code: 0, 1 when an input is wrong, 2 when the usage is
 */
export async function runCli(args: string[], streams: CliStreams): Promise<number> {
  try {
    await run(args, streams);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      streams.stderr.write(`smol-tokenizer: ${error.message}\nTry smol-tokenizer --help\n`);
      return 2;
    }
    const isExpected = error instanceof TokenizerError || (error as NodeJS.ErrnoException).syscall !== undefined;
    if (!isExpected) throw error;
    streams.stderr.write(`smol-tokenizer: ${(error as Error).message}\n`);
    return 1;
  }
}
