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

export const HELP = `smol-dedup: removes repeated documents from JSON Lines files

Usage: smol-dedup COMMAND [options] INPUT... --output DIR     files larger than memory, folders of results
       smol-dedup [options] FILE...                            exact and near duplicates at once, in memory, into one file
INPUT: .jsonl, .jsonl.gz, .jsonl.zst or .parquet; results have the format of their input. FILE: .jsonl, .gz or .zst.
Of all that are alike the first document is kept.

Commands write DIR/kept/, DIR/removed/ (with the reason) and DIR/report.json:
  minhash        near duplicates, as datatrove finds them; goes on where it was interrupted
  exact          the same text, or --key compact|normalized, or the same --field NAME (url, say);
                 --priority NAME keeps the one with the largest number in that field
  bloom          the same as exact in fixed memory: --capacity N keys, --false-positive-rate P
  sentences      cuts out spans of three sentences that stand in an earlier place (C4)
  substrings     cuts out what stands elsewhere byte by byte: --minimum-bytes 200, --keep first|none; or of the lists of
                 token ids in a field: --token-key NAME, --minimum-tokens 50
  decontaminate  documents that share an n-gram (--ngram 12) with the texts in --against FILE
exact, bloom, sentences and decontaminate also read - (standard input) and write what they keep to --output -, with
--removed FILE for the rest; bloom, sentences and decontaminate do so while they read, without end.
Two commands print what they find:
  plan INPUT...  documents, memory and disk that minhash will need, and the share of duplicates it will find
  explain DIR ID why a document was removed: what was kept, equal bands, true similarity, shared text

  -o, --output DIR       folder of the results; one that an interrupted run has left is gone on with
      --preset NAME      fineweb (14x8, sha1), fineweb2 (14x8, xxh64; default) or finepdfs (32x10, xxh64)
      --bands N, --rows N, --shingle-size N, --seed N, --hash NAME   in place of the preset's
      --workers N        threads, for all commands; no result depends on it (default 1). What goes to --output - is decided
                         in one, and of substrings suffixes are sorted in one
      --memory SIZE      such as 2G: of the whole process for minhash (default: 512M for two workers, 192M for each more)
                         and decontaminate; for the buffers of substrings (default 512M)
      --cluster-ids      write cluster numbers and sizes into the metadata of all documents (minhash)
      --rehydrate        write into the metadata of kept documents how often FineWeb2 repeats them (minhash)
      --representative R first (default), or datatrove: keep of each cluster what datatrove keeps
      --save-index DIR   keep the signatures of this run; --index DIR (of earlier runs) leaves out what resembles theirs
      --text-key NAME    field of the text (default text)
      --id-key NAME      field of the name (default id; without it FILE:LINE)

Without a command (then nothing is written but what these name):
  -o, --output FILE      kept documents (.jsonl, .jsonl.gz), - for standard output; - as FILE: standard input
      --removed FILE     removed documents, each with the reason in its metadata
      --report FILE      counts, cluster sizes, settings and expected recall as JSON
      --exact KEY        same text (default), compact (same without white space), normalized, or none
      --no-near          only exact duplicates
      --preset, --bands, --rows, --shingle-size, --seed   as above

      --json             report as JSON on standard output
  -q, --quiet            no talk on standard error
  -h, --help             this text
      --version          version of the program

Examples:
  smol-dedup minhash crawl-*.jsonl.gz --output unique --preset fineweb --workers 8
  smol-dedup explain unique urn:uuid:1234
  smol-dedup exact pages.jsonl --output by-url --field url
  smol-dedup crawl.jsonl.gz -o unique.jsonl.gz --removed removed.jsonl
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
