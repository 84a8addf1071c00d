import { changesDirection, isLeftward } from './right-to-left.ts';
import { markFootnote } from './footnote-marks.ts';
import type { Fragment, Line } from './fragment.ts';
import { median } from './fragment.ts';

/** Share of the lower of two fragments that must lie beside the other for them to be on one line. */
const BESIDE = 0.5;
/** Lines that a fragment may still join: superscripts and subscripts make them overlap. */
const OPEN_LINES = 3;
/** In ems. */
const SPACE_GAP = 0.15;
const HINTED_SPACE_GAP = 0.05;

/** Footnote marks are smaller than the line, and raised by this share of its em. */
const RAISED_SIZE = 0.85;
const RAISE = 0.15;
const FOOTNOTE_MARK = /^(?:\d{1,3}|[*†‡§¶]{1,4}|[a-z])$/;
/** What stands before an item of a list, with a gap after it that is no column's. */
const LIST_MARK = /^(?:[•◦‣▪●○■□·–—*-]|[\uE000-\uF8FF]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)])$/;
const MARK_GAP = 4;

/** Fragments of one column → lines, top to bottom. Raised numbers and signs are marked in their text: they may point to footnotes. */
export function buildLines(fragments: Fragment[]): Line[] {
  return groupRows(fragments).map((row) => joinRow(row, true));
}

/** Groups fragments that stand beside each other, top to bottom. */
export function groupRows(fragments: Fragment[]): Fragment[][] {
  const rows: { top: number; bottom: number; fragments: Fragment[] }[] = [];
  for (const fragment of [...fragments].sort((a, b) => middle(a) - middle(b) || a.left - b.left)) {
    const row = rows.slice(-OPEN_LINES).find((open) => isBeside(open, fragment));
    if (row) {
      row.fragments.push(fragment);
      row.top = Math.min(row.top, fragment.top);
      row.bottom = Math.max(row.bottom, fragment.bottom);
    } else {
      rows.push({ top: fragment.top, bottom: fragment.bottom, fragments: [fragment] });
    }
  }
  return rows.map((row) => row.fragments);
}

function middle({ top, bottom }: { top: number; bottom: number }): number {
  return (top + bottom) / 2;
}

/** Whether two vertical extents share most of the lower one. */
export function isBeside(a: { top: number; bottom: number }, b: { top: number; bottom: number }): boolean {
  const shared = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return shared > BESIDE * Math.min(a.bottom - a.top, b.bottom - b.top);
}

/**
 * One line of the fragments of a row, in reading order.
 *
 * @param marked whether raised numbers and signs are marked in the text
 */
export function joinRow(row: Fragment[], marked = false): Line {
  const ordered = inReadingOrder(row);
  const main = ordered.reduce((a, b) => (b.text.length > a.text.length ? b : a));
  const textOf = (part: Fragment): string => (marked && isRaised(part, main) ? markFootnote(part.text) : part.text);
  let text = textOf(ordered[0]);
  let gap = 0;
  for (let index = 1; index < ordered.length; index++) {
    const [before, after] = [ordered[index - 1], ordered[index]];
    const distance = Math.max(after.left - before.right, before.left - after.right);
    if (index > 1 || !LIST_MARK.test(before.text) || distance > MARK_GAP * before.size) gap = Math.max(gap, distance);
    const space = (after.afterSpace ? HINTED_SPACE_GAP : SPACE_GAP) * Math.min(before.size, after.size);
    const isSpaced = distance > space || changesDirection(text.at(-1)!, after.text[0]);
    text += (isSpaced ? ' ' : '') + textOf(after);
  }
  return {
    text,
    left: Math.min(...ordered.map(({ left }) => left)),
    right: Math.max(...ordered.map(({ right }) => right)),
    top: Math.min(...ordered.map(({ top }) => top)),
    bottom: Math.max(...ordered.map(({ bottom }) => bottom)),
    baseline: main.baseline,
    size: median(ordered.flatMap(({ size, text: part }) => (part.length > main.text.length / 4 ? [size] : []))),
    bold: ordered.every(({ bold }) => bold),
    light: ordered.every((part) => part.light ?? !part.bold),
    hidden: main.hidden,
    mono: ordered.every(({ mono }) => mono),
    math: ordered.reduce((sum, { math = 0 }) => sum + math, 0),
    headingLevel: main.headingLevel,
    gap,
    parts: ordered,
  };
}

/** Whether a fragment is a small number or sign above the baseline of the line's main one. */
function isRaised({ text, size, baseline }: Fragment, main: Fragment): boolean {
  return size < main.size * RAISED_SIZE && baseline < main.baseline - main.size * RAISE && FOOTNOTE_MARK.test(text);
}

function inReadingOrder(row: Fragment[]): Fragment[] {
  if (row.length === 1) return row;
  const leftward = isLeftward(row.map((fragment) => fragment.text).join(''));
  return [...row].sort((a, b) => (leftward ? b.right - a.right : a.left - b.left));
}
