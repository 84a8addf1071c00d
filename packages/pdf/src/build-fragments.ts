import type { Character } from './character.ts';
import type { Fragment } from './fragment.ts';

/** Distances in ems. A gap this wide may separate columns. */
const COLUMN_GAP = 0.9;
/** A gap this wide is a space, and half of it when PDFium thinks so, too. */
const SPACE_GAP = 0.25;
const HINTED_SPACE_GAP = 0.08;
/** Glyphs nearer to the line than this are on it; superscripts are not. */
const BASELINE_TOLERANCE = 0.15;
/** How far back the next glyph may begin: kerning, accents. */
const OVERLAP = 1;

/**
 * Glyphs in the order of the file → fragments. The same words drawn again at the same place (fake bold, shadows) are taken once.
 */
export function buildFragments(characters: Character[]): Fragment[] {
  const fragments: Fragment[] = [];
  let current: Fragment | undefined;
  let last: Character | undefined;
  for (const character of characters) {
    if (last && isRepeated(last, character)) continue;
    if (current && last && continues(current, last, character)) extend(current, last, character);
    else fragments.push((current = startFragment(character)));
    last = character;
  }
  return withoutCopies(fragments);
}

/** Glyphs that run at a slant → one fragment, in the order of the file: their boxes are upright and say little about gaps. */
export function joinSlanted(characters: Character[]): Fragment[] {
  if (characters.length === 0) return [];
  const fragment = startFragment(characters[0]);
  const texts = characters.map(({ text, afterSpace }) => (afterSpace ? ` ${text}` : text));
  return [{ ...fragment, text: texts.join('').trim() }];
}

function startFragment({ text, left, right, top, bottom, baseline, size, bold, hidden }: Character): Fragment {
  return { text, left, right, top, bottom, baseline, size, bold, hidden };
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

function isRepeated(a: Character, b: Character): boolean {
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

function extend(current: Fragment, last: Character, next: Character): void {
  const gap = gapBetween(last, next);
  const em = Math.min(last.size, next.size);
  if (gap > em * (next.afterSpace ? HINTED_SPACE_GAP : SPACE_GAP)) current.text += ' ';
  if (isSwappedLamAlef(last, next)) current.text = `${current.text.slice(0, -1)}${next.text}${last.text}`;
  else current.text += next.text;
  current.left = Math.min(current.left, next.left);
  current.right = Math.max(current.right, next.right);
  current.top = Math.min(current.top, next.top);
  current.bottom = Math.max(current.bottom, next.bottom);
  current.size = Math.max(current.size, next.size);
  current.bold &&= next.bold;
}

/** The ligature lam-alef is one glyph of two letters, which PDFium turns round with the glyphs of the line. */
function isSwappedLamAlef(last: Character, next: Character): boolean {
  return (
    /^[\u0622\u0623\u0625\u0627]$/.test(last.text) &&
    next.text === '\u0644' &&
    last.left === next.left &&
    last.right === next.right
  );
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
