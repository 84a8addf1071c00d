import { withDefaults } from './options.ts';
import { checkPreset, type Preset } from './preset.ts';
import { codePointLength, splitLines, strip } from './python-text.ts';
import { duplicateNGramBounds, topNGramBounds } from './repetition-bounds.ts';
import { QualityError } from './quality-error.ts';
import { countRepeats } from './repeats.ts';
import { defaultSegmenter, wordTable, type Segmenter } from './segmenter.ts';
import { drop, KEEP, share, textOf, type FilterResult, type QualityFilter } from './verdict.ts';
import { WordSequence } from './word-sequence.ts';
import type { WordTable } from './word-table.ts';

/** A limit for n-grams of one length: a share of the text's characters. */
export type NGramLimit = readonly [n: number, maximum: number];

/** Limits of {@link gopherRepetition}; all are shares in 0…1 that a kept text does not exceed. */
export interface GopherRepetitionOptions {
  preset?: Preset;
  segmenter?: Segmenter;
  /** Repeated paragraphs among all paragraphs. Default 0.3. */
  duplicateParagraphs?: number;
  /** Characters in repeated paragraphs among all characters. Default 0.2. */
  duplicateParagraphCharacters?: number;
  /** Repeated lines among all lines. Default 0.3. */
  duplicateLines?: number;
  /** Characters in repeated lines among all characters. Default 0.2. */
  duplicateLineCharacters?: number;
  /** Characters in the most frequent n-gram. Default 2: 0.20, 3: 0.18, 4: 0.16. */
  topNGrams?: readonly NGramLimit[];
  /** Characters in repeated n-grams. Default 5: 0.15 … 10: 0.10. */
  duplicateNGrams?: readonly NGramLimit[];
}

// Table A1 of Rae et al., "Scaling language models: methods, analysis & insights from training Gopher" (2021).
const DEFAULTS = {
  duplicateParagraphs: 0.3,
  duplicateParagraphCharacters: 0.2,
  duplicateLines: 0.3,
  duplicateLineCharacters: 0.2,
  topNGrams: [
    [2, 0.2],
    [3, 0.18],
    [4, 0.16],
  ] as readonly NGramLimit[],
  duplicateNGrams: [
    [5, 0.15],
    [6, 0.14],
    [7, 0.13],
    [8, 0.12],
    [9, 0.11],
    [10, 0.1],
  ] as readonly NGramLimit[],
};

type Limits = typeof DEFAULTS;

/**
 * Drops texts that repeat themselves. Reasons, in order of checking: `empty` (head only), `dup_para_frac`, `dup_para_char_frac`,
 * `dup_line_frac`, `dup_line_char_frac`, `top_2_gram` … `top_4_gram`, `duplicated_5_n_grams` … `duplicated_10_n_grams`.
 * The presets differ in what a line is: all of Python's line breaks in 2024, runs of `\n` at head.
 *
 * Source: Gopher (Rae et al. 2021, table A1) as in datatrove's `GopherRepetitionFilter`.
 *
 * @throws QualityError `INVALID_OPTION` for an unknown preset or n-gram lengths that do not grow
 */
export function gopherRepetition(options: GopherRepetitionOptions = {}): QualityFilter {
  const { preset = 'fineweb-head', segmenter = defaultSegmenter(preset), ...limits } = options;
  checkPreset(preset);
  const resolved: Limits = withDefaults(DEFAULTS, limits);
  checkLengths(resolved.topNGrams, 'topNGrams');
  checkLengths(resolved.duplicateNGrams, 'duplicateNGrams');
  const splitIntoLines =
    preset === 'fineweb-2024'
      ? splitLines
      : (text: string) => (text.includes('\n\n') ? text.split(/\n+/) : text.split('\n'));
  return {
    name: 'gopher-repetition',
    check(input) {
      const text = textOf(input);
      if (text === '' && preset === 'fineweb-head') return drop('empty', 0, 1);
      const length = codePointLength(text);
      return (
        checkParts(
          text.includes('\n\n') ? strip(text).split(/\n{2,}/) : [text],
          length,
          'para',
          resolved.duplicateParagraphs,
          resolved.duplicateParagraphCharacters,
        ) ??
        checkParts(splitIntoLines(text), length, 'line', resolved.duplicateLines, resolved.duplicateLineCharacters) ??
        checkNGrams(text, segmenter, length, resolved) ??
        KEEP
      );
    },
  };
}

/** Repeated lines or paragraphs: first their number, then their characters. */
function checkParts(
  parts: readonly string[],
  length: number,
  unit: 'para' | 'line',
  maximum: number,
  maximumCharacters: number,
): FilterResult | undefined {
  const repeats = countRepeats(parts);
  const elements = share(repeats.elements, parts.length);
  if (elements > maximum) return drop(`dup_${unit}_frac`, elements, maximum);
  const characters = share(repeats.characters, length);
  if (characters > maximumCharacters) return drop(`dup_${unit}_char_frac`, characters, maximumCharacters);
  return undefined;
}

/** N-grams by growing length; an exact count is made only where a bound passes its limit. */
function checkNGrams(text: string, segmenter: Segmenter, length: number, limits: Limits): FilterResult | undefined {
  const table = wordTable(segmenter, text);
  let sequence: WordSequence | undefined;
  const words = () => (sequence ??= new WordSequence(segmenter.words(text)));
  const topBounds = boundsOf(topNGramBounds, table, limits.topNGrams);
  for (const [n, maximum] of limits.topNGrams) {
    if (share(topBounds(n), length) <= maximum) continue;
    const value = share(words().topNGramCharacters(n), length);
    if (value > maximum) return drop(`top_${n}_gram`, value, maximum);
  }
  const duplicateBounds = boundsOf(duplicateNGramBounds, table, limits.duplicateNGrams);
  for (const [n, maximum] of limits.duplicateNGrams) {
    if (share(duplicateBounds(n), length) <= maximum) continue;
    const value = share(words().duplicateNGramCharacters(n), length);
    if (value > maximum) return drop(`duplicated_${n}_n_grams`, value, maximum);
  }
  return undefined;
}

/** The bounds of all lengths that have a limit, made in one pass. */
function boundsOf(
  compute: typeof topNGramBounds,
  table: WordTable,
  limits: readonly NGramLimit[],
): (n: number) => number {
  const shortest = limits[0]?.[0] ?? 2;
  const bounds = compute(table, shortest, limits.at(-1)?.[0] ?? shortest);
  return (n) => bounds[n - shortest];
}

/** Limits must come by growing length: n-grams are made of shorter ones. */
function checkLengths(limits: readonly NGramLimit[], name: string): void {
  if (limits.every(([n], index) => Number.isInteger(n) && n >= 2 && (index === 0 || n > limits[index - 1][0]))) return;
  throw new QualityError(
    'INVALID_OPTION',
    `${name}: expected [n, share] pairs with n = 2, 3, … growing, got ${JSON.stringify(limits)}`,
  );
}
