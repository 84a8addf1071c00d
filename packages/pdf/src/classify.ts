// What a paragraph is, as far as it can be told without its neighbours.
import type { Paragraph } from './build-paragraphs.ts';
import { leadingMark } from './footnote-marks.ts';

const FIGURE =
  'fig(?:ure|\\.|ura)?|table(?:au)?|tab\\.|tabelle|tabel[al]?|tabla|abb(?:ildung|\\.)|listing|algorithm|exhibit|chart|plate|рис(?:унок|\\.)|таблица';
const NUMBER = '(?:[A-Z]?\\d{1,3}(?:[.\\-–]\\d{1,3})*|[IVX]{1,5})[a-z]?';
/** What follows the number: a sign, or a title with a capital; "Figure 3 shows" is a sentence. */
const CAPTION = new RegExp(`^(?:${FIGURE}) ?${NUMBER} ?(?:[.:|–—-]|$|(?=\\s?[\\p{Lu}(]))`, 'iu');
const CAPTION_START = /^(?:\p{Lu}|図|表|圖|그림|표)/u;
const ASIAN_CAPTION = /^(?:図|表|圖|图|그림|표) ?[\d０-９]{1,3}/u;

/** Footnotes are smaller than running text by this much. */
const SMALL = 0.93;
const UNRAISED_MARK = /^(\d{1,3}|[*†‡§¶]{1,4})[.)]? (?=\S)/u;

/** Share of glyphs of a formula that are of fonts for formulas, or signs. */
const FORMULA_SHARE = 0.35;
const OPERATORS = /[=<>≤≥≈≡∼∝±×÷∑∏∫∂∇√∞∈∉⊂⊆∪∩∀∃→⇒⇔↦⊗⊕·∘^|]/gu;
const WORDS = /\p{L}{4,}/gu;

/** Whether a text begins like the caption of a figure or a table. */
export function isCaption({ kind }: Paragraph, text: string): boolean {
  if (kind !== 'text' && kind !== 'rows') return false;
  if (ASIAN_CAPTION.test(text)) return true;
  const match = CAPTION_START.test(text) ? CAPTION.exec(text) : null;
  if (!match) return false;
  const next = text.slice(match[0].length).trimStart();
  return /[.:|–—-]$/.test(match[0]) || next === '' || /^[\p{Lu}(]/u.test(next);
}

/** Marker and text of a footnote: small, and beginning with a raised number or sign. */
export function readFootnote(
  paragraph: Paragraph,
  text: string,
  bodySize: number,
): { marker: string; text: string } | undefined {
  if (!footnoteLike(paragraph, bodySize)) return undefined;
  const raised = leadingMark(text);
  if (raised) return { marker: raised.mark, text: raised.rest };
  const match = UNRAISED_MARK.exec(text);
  return match ? { marker: match[1], text: text.slice(match[0].length) } : undefined;
}

/** Whether a paragraph is small enough for a footnote. */
export function footnoteLike({ kind, main, lines }: Paragraph, bodySize: number): boolean {
  return kind === 'text' && main && lines.every(({ size }) => size <= bodySize * SMALL);
}

/** Whether lines are a formula set apart: mostly signs and glyphs of fonts for formulas, and hardly a word. */
export function isFormula({ kind, lines }: Paragraph, text: string): boolean {
  if ((kind !== 'text' && kind !== 'rows') || lines.length > 6 || text.length > 300 || text.length < 3) return false;
  const operators = text.match(OPERATORS)?.length ?? 0;
  const words = text.match(WORDS)?.length ?? 0;
  if (operators === 0 || words > 3) return false;
  const math = lines.reduce((sum, line) => sum + (line.math ?? 0), 0);
  const glyphs = text.replace(/\s/g, '').length;
  return math / glyphs >= FORMULA_SHARE || (words === 0 && operators >= 2 && operators / glyphs > 0.1);
}
