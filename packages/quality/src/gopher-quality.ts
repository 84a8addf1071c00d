import { withDefaults } from './options.ts';
import { checkPreset, type Preset } from './preset.ts';
import { punctuationSet } from './punctuation.ts';
import { codePointLength, countOccurrences, splitLines, stripEnd, stripStart } from './python-text.ts';
import { defaultSegmenter, type Segmenter } from './segmenter.ts';
import { drop, KEEP, share, textOf, type FilterResult, type QualityFilter } from './verdict.ts';

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

const ASCII_LETTER = /^[A-Za-z]/;
const LETTER = /\p{L}/u;

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
  const punctuation = punctuationSet(preset);
  const countStopWords = stopWordCounter(resolved.stopWords, preset !== 'fineweb-2024');
  return {
    name: 'gopher-quality',
    check(input) {
      const text = textOf(input);
      const words = segmenter.words(text);
      return (
        checkWordLengths(words, punctuation, resolved) ??
        checkSymbols(text, words.length, resolved) ??
        checkLines(splitLines(text), resolved) ??
        checkLanguage(words, countStopWords, resolved) ??
        KEEP
      );
    },
  };
}

function isPunctuation(word: string, punctuation: ReadonlySet<string>): boolean {
  if (ASCII_LETTER.test(word)) return false;
  for (const character of word) if (!punctuation.has(character)) return false;
  return true;
}

function checkWordLengths(
  words: readonly string[],
  punctuation: ReadonlySet<string>,
  limits: Limits,
): FilterResult | undefined {
  let count = 0;
  let characters = 0;
  for (const word of words) {
    if (isPunctuation(word, punctuation)) continue;
    count++;
    characters += codePointLength(word);
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

function stopWordCounter(stopWords: readonly string[], distinct: boolean): (words: readonly string[]) => number {
  const listed = new Set(stopWords);
  return (words) => {
    const found = words.filter((word) => listed.has(word));
    return distinct ? new Set(found).size : found.length;
  };
}

function checkLanguage(
  words: readonly string[],
  countStopWords: (words: readonly string[]) => number,
  limits: Limits,
): FilterResult | undefined {
  if (words.length === 0) return undefined;
  const withLetter = words.filter((word) => ASCII_LETTER.test(word) || LETTER.test(word)).length;
  const alphabetic = withLetter / words.length;
  if (alphabetic < limits.minimumAlphabeticWords) {
    return drop('gopher_below_alpha_threshold', alphabetic, limits.minimumAlphabeticWords);
  }
  const stopWords = countStopWords(words);
  if (stopWords < limits.minimumStopWords) return drop('gopher_enough_stop_words', stopWords, limits.minimumStopWords);
  return undefined;
}
