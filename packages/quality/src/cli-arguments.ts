import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** A command line that makes no sense: exit code 2. */
export class UsageError extends Error {}

/** The commands of `smol-quality`, and the options that each takes besides `--help`. */
const OPTIONS = {
  check: {
    numbers: [],
    strings: ['preset', 'languages', 'language-config', 'language-label', 'output', 'removed'],
    flags: ['json'],
  },
  label: {
    numbers: ['concurrency', 'attempts', 'characters', 'prompt-price', 'completion-price'],
    strings: ['endpoint', 'model', 'key-variable', 'output'],
    flags: ['json'],
  },
  train: {
    numbers: ['dimension', 'ngrams', 'buckets', 'epochs', 'learning-rate', 'minimum-count', 'seed'],
    strings: ['loss', 'positive', 'output'],
    flags: ['dclm', 'json'],
  },
  score: { numbers: ['minimum'], strings: ['model', 'positive', 'key', 'output', 'removed'], flags: ['json'] },
  evaluate: { numbers: ['threshold'], strings: ['model', 'positive'], flags: ['json'] },
} as const;

/** Name of a command. */
export type Command = keyof typeof OPTIONS;

/** A command with its inputs and what was said about it. */
export interface CliArguments {
  readonly command: Command;
  readonly inputs: readonly string[];
  readonly numbers: Readonly<Record<string, number>>;
  readonly strings: Readonly<Record<string, string>>;
  readonly flags: ReadonlySet<string>;
}

/** What `--help` prints. */
export const HELP = `Usage: smol-quality COMMAND INPUT... [options]      INPUT: .jsonl, .jsonl.gz or - for standard input

check     Runs FineWeb's (or FineWeb2's) filters; kept documents go to --output, the others with their reason to --removed
            --preset fineweb-head | fineweb-2024      --languages en,fr | all (default en)
            --language-config fra_Latn | PATH.yml     FineWeb2's rules instead; with --language-label fr also its language score
label     Lets a model behind an OpenAI-compatible endpoint score texts from 0 to 5; goes on where it was stopped
            --endpoint URL --model NAME --output FILE [--key-variable OPENAI_API_KEY] [--concurrency 8] [--attempts 5]
            [--characters 4000] [--prompt-price N --completion-price N]   prices of a million tokens
train     Learns from {text, label} or {text, score} and writes a fastText model
            --output MODEL.bin [--dimension 16] [--ngrams 2] [--buckets 262144] [--epochs 5] [--learning-rate N] [--minimum-count 1]
            [--loss softmax | hierarchical] [--positive LABEL] [--seed 0] [--dclm]   --dclm: DCLM's settings
score     Adds a model's score to documents
            --model MODEL.bin [--output FILE] [--key quality_score] [--positive LABEL] [--minimum N [--removed FILE]]
evaluate  Measures a model on labelled documents: F1, precision, recall, calibration, confusion
            --model MODEL.bin [--threshold N] [--positive LABEL]

--output defaults to - (standard output) where it may. --json prints the summary as JSON. --version, --help.

Examples:
  smol-quality check pages.jsonl.gz --output kept.jsonl --removed removed.jsonl
  smol-quality label sample.jsonl --endpoint http://127.0.0.1:8000/v1 --model llama --output labelled.jsonl
  smol-quality train labelled.jsonl --output edu.bin && smol-quality evaluate held-out.jsonl --model edu.bin
  cat pages.jsonl | smol-quality score - --model edu.bin --minimum 3 > good.jsonl
`;

/** Reads a command line. @throws UsageError */
export function parseCliArguments(args: readonly string[]): CliArguments | 'help' | 'version' {
  if (args.includes('--help') || args.includes('-h')) return 'help';
  if (args[0] === '--version') return 'version';
  const command = args[0] as Command;
  if (!Object.hasOwn(OPTIONS, command ?? '')) {
    throw new UsageError(
      `expected a command (${Object.keys(OPTIONS).join(', ')}), got ${args[0] ?? 'none'}; see --help`,
    );
  }
  const { values, positionals: inputs } = parseOptions(command, args.slice(1));
  if (inputs.length === 0) throw new UsageError(`${command}: expected at least one input file, got none; see --help`);
  const numbers: Record<string, number> = {};
  const strings: Record<string, string> = {};
  const flags = new Set<string>();
  for (const [name, value] of Object.entries(values)) {
    if (value === true) flags.add(name);
    else if ((OPTIONS[command].numbers as readonly string[]).includes(name))
      numbers[name] = toNumber(name, String(value));
    else strings[name] = String(value);
  }
  return { command, inputs, numbers, strings, flags };
}

function parseOptions(command: Command, args: readonly string[]) {
  const { numbers, strings, flags } = OPTIONS[command];
  const entries = [
    ...[...numbers, ...strings].map((name) => [name, { type: 'string' }] as const),
    ...flags.map((name) => [name, { type: 'boolean' }] as const),
  ];
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: Object.fromEntries(entries) });
  } catch (error) {
    throw new UsageError(`${command}: ${(error as Error).message.split('\n')[0]}; see --help`);
  }
}

function toNumber(name: string, value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number)) return number;
  throw new UsageError(`--${name}: expected a number, got "${value}"`);
}

/** The version in the package's manifest. */
export function readVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
