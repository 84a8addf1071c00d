import type { Fragment, Line } from './fragment.ts';
import { median } from './fragment.ts';

/** Share of the lower of two fragments that must lie beside the other for them to be on one line. */
const BESIDE = 0.5;
/** Lines that a fragment may still join: superscripts and subscripts make them overlap. */
const OPEN_LINES = 3;
/** In ems. */
const SPACE_GAP = 0.15;

const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/gu;
const LETTER = /\p{L}/gu;

/** Fragments of one column → lines, top to bottom. */
export function buildLines(fragments: Fragment[]): Line[] {
  return groupRows(fragments).map(joinRow);
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

/** One line of the fragments of a row, in reading order. */
export function joinRow(row: Fragment[]): Line {
  const ordered = inReadingOrder(row);
  const main = ordered.reduce((a, b) => (b.text.length > a.text.length ? b : a));
  let { text } = ordered[0];
  let gap = 0;
  for (let index = 1; index < ordered.length; index++) {
    const [before, after] = [ordered[index - 1], ordered[index]];
    const distance = Math.max(after.left - before.right, before.left - after.right);
    gap = Math.max(gap, distance);
    text += (distance > SPACE_GAP * Math.min(before.size, after.size) ? ' ' : '') + after.text;
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
    hidden: main.hidden,
    gap,
  };
}

function inReadingOrder(row: Fragment[]): Fragment[] {
  if (row.length === 1) return row;
  const text = row.map((fragment) => fragment.text).join('');
  const leftward = (text.match(RIGHT_TO_LEFT) ?? []).length > (text.match(LETTER) ?? []).length / 2;
  return [...row].sort((a, b) => (leftward ? b.right - a.right : a.left - b.left));
}
