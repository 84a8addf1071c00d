import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { CliOptions, CliStreams } from './cli-commands.ts';
import { COMMANDS } from './cli-commands.ts';
import { CONVERTIBLE_TYPES, isConvertible } from './ggml-type.ts';
import { WeightsError } from './weights-error.ts';

const HELP = `smol-weights: model files

Usage
  smol-weights inspect PATH…                 metadata, then NAME<TAB>TYPE<TAB>SHAPE<TAB>BYTES for every tensor
  smol-weights verify  PATH…                 reads every byte: headers, index, shapes, no NaN
  smol-weights convert INPUT OUTPUT [--type T]

PATH is a Hugging Face folder, a .gguf file or a .safetensors file. INPUT and OUTPUT are folders or .gguf files, of the
architectures llama and smollm3; a folder's tokenizer and chat template travel along. For a GGUF file, convert prints
NAME<TAB>TYPE<TAB>SHAPE<TAB>BYTES<TAB>RELATIVE ERROR<TAB>LARGEST ERROR for every tensor.

Options
  --type, -t T    ${CONVERTIBLE_TYPES.join(', ')} (default F16 for GGUF; a folder holds F32, the default, F16 or BF16)
  --name NAME     general.name of a GGUF file (default: the file's name)
  --json          one JSON object a line
  --help, --version

Examples
  smol-weights convert runs/quickstart/model smol-q8.gguf --type Q8_0
  smol-weights inspect smol-q8.gguf
  smol-weights verify runs/*/model *.gguf
`;

const OPTIONS = {
  type: { type: 'string', short: 't' },
  name: { type: 'string' },
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

const parseValues = (args: string[]) => parseArgs({ args, options: OPTIONS, allowPositionals: true });

function parse(args: string[]): ReturnType<typeof parseValues> {
  try {
    return parseValues(args);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function typeOption(value: string | undefined): CliOptions['type'] {
  const type = value?.toUpperCase();
  if (type === undefined || isConvertible(type)) return type;
  throw new UsageError(`--type must be one of ${CONVERTIBLE_TYPES.join(', ')}, got "${value}"`);
}

async function run(args: string[], streams: CliStreams): Promise<void> {
  const { positionals, values } = parse(args);
  const [name, ...files] = positionals;
  if (values.version) return void streams.stdout.write(`${version()}\n`);
  if (values.help) return void streams.stdout.write(HELP);
  if (name === undefined || !Object.hasOwn(COMMANDS, name)) {
    throw new UsageError(name === undefined ? 'a command is missing' : `unknown command "${name}"`);
  }
  if (name === 'convert' && files.length !== 2) throw new UsageError('convert needs an INPUT and an OUTPUT');
  if (files.length === 0) throw new UsageError(`${name} needs a PATH`);
  const options = { files, type: typeOption(values.type), name: values.name, json: values.json ?? false };
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
      streams.stderr.write(`smol-weights: ${error.message}\nTry smol-weights --help\n`);
      return 2;
    }
    const isExpected = error instanceof WeightsError || (error as NodeJS.ErrnoException).syscall !== undefined;
    if (!isExpected) throw error;
    streams.stderr.write(`smol-weights: ${(error as Error).message}\n`);
    return 1;
  }
}
