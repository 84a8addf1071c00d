import { parseArgs } from 'node:util';
import { UsageError } from './cli-arguments.ts';
import { isParquet } from './parquet-input.ts';
import type { HashName } from './kernel.ts';
import type { MinHashPreset, MinHashSettings } from './min-hash-options.ts';
import type { Representative } from './stage-settings.ts';

/** What can stand first on the command line. */
export const COMMANDS = [
  'minhash',
  'exact',
  'bloom',
  'sentences',
  'substrings',
  'decontaminate',
  'explain',
  'plan',
] as const;

/** A command of the program. */
export type Command = (typeof COMMANDS)[number];

/** What a command is told. */
export interface CommandArguments {
  command: Command;
  /** input files; for `explain` the folder and the id */
  operands: string[];
  /** a folder, or `-` for standard output */
  output: string;
  /** file for removed documents where kept ones go to standard output */
  removed: string | undefined;
  /** the operand that holds what standard input was */
  standardInput: string | undefined;
  minHash: MinHashSettings;
  representative: Representative | undefined;
  indexes: string[];
  saveIndex: string | undefined;
  workers: number;
  /** plain files are read in parts of about so many bytes; not said on the command line */
  partBytes?: number;
  memory: number | undefined;
  textKey: string;
  idKey: string;
  key: 'text' | 'compact' | 'normalized';
  field: string | undefined;
  priority: string | undefined;
  capacity: number;
  falsePositiveRate: number;
  against: string[];
  ngram: number | undefined;
  /** bytes or tokens */
  minimum: number | undefined;
  tokenKey: string | undefined;
  clusterIds: boolean;
  rehydrate: boolean;
  keep: 'first' | 'none';
  json: boolean;
  quiet: boolean;
}

const OPTIONS = {
  output: { type: 'string', short: 'o' },
  removed: { type: 'string' },
  preset: { type: 'string' },
  bands: { type: 'string' },
  rows: { type: 'string' },
  'shingle-size': { type: 'string' },
  seed: { type: 'string' },
  hash: { type: 'string' },
  representative: { type: 'string' },
  index: { type: 'string', multiple: true },
  'save-index': { type: 'string' },
  workers: { type: 'string', default: '1' },
  memory: { type: 'string' },
  'text-key': { type: 'string', default: 'text' },
  'id-key': { type: 'string', default: 'id' },
  key: { type: 'string', default: 'text' },
  field: { type: 'string' },
  priority: { type: 'string' },
  capacity: { type: 'string', default: '10000000' },
  'false-positive-rate': { type: 'string', default: '0.001' },
  against: { type: 'string', multiple: true },
  ngram: { type: 'string' },
  'minimum-bytes': { type: 'string' },
  'minimum-tokens': { type: 'string' },
  'token-key': { type: 'string' },
  'cluster-ids': { type: 'boolean', default: false },
  rehydrate: { type: 'boolean', default: false },
  keep: { type: 'string', default: 'first' },
  json: { type: 'boolean', default: false },
  quiet: { type: 'boolean', short: 'q', default: false },
} as const;

type Flag = keyof typeof OPTIONS;

const MIN_HASH_FLAGS: Flag[] = ['preset', 'bands', 'rows', 'shingle-size', 'seed', 'hash', 'workers', 'memory'];
const RECORD_FLAGS: Flag[] = ['text-key', 'id-key', 'json', 'quiet'];

/** Which flags mean something to which command. */
const FLAGS: Record<Command, Flag[]> = {
  minhash: [
    'output',
    'representative',
    'index',
    'save-index',
    'cluster-ids',
    'rehydrate',
    ...MIN_HASH_FLAGS,
    ...RECORD_FLAGS,
  ],
  exact: ['output', 'removed', 'key', 'field', 'priority', 'workers', ...RECORD_FLAGS],
  bloom: ['output', 'removed', 'key', 'field', 'capacity', 'false-positive-rate', 'workers', ...RECORD_FLAGS],
  sentences: ['output', 'removed', 'workers', ...RECORD_FLAGS],
  substrings: ['output', 'minimum-bytes', 'minimum-tokens', 'token-key', 'keep', 'workers', 'memory', ...RECORD_FLAGS],
  decontaminate: ['output', 'removed', 'against', 'ngram', 'workers', 'memory', ...RECORD_FLAGS],
  explain: ['json'],
  plan: [...MIN_HASH_FLAGS, ...RECORD_FLAGS],
};

type Values = ReturnType<typeof parseFlags>['values'];

function parseFlags(command: Command, args: string[]) {
  const options = Object.fromEntries(FLAGS[command].map((flag) => [flag, OPTIONS[flag]])) as typeof OPTIONS;
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(`${command}: ${(error as Error).message}`, { cause: error });
  }
}

function number(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const parsed = Number(value);
  if (value.trim() !== '' && Number.isFinite(parsed)) return parsed;
  throw new UsageError(`--${flag} must be a number, got "${value}"`);
}

/** Bytes, with K, M or G for powers of 1024. */
function byteCount(flag: string, value: string | undefined): number | undefined {
  const match = value === undefined ? null : /^(\d+)([KMG]?)$/i.exec(value);
  if (match) return Number(match[1]) * 1024 ** ' KMG'.indexOf(match[2].toUpperCase() || ' ');
  if (value === undefined) return undefined;
  throw new UsageError(`--${flag} must be a number of bytes such as 512M, got "${value}"`);
}

function oneOf<T extends string>(flag: string, value: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice !== undefined) return choice;
  throw new UsageError(`--${flag} must be one of ${choices.join(', ')}, got "${value}"`);
}

function minHashSettings(values: Values): MinHashSettings {
  const given = {
    preset: values.preset as MinHashPreset | undefined,
    bands: number('bands', values.bands),
    rows: number('rows', values.rows),
    shingleSize: number('shingle-size', values['shingle-size']),
    seed: number('seed', values.seed),
    hash: values.hash as HashName | undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Of bytes, or of tokens where these are searched. */
function minimumOf(values: Values): number | undefined {
  const [used, unused] =
    values['token-key'] === undefined ? (['bytes', 'tokens'] as const) : (['tokens', 'bytes'] as const);
  if (values[`minimum-${unused}`] !== undefined) {
    throw new UsageError(`--minimum-${unused} means nothing ${used === 'bytes' ? 'without' : 'with'} --token-key`);
  }
  return number(`minimum-${used}`, values[`minimum-${used}`]);
}

function checkOperands(command: Command, operands: string[], output: string | undefined): void {
  if (command === 'explain' && operands.length !== 2) {
    throw new UsageError('explain takes the folder of a run and the id of a document');
  }
  if (operands.length === 0) throw new UsageError('no input file; try smol-dedup --help');
  if (FLAGS[command].includes('output') && output === undefined) throw new UsageError(`${command} needs --output DIR`);
}

/** Standard input and output are for the commands that decide about one document after the other. */
function checkStreams(command: Command, operands: string[], { output, removed, json }: Values): void {
  const inputs = operands.filter((operand) => operand === '-').length;
  const isStreaming = FLAGS[command].includes('removed');
  if (!isStreaming && (inputs > 0 || output === '-')) {
    throw new UsageError(`${command} reads its inputs more than once and goes on where it was: - is none, give files`);
  }
  if (inputs > 1) throw new UsageError('- can be read once only');
  if (output === '-' && operands.some((path) => isParquet(path))) {
    throw new UsageError('rows of Parquet cannot be written to standard output; give a folder');
  }
  if (output === '-' && json) throw new UsageError('--json and --output - both mean standard output; leave out one');
  if (output !== '-' && removed !== undefined) {
    throw new UsageError('--removed is for --output -; a folder has the removed documents in DIR/removed/');
  }
  if (removed !== undefined && operands.includes(removed)) throw new UsageError(`--removed ${removed} is an input`);
}

/**
 * Reads the command line after the command.
 *
 * @throws UsageError when it makes no sense
 */
export function parseCommandArguments(command: Command, args: string[]): CommandArguments {
  const { values, positionals: operands } = parseFlags(command, args);
  checkOperands(command, operands, values.output);
  checkStreams(command, operands, values);
  const representative = values.representative;
  if (command === 'decontaminate' && !values.against?.length)
    throw new UsageError('decontaminate needs --against FILE');
  return {
    command,
    operands,
    output: values.output ?? '',
    removed: values.removed,
    standardInput: undefined,
    minHash: minHashSettings(values),
    representative:
      representative === undefined
        ? undefined
        : oneOf('representative', representative, ['first', 'datatrove'] as const),
    indexes: values.index ?? [],
    saveIndex: values['save-index'],
    workers: number('workers', values.workers) ?? 1,
    memory: byteCount('memory', values.memory),
    textKey: values['text-key'] ?? 'text',
    idKey: values['id-key'] ?? 'id',
    key: oneOf('key', values.key ?? 'text', ['text', 'compact', 'normalized']),
    field: values.field,
    priority: values.priority,
    capacity: number('capacity', values.capacity) ?? 0,
    falsePositiveRate: number('false-positive-rate', values['false-positive-rate']) ?? 0,
    against: values.against ?? [],
    ngram: number('ngram', values.ngram),
    minimum: minimumOf(values),
    tokenKey: values['token-key'],
    clusterIds: values['cluster-ids'] ?? false,
    rehydrate: values.rehydrate ?? false,
    keep: oneOf('keep', values.keep ?? 'first', ['first', 'none']),
    json: values.json ?? false,
    quiet: values.quiet ?? false,
  };
}
