import type { ListItem } from './block.ts';

const BULLET = /^([•◦‣▪●○■□➢➤✓❖]) */u;
const DASH = /^([·–—*-]) +(?=\S)/u;
const ORDERED = /^(\(?(\d{1,3}|[a-zA-Z]|[ivx]{1,5}|[IVX]{1,5})[.)]) +(?=\S)/u;
/** Indents nearer than this, in points, are one depth. */
const SAME_INDENT = 4;
/** How many paragraphs away the next item of a list may be. */
const REACH = 3;
const LEVELS = 6;

/** What marks a paragraph as an item of a list. */
export interface ListMark {
  marker: string;
  ordered: boolean;
  /** The text without the mark. */
  text: string;
  /** A bullet needs no other item beside it. */
  sure: boolean;
}

/** The mark at the beginning of a text, if there is one. */
export function readListMark(text: string): ListMark | undefined {
  const bullet = BULLET.exec(text);
  if (bullet) return { marker: bullet[1], ordered: false, text: text.slice(bullet[0].length), sure: true };
  const dash = DASH.exec(text);
  if (dash) return { marker: dash[1], ordered: false, text: text.slice(dash[0].length), sure: false };
  const ordered = ORDERED.exec(text);
  if (!ordered) return undefined;
  return { marker: ordered[1], ordered: true, text: text.slice(ordered[0].length), sure: false };
}

/** Whether another mark near by confirms one: the same sign, or the next or previous number. */
export function isConfirmed(marks: (ListMark | undefined)[], index: number): boolean {
  const mark = marks[index];
  if (!mark || mark.text === '') return false;
  if (mark.sure) return true;
  for (let distance = 1; distance <= REACH; distance++) {
    if (isNeighbour(mark, marks[index + distance]) || isNeighbour(marks[index - distance], mark)) return true;
  }
  return false;
}

/** Whether `next` follows `mark` in a list. */
function isNeighbour(mark: ListMark | undefined, next: ListMark | undefined): boolean {
  if (!mark || !next || mark.ordered !== next.ordered) return false;
  if (!mark.ordered) return mark.marker === next.marker;
  const [a, b] = [mark.marker, next.marker].map((marker) => marker.replace(/[().]/g, ''));
  if (shape(mark.marker) !== shape(next.marker)) return false;
  return counts(a).some((count) => counts(b).includes(count + 1));
}

function shape(marker: string): string {
  return marker
    .replace(/\d+/, '0')
    .replace(/[a-z]+/, 'a')
    .replace(/[A-Z]+/, 'A');
}

/** What a mark may count: `i` is 1 or 9. */
function counts(mark: string): number[] {
  if (/^\d+$/.test(mark)) return [Number(mark)];
  const roman = fromRoman(mark.toLowerCase());
  const letter = mark.length === 1 ? [mark.toLowerCase().charCodeAt(0) - 96] : [];
  return roman > 0 ? [roman, ...letter] : letter;
}

const ROMAN: Record<string, number> = { i: 1, v: 5, x: 10 };

function fromRoman(text: string): number {
  const values = [...text].map((letter) => ROMAN[letter] ?? NaN);
  const sum = values.reduce((total, value, index) => total + (value < (values[index + 1] ?? 0) ? -value : value), 0);
  return Number.isNaN(sum) ? 0 : sum;
}

/** Depths of the items of a list by how far they are indented. */
export class ListLevels {
  #indents: number[] = [];

  /** Depth of the next item, from 0. */
  next(left: number): number {
    while (this.#indents.length > 0 && left < this.#indents.at(-1)! - SAME_INDENT) this.#indents.pop();
    const last = this.#indents.at(-1);
    if (last === undefined || left > last + SAME_INDENT) this.#indents.push(left);
    return Math.min(LEVELS, this.#indents.length - 1);
  }
}

/** Items as lines of text, with their markers. */
export function listText(items: ListItem[]): string {
  return items.map(({ marker, text, level }) => `${'  '.repeat(level)}${marker} ${text}`).join('\n');
}
