import { withDefaults } from './options.ts';
import { checkPreset, type Preset } from './preset.ts';
import { countOccurrences, splitLines, stripEnd, stripStart } from './python-text.ts';
import { defaultSegmenter, wordTable, type Segmenter } from './segmenter.ts';
import { drop, KEEP, share, textOf, type FilterResult, type QualityFilter } from './verdict.ts';
import { HAS_LETTER, IS_PUNCTUATION_2024, IS_PUNCTUATION_HEAD, measureWord, type WordTable } from './word-table.ts';

/** Limits of {@link gopherQuality}. Words are counted without those made of punctuation only, unless said otherwise. */
export interface GopherQualityOptions {
  preset?: Preset;
  segmenter?: Segmenter;
  /** Default 50 words. */
  minimumWords?: number;
  /** Default 100 000 words. */
  maximumWords?: number;
  /** Mean characters (code points) in a word. Default 3. */
  minimumMeanWordLength?: number;
  /** Mean characters (code points) in a word. Default 10. */
  maximumMeanWordLength?: number;
  /** `#` per word, and ellipses per word, all words counted. Default 0.1. */
  maximumSymbolsPerWord?: number;
  /** Share of lines that begin with `•` or `-`. Default 0.9. */
  maximumBulletLines?: number;
  /** Share of lines that end with an ellipsis. Default 0.3. */
  maximumEllipsisLines?: number;
  /** Share of all words that hold a letter. Default 0.8. */
  minimumAlphabeticWords?: number;
  /** Default 2. */
  minimumStopWords?: number;
  /** Compared case-sensitively. Default the, be, to, of, and, that, have, with. */
  stopWords?: readonly string[];
}

const DEFAULTS = {
  minimumWords: 50,
  maximumWords: 100_000,
  minimumMeanWordLength: 3,
  maximumMeanWordLength: 10,
  maximumSymbolsPerWord: 0.1,
  maximumBulletLines: 0.9,
  maximumEllipsisLines: 0.3,
  minimumAlphabeticWords: 0.8,
  minimumStopWords: 2,
  stopWords: ['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'] as readonly string[],
};

type Limits = typeof DEFAULTS;

/**
 * Drops texts whose statistics are not those of prose. Reasons, in order of checking: `gopher_short_doc`,
 * `gopher_long_doc`, `gopher_below_avg_threshold`, `gopher_above_avg_threshold`, `gopher_too_many_hashes`,
 * `gopher_too_many_ellipsis`, `gopher_too_many_bullets`, `gopher_too_many_end_ellipsis`, `gopher_below_alpha_threshold`,
 * `gopher_enough_stop_words`. At head, stop words must be distinct and more characters count as punctuation.
 *
 * Source: Gopher (Rae et al. 2021, appendix A1.1) as in datatrove's `GopherQualityFilter`.
 *
 * @throws QualityError `INVALID_OPTION` for an unknown preset
 */
export function gopherQuality(options: GopherQualityOptions = {}): QualityFilter {
  const { preset = 'fineweb-head', segmenter = defaultSegmenter(preset), ...limits } = options;
  checkPreset(preset);
  const resolved: Limits = withDefaults(DEFAULTS, limits);
  const stopWords = prepareStopWords(resolved.stopWords, preset !== 'fineweb-2024');
  const isPunctuation = preset === 'fineweb-2024' ? IS_PUNCTUATION_2024 : IS_PUNCTUATION_HEAD;
  return {
    name: 'gopher-quality',
    check(input) {
      const text = textOf(input);
      const table = wordTable(segmenter, text);
      return (
        checkWordLengths(table, isPunctuation, resolved) ??
        checkSymbols(text, table.count, resolved) ??
        checkLines(splitLines(text), resolved) ??
        checkLetters(table, resolved) ??
        checkStopWords(table, stopWords, resolved.minimumStopWords) ??
        KEEP
      );
    },
  };
}

function checkWordLengths(table: WordTable, isPunctuation: number, limits: Limits): FilterResult | undefined {
  const { flags, codePointsBefore } = table;
  let count = 0;
  let characters = 0;
  for (let word = 0; word < table.count; word++) {
    if ((flags[word] & isPunctuation) !== 0) continue;
    count++;
    characters += codePointsBefore[word + 1] - codePointsBefore[word];
  }
  if (count < limits.minimumWords) return drop('gopher_short_doc', count, limits.minimumWords);
  if (count > limits.maximumWords) return drop('gopher_long_doc', count, limits.maximumWords);
  if (count === 0) return undefined;
  const mean = characters / count;
  if (mean < limits.minimumMeanWordLength)
    return drop('gopher_below_avg_threshold', mean, limits.minimumMeanWordLength);
  if (mean > limits.maximumMeanWordLength)
    return drop('gopher_above_avg_threshold', mean, limits.maximumMeanWordLength);
  return undefined;
}

function checkSymbols(text: string, wordCount: number, limits: Limits): FilterResult | undefined {
  const maximum = limits.maximumSymbolsPerWord;
  const hashes = share(countOccurrences(text, '#'), wordCount);
  if (hashes > maximum) return drop('gopher_too_many_hashes', hashes, maximum);
  const ellipses = share(countOccurrences(text, '...') + countOccurrences(text, '…'), wordCount);
  if (ellipses > maximum) return drop('gopher_too_many_ellipsis', ellipses, maximum);
  return undefined;
}

function isBullet(line: string): boolean {
  const start = stripStart(line);
  return start.startsWith('•') || start.startsWith('-');
}

function endsInEllipsis(line: string): boolean {
  const end = stripEnd(line);
  return end.endsWith('...') || end.endsWith('…');
}

function checkLines(lines: readonly string[], limits: Limits): FilterResult | undefined {
  const bullets = share(lines.filter(isBullet).length, lines.length);
  if (bullets > limits.maximumBulletLines) return drop('gopher_too_many_bullets', bullets, limits.maximumBulletLines);
  const ellipses = share(lines.filter(endsInEllipsis).length, lines.length);
  if (ellipses > limits.maximumEllipsisLines) {
    return drop('gopher_too_many_end_ellipsis', ellipses, limits.maximumEllipsisLines);
  }
  return undefined;
}

function checkLetters({ count, flags }: WordTable, limits: Limits): FilterResult | undefined {
  if (count === 0) return undefined;
  let withLetter = 0;
  for (let word = 0; word < count; word++) withLetter += flags[word] & HAS_LETTER;
  const alphabetic = withLetter / count;
  if (alphabetic >= limits.minimumAlphabeticWords) return undefined;
  return drop('gopher_below_alpha_threshold', alphabetic, limits.minimumAlphabeticWords);
}

/** The stop words, and a bit for the hash of each: words without a bit need no look. */
interface StopWords {
  readonly listed: ReadonlySet<string>;
  readonly bits: Uint8Array;
  readonly distinct: boolean;
}

function prepareStopWords(words: readonly string[], distinct: boolean): StopWords {
  const bits = new Uint8Array(1 << 12);
  for (const word of words) bits[measureWord(word).hash & 0xfff] = 1;
  return { listed: new Set(words), bits, distinct };
}

function checkStopWords(table: WordTable, stopWords: StopWords, minimum: number): FilterResult | undefined {
  const { count, hashes } = table;
  const { listed, bits, distinct } = stopWords;
  if (count === 0) return undefined;
  const found = new Set<string>();
  let occurrences = 0;
  for (let index = 0; index < count; index++) {
    if (bits[hashes[index] & 0xfff] === 0) continue;
    const word = table.word(index);
    if (!listed.has(word)) continue;
    found.add(word);
    occurrences++;
    if ((distinct ? found.size : occurrences) >= minimum) return undefined;
  }
  const value = distinct ? found.size : occurrences;
  return value < minimum ? drop('gopher_enough_stop_words', value, minimum) : undefined;
}
