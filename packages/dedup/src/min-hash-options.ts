import { DedupError } from './dedup-error.ts';
import { HASH_NAMES } from './kernel.ts';
import type { HashName } from './kernel.ts';

/** How signatures are made and compared. Documents can only be compared when all of it is the same. */
export interface MinHashOptions {
  /** bands per signature; two documents match when one band is equal */
  bands: number;
  /** values per band */
  rows: number;
  /** words per shingle */
  shingleSize: number;
  /** hash of a shingle */
  hash: HashName;
  /** seed of the permutations, an unsigned 32-bit integer */
  seed: number;
  /** longer texts are cut at the first white space after this many characters (code points) */
  maximumCharacters: number;
}

const FINEWEB: MinHashOptions = {
  bands: 14,
  rows: 8,
  shingleSize: 5,
  hash: 'sha1-64',
  seed: 1,
  maximumCharacters: Infinity,
};

/**
 * Published settings: FineWeb (arXiv 2406.17557), FineWeb2 (arXiv 2506.20920) and FinePDFs (huggingface/finepdfs).
 * All run within one crawl dump or language.
 */
export const MIN_HASH_PRESETS = {
  fineweb: FINEWEB,
  fineweb2: { ...FINEWEB, hash: 'xxh64' },
  finepdfs: { ...FINEWEB, hash: 'xxh64', bands: 32, rows: 10, maximumCharacters: 1_000_000 },
} as const satisfies Record<string, MinHashOptions>;

/** Name of a published setting. */
export type MinHashPreset = keyof typeof MIN_HASH_PRESETS;

/** A preset, by default `fineweb2`, with some of its values replaced. */
export type MinHashSettings = { preset?: MinHashPreset } & Partial<MinHashOptions>;

const LIMITS = { bands: 4096, rows: 4096, shingleSize: 1024, seed: 2 ** 32 - 1 } as const;

function checkInteger(name: keyof typeof LIMITS, value: number): void {
  const minimum = name === 'seed' ? 0 : 1;
  if (Number.isInteger(value) && value >= minimum && value <= LIMITS[name]) return;
  throw new DedupError('INVALID_OPTION', `${name} must be an integer in [${minimum}, ${LIMITS[name]}], got ${value}`);
}

/**
 * Fills in the preset and checks every value.
 *
 * @throws DedupError `INVALID_OPTION` naming the option
 */
export function resolveMinHashOptions({ preset = 'fineweb2', ...given }: MinHashSettings): MinHashOptions {
  if (!Object.hasOwn(MIN_HASH_PRESETS, preset)) {
    const names = Object.keys(MIN_HASH_PRESETS).join(', ');
    throw new DedupError('INVALID_OPTION', `preset must be one of ${names}, got ${JSON.stringify(preset)}`);
  }
  const options = { ...MIN_HASH_PRESETS[preset], ...given };
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(FINEWEB, name)) throw new DedupError('INVALID_OPTION', `unknown MinHash option "${name}"`);
  }
  for (const name of ['bands', 'rows', 'shingleSize', 'seed'] as const) checkInteger(name, options[name]);
  if (!HASH_NAMES.includes(options.hash)) {
    throw new DedupError('INVALID_OPTION', `hash must be one of ${HASH_NAMES.join(', ')}, got ${String(options.hash)}`);
  }
  const { maximumCharacters } = options;
  if (!(maximumCharacters > 0) || (maximumCharacters !== Infinity && !Number.isInteger(maximumCharacters))) {
    throw new DedupError(
      'INVALID_OPTION',
      `maximumCharacters must be a positive integer or Infinity, got ${maximumCharacters}`,
    );
  }
  return options;
}
