import type { Document } from './document.ts';
import { KIND, count, isTitle, isUpper, length, splitLines, strip } from './python-characters.ts';

/** Numbers of one kind about a document, by name. */
export interface StatsBlock {
  /** Names of those that are whole numbers: in histograms they are written without a decimal point. */
  readonly integers: readonly string[];
  measure(document: Document): Record<string, number>;
}

/** datatrove's `PUNCTUATION`: 66 visible characters and the control characters. */
const VISIBLE_PUNCTUATION =
  String.raw`!/—”:％１〈&(、━\\【#%「」，】；+^\]~“《„';’{|∶´[=\-` +
  '`' +
  String.raw`*．（–？！：$～«〉,><》)?）。…@_."}►»`;
const PUNCTUATION = new RegExp(String.raw`[${VISIBLE_PUNCTUATION}\x00-\x08\x0b-\x1f\x7f-\x9f]`, 'gu');
const ELLIPSIS = /\.\.\.|…/gu;
const TERMINAL = ['.', '?', '!', '"', "'"];
const BULLETS = ['-', '*', '•'];
const STOP_WORDS = ['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'];

const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const shareOf = <T>(items: readonly T[], test: (item: T) => boolean) => share(items.filter(test).length, items.length);

/** Length in characters, and the shares of kinds of characters (datatrove's `DocStats`). */
export function documentStats(): StatsBlock {
  return {
    integers: ['length'],
    measure({ text }) {
      const characters = length(text);
      const part = (pattern: RegExp) => share(count(text, pattern), characters);
      const ellipsis = (text.match(ELLIPSIS) ?? []).reduce((total, found) => total + found.length, 0);
      const letters = count(text, KIND.letter);
      return {
        length: characters,
        white_space_ratio: part(KIND.space),
        non_alpha_digit_ratio: share(characters - letters - count(text, KIND.digit), characters),
        digit_ratio: part(KIND.digit),
        uppercase_ratio: part(KIND.uppercase),
        elipsis_ratio: share(ellipsis, characters),
        punctuation_ratio: part(PUNCTUATION),
      };
    },
  };
}

/** What `lineStats` counts. */
export interface LineStatsOptions {
  /** Lines of at most so many characters are short. Default 10 and 30. */
  shortLines?: readonly number[];
  /** Lines of at least so many characters are long. Default 2000 and 10000. */
  longLines?: readonly number[];
  /** Whether only lines with text are looked at; `n_lines` counts all. Default false. */
  ignoreEmptyLines?: boolean;
}

/** Lines: how many, how long, how they end and begin, which repeat (datatrove's `LineStats`). */
export function lineStats(options: LineStatsOptions = {}): StatsBlock {
  const { shortLines = [10, 30], longLines = [2000, 10000], ignoreEmptyLines = false } = options;
  return {
    integers: ['n_lines'],
    measure({ text }) {
      const all = text.split('\n');
      const lines = ignoreEmptyLines ? all.filter((line) => strip(line) !== '') : all;
      const lengths = lines.map(length);
      const repeats = countRepeats(lines, lengths);
      return {
        n_lines: all.length,
        avg_line_length: share(sum(lengths), lines.length),
        ...ratios('short_line_ratio_chars_', shortLines, (limit) => shareOf(lengths, (size) => size <= limit)),
        ...ratios('long_line_ratio_chars_', longLines, (limit) => shareOf(lengths, (size) => size >= limit)),
        lines_ending_with_terminal_mark_ratio: shareOf(lines, (line) => TERMINAL.some((mark) => line.endsWith(mark))),
        bullet_point_lines_ratio: shareOf(lines, (line) => BULLETS.includes(strip(line).slice(0, 1))),
        line_duplicates: share(repeats.count, lines.length),
        line_char_duplicates: share(repeats.characters, sum(lengths)),
      };
    },
  };
}

/** Paragraphs, parted by empty lines: how many, how long, which repeat (datatrove's `ParagraphStats`). */
export function paragraphStats({
  short = [100],
  long = [1000],
}: { short?: readonly number[]; long?: readonly number[] } = {}): StatsBlock {
  return {
    integers: ['n_paragraphs'],
    measure({ text }) {
      const paragraphs = text.split('\n\n').filter((paragraph) => strip(paragraph) !== '');
      const lengths = paragraphs.map(length);
      const repeats = countRepeats(paragraphs, lengths);
      return {
        n_paragraphs: paragraphs.length,
        avg_paragraph_length: share(sum(lengths), paragraphs.length),
        ...ratios('short_paragraph_ratio_', short, (limit) => shareOf(lengths, (size) => size <= limit)),
        ...ratios('long_paragraph_ratio_', long, (limit) => shareOf(lengths, (size) => size >= limit)),
        paragraph_duplicates: share(repeats.count, paragraphs.length),
        paragraph_char_duplicates: share(repeats.characters, sum(lengths)),
      };
    },
  };
}

/** What `wordStats` counts. */
export interface WordStatsOptions {
  /** Makes words of a text: a segmenter of `@smol/quality` does (datatrove's English is its `spacySegmenter`). */
  segmenter: { words(text: string): readonly string[] };
  stopWords?: readonly string[];
  /** Words of at most so many characters are short. Default 3. */
  shortWords?: readonly number[];
  /** Words of at least so many characters are long. Default 7. */
  longWords?: readonly number[];
}

/** Words: how many, how long, how varied, how they are written (datatrove's `WordStats`). */
export function wordStats({
  segmenter,
  stopWords = STOP_WORDS,
  shortWords = [3],
  longWords = [7],
}: WordStatsOptions): StatsBlock {
  const stops = new Set(stopWords);
  return {
    integers: ['n_words'],
    measure({ text }) {
      const words = segmenter.words(text);
      const lengths = words.map(length);
      return {
        n_words: words.length,
        avg_word_length: share(sum(lengths), words.length),
        avg_words_per_line: share(words.length, splitLines(text).length),
        ...ratios('short_word_ratio_', shortWords, (limit) => shareOf(lengths, (size) => size <= limit)),
        ...ratios('long_word_ratio_', longWords, (limit) => shareOf(lengths, (size) => size >= limit)),
        type_token_ratio: share(new Set(words).size, words.length),
        uppercase_word_ratio: shareOf(words, isUpper),
        capitalized_word_ratio: shareOf(words, isTitle),
        stop_word_ratio: shareOf(words, (word) => stops.has(word)),
      };
    },
  };
}

/** What `sentenceStats` counts. */
export interface SentenceStatsOptions {
  /** Makes sentences of a text. Default: those of Unicode (`Intl.Segmenter`, UAX 29), in any language. */
  sentences?: (text: string) => readonly string[];
  /** Sentences of at most so many characters are short. Default 20. */
  short?: readonly number[];
  /** Sentences of at least so many characters are long. Default 75. */
  long?: readonly number[];
}

/** Sentences: how many, and how long (datatrove's `SentenceStats`). */
export function sentenceStats({
  sentences: split = unicodeSentences(),
  short = [20],
  long = [75],
}: SentenceStatsOptions = {}): StatsBlock {
  return {
    integers: ['n_sentences'],
    measure({ text }) {
      const lengths = split(text)
        .filter((sentence) => strip(sentence) !== '')
        .map(length);
      return {
        n_sentences: lengths.length,
        avg_sentence_length: share(sum(lengths), lengths.length),
        ...ratios('short_sentence_ratio_', short, (limit) => shareOf(lengths, (size) => size <= limit)),
        ...ratios('long_sentence_ratio_', long, (limit) => shareOf(lengths, (size) => size >= limit)),
      };
    },
  };
}

/** Tokens: those that `metadata.token_count` tells, else as many as `countTokens` finds (datatrove's `TokenStats`). */
export function tokenStats(countTokens: (text: string) => number): StatsBlock {
  return {
    integers: ['token_count'],
    measure({ text, metadata }) {
      const known = metadata.token_count;
      return { token_count: typeof known === 'number' ? known : countTokens(text) };
    },
  };
}

/** The score of a language: that of the metadata when it is the document's, else what `score` finds (datatrove's `LangStats`). */
export function languageStats(language: string, score: (text: string) => number): StatsBlock {
  return {
    integers: [],
    measure({ text, metadata }) {
      const known = metadata.language === language ? metadata.language_score : undefined;
      return { [`fasttext_${language}`]: typeof known === 'number' ? known : score(text) };
    },
  };
}

function ratios(name: string, limits: readonly number[], ratio: (limit: number) => number): Record<string, number> {
  return Object.fromEntries(limits.map((limit) => [`${name}${limit}`, ratio(limit)]));
}

/** Second and later occurrences, and their characters. */
function countRepeats(parts: readonly string[], lengths: readonly number[]): { count: number; characters: number } {
  const seen = new Set<string>();
  let characters = 0;
  for (const [index, part] of parts.entries()) {
    if (seen.has(part)) characters += lengths[index];
    else seen.add(part);
  }
  return { count: parts.length - seen.size, characters };
}

function unicodeSentences(): (text: string) => string[] {
  const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
  return (text) => [...segmenter.segment(text)].map(({ segment }) => segment);
}
