import { withDefaults } from './options.ts';
import { checkPreset, type Preset } from './preset.ts';
import { codePointLength, hasChunks, isWhitespace, splitLines, strip } from './python-text.ts';
import { defaultSegmenter, type Segmenter } from './segmenter.ts';
import { drop, textOf, type FilterResult, type QualityFilter } from './verdict.ts';

/** Rules of {@link c4Quality}. */
export interface C4QualityOptions {
  /** Chooses the sentence splitter only: the rules are the same in both presets. */
  preset?: Preset;
  segmenter?: Segmenter;
  /** Remove `[12]`, `[]`, `[edit]` and `[citation needed]`. Default true. */
  removeCitations?: boolean;
  /** Drop lines that do not end in `.`, `?`, `!`, `"` or `'`, or that end in `...`. Default false, as FineWeb ran it (C4 itself: true). */
  requireTerminalPunctuation?: boolean;
  /** Sentences in the lines that are left. Default 5; 0 turns the rule off. */
  minimumSentences?: number;
  /** Whitespace words in a line. Default 3; 0 turns the rule off. */
  minimumWordsPerLine?: number;
  /** Characters (code points) in the longest word of a line. Default 1000. */
  maximumWordLength?: number;
}

const DEFAULTS = {
  removeCitations: true,
  requireTerminalPunctuation: false,
  minimumSentences: 5,
  minimumWordsPerLine: 3,
  maximumWordLength: 1000,
};

/** Without one of these (in lower case) a text holds none of the phrases, nor can taking out a citation make one. */
const SUSPICIOUS = ['{', '[', 'lorem ipsum', 'javascript', 'privacy policy', 'cookie', 'terms of use'];

type Rules = typeof DEFAULTS;

const CITATION = /\[\p{Nd}*\]|\[edit\]|\[citation needed\]/gu;
const END_MARKS = ['.', '?', '!', '"', "'"];
const POLICY = ['terms of use', 'privacy policy', 'cookie policy', 'uses cookies', 'use of cookies', 'use cookies'];

/**
 * Removes lines that are not prose and drops the documents that fall with them. A kept document comes back **rewritten**:
 * use `result.text`. Reasons: `lorem_ipsum`, `curly_bracket` (found in a line that passed the line rules before it), `too_few_sentences`.
 *
 * Source: C4 (Raffel et al. 2020) as in datatrove's `C4QualityFilter`.
 *
 * @throws QualityError `INVALID_OPTION` for an unknown preset
 */
export function c4Quality(options: C4QualityOptions = {}): QualityFilter {
  const { preset = 'fineweb-head', segmenter = defaultSegmenter(preset), ...rules } = options;
  checkPreset(preset);
  const resolved: Rules = withDefaults(DEFAULTS, rules);
  return { name: 'c4', check: (input) => filterLines(textOf(input), resolved, segmenter) };
}

function filterLines(text: string, rules: Rules, segmenter: Segmenter): FilterResult {
  const kept: string[] = [];
  let sentences = 0;
  const lowerCaseText = text.toLowerCase();
  const suspicious = SUSPICIOUS.some((phrase) => lowerCaseText.includes(phrase));
  for (const rawLine of splitLines(text)) {
    const line = cleanLine(strip(rawLine), rules);
    if (line === undefined) continue;
    if (suspicious) {
      const lowerCase = line.toLowerCase();
      if (lowerCase.includes('lorem ipsum')) {
        return drop('lorem_ipsum', excerpt(line, lowerCase.indexOf('lorem ipsum')), 0);
      }
      if (lowerCase.includes('javascript')) continue;
      if (line.includes('{')) return drop('curly_bracket', excerpt(line, line.indexOf('{')), 0);
      if (POLICY.some((phrase) => lowerCase.includes(phrase))) continue;
    }
    // Counted no further than needed: once there are enough, more change nothing.
    if (sentences < rules.minimumSentences)
      sentences += segmenter.countSentences(line, rules.minimumSentences - sentences);
    kept.push(line);
  }
  if (sentences < rules.minimumSentences) return drop('too_few_sentences', sentences, rules.minimumSentences);
  return { keep: true, text: strip(kept.join('\n')) };
}

/** What gave the document away, with a little around it: the value of verdicts whose limit is "none of these". */
function excerpt(line: string, at: number): string {
  return line.slice(Math.max(0, at - 20), at + 40);
}

/** The line without citations, or undefined where it is not worth keeping. Words are counted before citations go. */
function cleanLine(line: string, rules: Rules): string | undefined {
  if (hasLongWord(line, rules.maximumWordLength)) return undefined;
  const isWordy = hasChunks(line, rules.minimumWordsPerLine);
  const cleaned = rules.removeCitations && line.includes('[') ? line.replace(CITATION, '') : line;
  if (rules.requireTerminalPunctuation && !hasTerminalPunctuation(cleaned)) return undefined;
  return isWordy ? cleaned : undefined;
}

/** Whether some run without whitespace has more characters than allowed; looks back from every step of that length. */
function hasLongWord(line: string, longest: number): boolean {
  let start = 0;
  while (line.length - start > longest) {
    let at = start + longest;
    while (at > start && !isWhitespace(line.charCodeAt(at))) at--;
    if (at === start && !isWhitespace(line.charCodeAt(start))) {
      let end = start + longest;
      while (end < line.length && !isWhitespace(line.charCodeAt(end))) end++;
      if (codePointLength(line.slice(start, end)) > longest) return true;
      at = end;
    }
    start = at + 1;
  }
  return false;
}

function hasTerminalPunctuation(line: string): boolean {
  return END_MARKS.some((mark) => line.endsWith(mark)) && !line.endsWith('...');
}
