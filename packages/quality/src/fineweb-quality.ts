import { withDefaults } from './options.ts';
import { checkPreset, type Preset } from './preset.ts';
import { TERMINAL_PUNCTUATION } from './punctuation.ts';
import { codePointLength, countOccurrences, hasChunks, strip } from './python-text.ts';
import { countRepeats } from './repeats.ts';
import { defaultSegmenter, wordTable, type Segmenter } from './segmenter.ts';
import { drop, KEEP, share, textOf, type FilterResult, type QualityFilter } from './verdict.ts';

/** Limits of {@link finewebQuality}. */
export interface FineWebQualityOptions {
  preset?: Preset;
  segmenter?: Segmenter;
  /** Share of lines that end with an end mark. Default 0.12. */
  minimumPunctuatedLines?: number;
  /** Let texts without any punctuated line pass. Default false. */
  allowNoPunctuatedLines?: boolean;
  /** Share of lines of at most `shortLineLength` characters. Default 0.67. */
  maximumShortLines?: number;
  /** Characters (code points). Default 30. */
  shortLineLength?: number;
  /** Share of characters in repeated lines. Default 0.01 (FineWeb2 took 0.1). */
  maximumDuplicateCharacters?: number;
  /** `\n` per word. Default 0.3. */
  maximumNewlinesPerWord?: number;
}

const DEFAULTS = {
  minimumPunctuatedLines: 0.12,
  allowNoPunctuatedLines: false,
  maximumShortLines: 0.67,
  shortLineLength: 30,
  maximumDuplicateCharacters: 0.01,
  maximumNewlinesPerWord: 0.3,
};

/** What moved between the code that made FineWeb and today's. */
interface Semantics {
  readonly endMarks: ReadonlySet<string>;
  readonly countsEmptyLines: boolean;
  /** A value equal to its limit is dropped. */
  readonly dropsAtLimit: boolean;
}

const SEMANTICS: Record<Preset, Semantics> = {
  'fineweb-2024': { endMarks: new Set(`.'"!?`), countsEmptyLines: true, dropsAtLimit: true },
  'fineweb-head': { endMarks: TERMINAL_PUNCTUATION, countsEmptyLines: false, dropsAtLimit: false },
};

/**
 * Drops lists, menus and boilerplate. Reasons, in order of checking: `empty` (head only), `line_punct_ratio`,
 * `short_line_ratio`, `char_dup_ratio`, `list_ratio`. In 2024 empty lines counted as (short, unpunctuated) lines, quotes
 * ended lines, and a value equal to its limit was dropped; at head only non-blank lines count, the end marks are Unicode's and
 * equality passes.
 *
 * Source: "The FineWeb datasets" (Penedo et al. 2024, §3.6) as in datatrove's `FineWebQualityFilter`.
 *
 * @throws QualityError `INVALID_OPTION` for an unknown preset
 */
export function finewebQuality(options: FineWebQualityOptions = {}): QualityFilter {
  const { preset = 'fineweb-head', segmenter = defaultSegmenter(preset), ...limits } = options;
  const semantics = SEMANTICS[checkPreset(preset)];
  const resolved = withDefaults(DEFAULTS, limits);
  return {
    name: 'fineweb',
    check(input) {
      const text = textOf(input);
      return checkLines(text, resolved, semantics) ?? checkListRatio(text, segmenter, resolved.maximumNewlinesPerWord);
    },
  };
}

function endsWithMark(line: string, marks: ReadonlySet<string>): boolean {
  return marks.has(line.slice(-1)) || marks.has(line.slice(-2));
}

function isShort(line: string, length: number): boolean {
  return line.length <= 2 * length && codePointLength(line) <= length;
}

function checkLines(text: string, limits: typeof DEFAULTS, semantics: Semantics): FilterResult | undefined {
  const allLines = text.split('\n');
  const filled = allLines.filter((line) => strip(line) !== '');
  const lines = semantics.countsEmptyLines ? allLines : filled;
  if (lines.length === 0) return drop('empty', 0, 1);

  const isBeyond = (value: number, limit: number) => value > limit || (semantics.dropsAtLimit && value === limit);
  const punctuated = lines.filter((line) => endsWithMark(line, semantics.endMarks)).length / lines.length;
  const excused = punctuated === 0 && limits.allowNoPunctuatedLines;
  if (isBeyond(limits.minimumPunctuatedLines, punctuated) && !excused) {
    return drop('line_punct_ratio', punctuated, limits.minimumPunctuatedLines);
  }
  const short = lines.filter((line) => isShort(line, limits.shortLineLength)).length / lines.length;
  if (isBeyond(short, limits.maximumShortLines)) return drop('short_line_ratio', short, limits.maximumShortLines);

  const characters = codePointLength(text) - (allLines.length - 1);
  const duplicated = share(countRepeats(filled).characters, characters);
  if (isBeyond(duplicated, limits.maximumDuplicateCharacters)) {
    return drop('char_dup_ratio', duplicated, limits.maximumDuplicateCharacters);
  }
  return undefined;
}

function checkListRatio(text: string, segmenter: Segmenter, maximum: number): FilterResult {
  const count = countOccurrences(text, '\n');
  // There are at least as many words as runs between spaces; mostly that is answer enough.
  if (count === 0 || (segmenter.splitsAtSpaces && maximum > 0 && hasChunks(text, count / maximum + 1))) return KEEP;
  const newlines = share(count, wordTable(segmenter, text).count);
  return newlines > maximum ? drop('list_ratio', newlines, maximum) : KEEP;
}
