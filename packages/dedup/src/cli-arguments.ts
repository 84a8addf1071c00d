import { parseArgs } from 'node:util';
import type { DedupeOptions } from './deduplicator.ts';
import type { MinHashPreset, MinHashSettings } from './min-hash-options.ts';

/** What the command line asks for. */
export interface CliArguments {
  inputs: string[];
  output: string | undefined;
  removed: string | undefined;
  report: string | undefined;
  json: boolean;
  quiet: boolean;
  options: DedupeOptions;
}

/** The command line makes no sense; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const HELP = `smol-dedup: removes exact and near duplicates from JSON Lines files

Usage: smol-dedup [options] FILE...          FILE: .jsonl or .jsonl.gz, - for standard input

Of every cluster of duplicates the first document is kept. Without --output nothing is written but the report.

  -o, --output FILE      kept documents (.jsonl, .jsonl.gz), - for standard output
      --removed FILE     removed documents, each with the reason in its metadata
      --report FILE      counts, cluster sizes, settings and expected recall as JSON
      --preset NAME      fineweb (14x8, sha1), fineweb2 (14x8, xxh64; default) or finepdfs (32x10, xxh64)
      --bands N          bands of a signature
      --rows N           values of a band
      --shingle-size N   words of a shingle
      --seed N           seed of the permutations
      --exact KEY        same text (default), compact (same without white space), normalized, or none
      --no-near          only exact duplicates
      --json             report as JSON on standard output
  -q, --quiet            no talk on standard error
  -h, --help             this text
      --version          version of the program

Examples:
  smol-dedup crawl.jsonl.gz -o unique.jsonl.gz --removed removed.jsonl
  smol-dedup part-*.jsonl --preset finepdfs --exact compact -o all.jsonl --report report.json
  zcat big.jsonl.gz | smol-dedup - -o - > unique.jsonl
`;

const EXACT_KEYS = ['text', 'compact', 'normalized', 'none'] as const;

function parseFlags(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        output: { type: 'string', short: 'o' },
        removed: { type: 'string' },
        report: { type: 'string' },
        preset: { type: 'string' },
        bands: { type: 'string' },
        rows: { type: 'string' },
        'shingle-size': { type: 'string' },
        seed: { type: 'string' },
        exact: { type: 'string', default: 'text' },
        'no-near': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        quiet: { type: 'boolean', short: 'q', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function integer(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d+$/.test(value)) throw new UsageError(`--${flag} must be an integer, got "${value}"`);
  return Number(value);
}

function nearSettings(values: ReturnType<typeof parseFlags>['values']): MinHashSettings {
  const given = {
    preset: values.preset as MinHashPreset | undefined,
    bands: integer('bands', values.bands),
    rows: integer('rows', values.rows),
    shingleSize: integer('shingle-size', values['shingle-size']),
    seed: integer('seed', values.seed),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
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
  const exact = EXACT_KEYS.find((key) => key === values.exact);
  if (!exact) throw new UsageError(`--exact must be one of ${EXACT_KEYS.join(', ')}, got "${values.exact}"`);
  if (inputs.length === 0) throw new UsageError('no input file; try smol-dedup --help');
  if (inputs.filter((input) => input === '-').length > 1) throw new UsageError('- can be given only once');
  if (values.json && values.output === '-') throw new UsageError('--json and --output - both want standard output');
  const near = nearSettings(values);
  if (values['no-near'] && Object.keys(near).length > 0) {
    throw new UsageError(`--no-near leaves nothing for --${Object.keys(near)[0]} to do`);
  }
  if (values['no-near'] && exact === 'none') throw new UsageError('--no-near and --exact none leave nothing to do');
  return {
    inputs,
    output: values.output,
    removed: values.removed,
    report: values.report,
    json: values.json,
    quiet: values.quiet,
    options: { exact: exact === 'none' ? false : exact, near: values['no-near'] ? false : near },
  };
}
