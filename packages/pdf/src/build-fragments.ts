import { orderNumberMarks } from './number-marks.ts';
import { changesDirection } from './right-to-left.ts';
import type { Character } from './character.ts';
import type { Fragment } from './fragment.ts';
import type { Rule } from './rule.ts';

/** Distances in ems. A gap this wide may separate columns. */
const COLUMN_GAP = 0.9;
/** A gap this wide is a space, and half of it when PDFium thinks so, too. */
const SPACE_GAP = 0.25;
const HINTED_SPACE_GAP = 0.08;
/** A gap this wide may part the cells of a table. */
const CELL_GAP = 0.4;
/** Glyphs nearer to the line than this are on it; superscripts are not. */
const BASELINE_TOLERANCE = 0.15;
/** How far back the next glyph may begin: kerning, accents. */
const OVERLAP = 1;
/** How far glyphs may reach over a rule. */
const TOUCH = 0.1;

/** A fragment on its way. Its letters are joined once, at its end: text that grows letter by letter is a chain of pieces in memory. */
interface Run {
  fragment: Fragment;
  letters: string[];
  /** Of the letters, in UTF-16 code units. */
  length: number;
}

/**
 * Glyphs in the order of the file → fragments. The same words drawn again at the same place (fake bold, shadows) are taken once.
 *
 * @param rules vertical rules, sorted by place: no fragment crosses one
 */
export function buildFragments(characters: Character[], rules: Rule[] = []): Fragment[] {
  const runs: Run[] = [];
  let current: Run | undefined;
  let last: Character | undefined;
  for (const character of orderNumberMarks(characters)) {
    if (last && isRepeated(last, character)) continue;
    if (current && last && continues(current.fragment, last, character) && !isParted(last, character, rules))
      extend(current, last, character);
    else runs.push((current = startRun(character)));
    last = character;
  }
  return withoutCopies(runs.map(finish));
}

function startRun(character: Character): Run {
  const { text } = character;
  return { fragment: startFragment(character), letters: [text], length: text.length };
}

function finish({ fragment, letters }: Run): Fragment {
  fragment.text = letters.join('');
  return fragment;
}

function append(run: Run, text: string): void {
  run.letters.push(text);
  run.length += text.length;
}

/** Glyphs that run at a slant → one fragment, in the order of the file: their boxes are upright and say little about gaps. */
export function joinSlanted(characters: Character[]): Fragment[] {
  if (characters.length === 0) return [];
  const fragment = startFragment(characters[0]);
  const texts = characters.map(({ text, afterSpace }) => (afterSpace ? ` ${text}` : text));
  return [{ ...fragment, text: texts.join('').trim() }];
}

function startFragment(character: Character): Fragment {
  const { text, left, right, top, bottom, baseline, size, bold, hidden, mono = false, math, afterSpace } = character;
  const { headingLevel } = character;
  return {
    text,
    left,
    right,
    top,
    bottom,
    baseline,
    size,
    bold,
    light: !bold,
    hidden,
    mono,
    math: math ? 1 : 0,
    afterSpace,
    headingLevel,
  };
}

/** Whether a vertical rule stands between two glyphs. */
function isParted(a: Character, b: Character, rules: Rule[]): boolean {
  if (rules.length === 0) return false;
  const left = a.left < b.left ? a : b;
  const right = left === a ? b : a;
  if (right.left - left.right < -TOUCH * a.size) return false;
  const middle = (b.top + b.bottom) / 2;
  const slack = TOUCH * b.size;
  for (let index = firstAt(rules, left.right - slack); index < rules.length; index++) {
    const { at, from, to } = rules[index];
    if (at > right.left + slack) return false;
    if (from < middle && to > middle) return true;
  }
  return false;
}

/** Index of the first rule at `place` or beyond. */
function firstAt(rules: Rule[], place: number): number {
  let [from, to] = [0, rules.length];
  while (from < to) {
    const centre = (from + to) >> 1;
    if (rules[centre].at < place) from = centre + 1;
    else to = centre;
  }
  return from;
}

/** How far apart two glyphs are along the line; negative when they overlap. Hebrew and Arabic, and what stands beside them, may run either way. */
function gapBetween(a: Character, b: Character): number {
  const rightward = b.left - a.right;
  return runsLeft(a) || runsLeft(b) ? Math.max(rightward, a.left - b.right) : rightward;
}

/** Whether a glyph is of the blocks from Hebrew to Arabic Extended-A, or a presentation form of theirs. */
function runsLeft({ text }: Character): boolean {
  const code = text.charCodeAt(0);
  return (code >= 0x590 && code < 0x900) || (code >= 0xfb1d && code < 0xfe00) || (code >= 0xfe70 && code < 0xff00);
}

/** Drawn again a little beside itself. Letters of a ligature share their box exactly: they are two. */
function isRepeated(a: Character, b: Character): boolean {
  if (a.left === b.left && a.right === b.right && a.baseline === b.baseline && a.top === b.top) return false;
  const narrower = Math.min(a.right - a.left, b.right - b.left);
  return (
    a.text === b.text && Math.abs(a.left - b.left) < narrower * 0.5 && Math.abs(a.baseline - b.baseline) < b.size * 0.3
  );
}

function continues(current: Fragment, last: Character, next: Character): boolean {
  const em = Math.max(last.size, next.size);
  if (Math.abs(current.baseline - next.baseline) > em * BASELINE_TOLERANCE || current.hidden !== next.hidden)
    return false;
  const gap = gapBetween(last, next);
  return gap < em * COLUMN_GAP && gap > -em * OVERLAP;
}

function extend(run: Run, last: Character, next: Character): void {
  const gap = gapBetween(last, next);
  const em = Math.min(last.size, next.size);
  const isSpaced = gap > em * (next.afterSpace ? HINTED_SPACE_GAP : SPACE_GAP) && !isMark(next);
  if (isSpaced || (runsLeft(last) !== runsLeft(next) && changesDirection(last.text, next.text))) {
    if (gap > em * CELL_GAP) addGap(run, last, next);
    append(run, ' ');
  }
  append(run, next.text);
  if (isSwappedLamAlef(last, next) || isSwappedMark(last, next)) run.letters.splice(-2, 2, next.text, last.text);
  growFragment(run.fragment, next);
}

function growFragment(current: Fragment, next: Character): void {
  current.left = Math.min(current.left, next.left);
  current.right = Math.max(current.right, next.right);
  current.top = Math.min(current.top, next.top);
  current.bottom = Math.max(current.bottom, next.bottom);
  current.size = Math.max(current.size, next.size);
  current.bold &&= next.bold;
  current.light &&= !next.bold;
  current.mono &&= next.mono ?? false;
  current.headingLevel ??= next.headingLevel;
  if (next.math) current.math = (current.math ?? 0) + 1;
}

function addGap({ fragment, length }: Run, last: Character, next: Character): void {
  if (next.left < last.right) return;
  (fragment.gaps ??= []).push({ at: length, left: last.right, right: next.left });
}

/** The ligature lam-alef is one glyph of two letters, which PDFium turns round with the glyphs of the line. */
function isSwappedLamAlef(last: Character, next: Character): boolean {
  return (
    next.text === '\u0644' &&
    /^[\u0622\u0623\u0625\u0627]$/.test(last.text) &&
    last.left === next.left &&
    last.right === next.right
  );
}

/** A vowel sign or the like, of a script that runs to the left. */
function isMark({ text }: Character): boolean {
  const code = text.charCodeAt(0);
  return (
    (code >= 0x610 && code <= 0x61a) ||
    (code >= 0x64b && code <= 0x65f) ||
    code === 0x670 ||
    (code >= 0x591 && code <= 0x5c7 && code !== 0x5be && code !== 0x5c0)
  );
}

/** PDFium turns the glyphs of a line round, and with them letters and their marks. */
function isSwappedMark(last: Character, next: Character): boolean {
  const centre = (last.left + last.right) / 2;
  return isMark(last) && !isMark(next) && runsLeft(next) && centre > next.left && centre < next.right;
}

function withoutCopies(fragments: Fragment[]): Fragment[] {
  const seen = new Map<string, Fragment>();
  return fragments.filter((fragment) => {
    const earlier = seen.get(fragment.text);
    seen.set(fragment.text, fragment);
    if (!earlier) return true;
    const reach = fragment.size * 0.3;
    return Math.abs(earlier.left - fragment.left) > reach || Math.abs(earlier.baseline - fragment.baseline) > reach;
  });
}
