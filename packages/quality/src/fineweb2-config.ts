import { existsSync, readFileSync } from 'node:fs';
import { FINEWEB2_TABLE } from './fineweb2-table.ts';
import type { NGramLimit } from './gopher-repetition.ts';
import { QualityError } from './quality-error.ts';

/** FineWeb2's settings of one language: what the YAML files of its recipe hold. */
export interface FineWeb2Config {
  /** `dup_line_frac` */
  readonly duplicateLines: number;
  /** `top_n_grams` */
  readonly topNGrams: readonly NGramLimit[];
  /** `dup_n_grams` */
  readonly duplicateNGrams: readonly NGramLimit[];
  /** `language_score`: a text is kept at this score or above. */
  readonly languageScore: number;
  /** `line_punct_thr` */
  readonly minimumPunctuatedLines: number;
  /** `new_line_ratio` */
  readonly maximumNewlinesPerWord: number;
  /** `min_avg_word_length` */
  readonly minimumMeanWordLength: number;
  /** `max_avg_word_length` */
  readonly maximumMeanWordLength: number;
  /** `max_non_alpha_words_ratio`, which despite its name is the least share of words with a letter. */
  readonly minimumAlphabeticWords: number;
  /** `stopwords` */
  readonly stopWords: readonly string[];
}

const table = new Map(
  FINEWEB2_TABLE.trim()
    .split('\n')
    .map((line) => line.split(' | '))
    .map(([language, numbers, words]) => [language, { numbers, words }]),
);

/** The languages whose settings are built in, by ISO 639-3 code and script (`fra_Latn`). */
export const FINEWEB2_LANGUAGES: readonly string[] = [...table.keys()];

/**
 * The built-in settings of a language.
 *
 * @throws QualityError `INVALID_OPTION` for a language that is not built in; `loadFineWeb2Config` reads those of the others
 */
export function fineweb2Config(language: string): FineWeb2Config {
  const row = table.get(language);
  if (row) return fromRow(row.numbers.split(' ').map(Number), row.words.split(' '));
  throw new QualityError(
    'INVALID_OPTION',
    `language: expected one of ${FINEWEB2_LANGUAGES.join(', ')}, got ${JSON.stringify(language)}; ` +
      'read the YAML of another language from the FineWeb2 recipe with loadFineWeb2Config(path)',
  );
}

function fromRow(numbers: readonly number[], stopWords: readonly string[]): FineWeb2Config {
  const limits = (first: number, values: readonly number[]) =>
    values.map((value, at): NGramLimit => [first + at, value]);
  return {
    languageScore: numbers[0],
    duplicateLines: numbers[1],
    topNGrams: limits(2, numbers.slice(2, 5)),
    duplicateNGrams: limits(5, numbers.slice(5, 11)),
    minimumPunctuatedLines: numbers[11],
    maximumNewlinesPerWord: numbers[12],
    minimumMeanWordLength: numbers[13],
    maximumMeanWordLength: numbers[14],
    minimumAlphabeticWords: numbers[15],
    stopWords,
  };
}

/**
 * Reads one of the recipe's `configs/LANG_Script.yml`.
 *
 * @throws QualityError `FILE_NOT_FOUND`; `INVALID_CONFIG` naming the file and the key
 */
export async function loadFineWeb2Config(path: string): Promise<FineWeb2Config> {
  if (!existsSync(path))
    throw new QualityError('FILE_NOT_FOUND', `${path}: no such file; expected a FineWeb2 YAML config`);
  return parseFineWeb2Config(readFileSync(path, 'utf8'), path);
}

/**
 * The settings in the text of such a file.
 *
 * @param source named in messages
 * @throws QualityError `INVALID_CONFIG`
 */
export async function parseFineWeb2Config(yaml: string, source = 'config'): Promise<FineWeb2Config> {
  const reader = new ConfigReader(await parseYaml(yaml, source), source);
  const config: FineWeb2Config = {
    duplicateLines: reader.number('dup_line_frac'),
    topNGrams: reader.limits('top_n_grams'),
    duplicateNGrams: reader.limits('dup_n_grams'),
    languageScore: reader.number('language_score'),
    minimumPunctuatedLines: reader.number('line_punct_thr'),
    maximumNewlinesPerWord: reader.number('new_line_ratio'),
    minimumMeanWordLength: reader.number('min_avg_word_length'),
    maximumMeanWordLength: reader.number('max_avg_word_length'),
    minimumAlphabeticWords: reader.number('max_non_alpha_words_ratio'),
    stopWords: reader.strings('stopwords'),
  };
  reader.refuseOthers();
  return config;
}

/** The parser is loaded when it is needed: most users never read such a file. */
async function parseYaml(yaml: string, source: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    return parse(yaml);
  } catch (cause) {
    throw new QualityError('INVALID_CONFIG', `${source}: not YAML (${(cause as Error).message.split('\n')[0]})`, {
      cause,
    });
  }
}

/** Takes keys out of a parsed file one by one. */
class ConfigReader {
  readonly #values: Map<string, unknown>;
  readonly #source: string;

  constructor(parsed: unknown, source: string) {
    this.#source = source;
    if (typeof parsed !== 'object' || parsed === null) throw this.#fail('the whole file', 'keys and values', parsed);
    this.#values = new Map(Object.entries(parsed));
  }

  number(key: string): number {
    const value = this.#take(key);
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.#fail(key, 'a number', value);
    return value;
  }

  strings(key: string): string[] {
    const value = this.#take(key);
    if (!Array.isArray(value)) throw this.#fail(key, 'a list of words', value);
    return value.map(String);
  }

  limits(key: string): NGramLimit[] {
    const value = this.#take(key);
    const isLimit = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every(Number.isFinite);
    if (!Array.isArray(value) || !value.every(isLimit)) throw this.#fail(key, 'a list of [n, share]', value);
    return value as NGramLimit[];
  }

  /** Unknown keys are errors: a misspelt one would switch a rule off unnoticed. */
  refuseOthers(): void {
    const [unknown] = this.#values.keys();
    if (unknown !== undefined)
      throw this.#fail(unknown, 'only the keys of FineWeb2 configs', this.#values.get(unknown));
  }

  #take(key: string): unknown {
    const value = this.#values.get(key);
    this.#values.delete(key);
    return value;
  }

  #fail(key: string, expected: string, got: unknown): QualityError {
    const shown = JSON.stringify(got)?.slice(0, 80) ?? 'nothing';
    return new QualityError('INVALID_CONFIG', `${this.#source}: ${key}: expected ${expected}, got ${shown}`);
  }
}
