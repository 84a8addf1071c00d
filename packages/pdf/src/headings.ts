import type { Paragraph } from './build-paragraphs.ts';
import { median } from './fragment.ts';
import type { OutlineEntry } from './read-outline.ts';

/** A heading is larger than the body by this factor, or bold and not smaller. */
const LARGER = 1.12;
const NOT_SMALLER = 0.95;
const MAXIMUM_LINES = 3;
const MAXIMUM_CHARACTERS = 200;
const CAPITALS_CHARACTERS = 80;
const LEVELS = 6;
const NUMBERED = /^(?:\d{1,2}(?:\.\d{1,2}){0,4}\.?|[A-Z](?:\.\d{1,2}){1,4}\.?|[IVX]{1,5}\.) +\p{L}/u;

/** The running text of a document. */
export interface BodyStyle {
  /** Points. */
  size: number;
  bold: boolean;
}

/** Size and weight of most of a document's characters; sizes are told apart by half a point. */
export function bodyStyle(paragraphs: Paragraph[]): BodyStyle {
  const sizes = new Map<number, number>();
  let [bold, all] = [0, 0];
  for (const { size, text, bold: isBold } of paragraphs.flatMap(({ lines }) => lines)) {
    const step = Math.round(size * 2) / 2;
    sizes.set(step, (sizes.get(step) ?? 0) + text.length);
    all += text.length;
    if (isBold) bold += text.length;
  }
  const [size] = [...sizes].reduce((most, entry) => (entry[1] > most[1] ? entry : most), [0, 0]);
  return { size, bold: bold > all / 2 };
}

/** Titles of a document's outline, to be looked up by what is printed on a page. */
export class OutlineTitles {
  readonly #entries = new Map<string, OutlineEntry[]>();

  constructor(outline: OutlineEntry[]) {
    for (const entry of outline) {
      const key = titleKey(entry.title);
      if (key !== '') this.#entries.set(key, [...(this.#entries.get(key) ?? []), entry]);
    }
  }

  /** Depth of the title that a text is, when it stands on its page or next to it; from 1. */
  level(text: string, page: number): number | undefined {
    const key = titleKey(text);
    const entries = this.#entries.get(key) ?? this.#entries.get(titleKey(text.replace(/^\P{L}+/u, '')));
    return entries?.find((entry) => entry.page === undefined || Math.abs(entry.page - page) <= 1)?.level;
  }
}

function titleKey(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}]+/gu, '');
}

/** Size of a paragraph's lines, to half a point. */
export function paragraphSize({ lines }: Paragraph): number {
  return Math.round(median(lines.map(({ size }) => size)) * 2) / 2;
}

/** Whether a paragraph stands out like a heading: by its size, its weight, or its capitals. */
export function looksLikeHeading({ lines, kind, main }: Paragraph, text: string, body: BodyStyle): boolean {
  if (!isHeadingText(text) || kind !== 'text' || !main || lines.length > MAXIMUM_LINES) return false;
  const size = paragraphSize({ lines } as Paragraph);
  if (size > body.size * LARGER) return !/[,;]$/.test(text);
  if (size < body.size * NOT_SMALLER || /[.,;:]$/.test(text)) return false;
  if (!body.bold && lines.every(({ bold }) => bold)) return true;
  return lines.length === 1 && text.length <= CAPITALS_CHARACTERS && isCapitals(text);
}

/** Whether a text could be a title at all. */
export function isHeadingText(text: string): boolean {
  return text.length <= MAXIMUM_CHARACTERS && /\p{L}{2}|\p{Lo}/u.test(text) && !/^[•◦‣▪●○■□]/u.test(text);
}

function isCapitals(text: string): boolean {
  return (text.match(/\p{Lu}/gu)?.length ?? 0) >= 6 && !/\p{Ll}/u.test(text) && /\p{Lu}{3}/u.test(text);
}

/** A heading before its rank is known. */
export interface Heading {
  text: string;
  size: number;
  bold: boolean;
  /** Its rank in the structure tree, or its depth in the outline, from 1. */
  knownLevel?: number;
}

/**
 * Ranks of headings, 1 to 6: as the structure tree or the outline says; else the usual depth of headings of that style there, or of their numbers;
 * else the place of their style among the document's, larger before smaller.
 */
export function rankHeadings(headings: Heading[]): number[] {
  const styles = new Map<string, Heading[]>();
  for (const heading of headings) {
    const key = styleKey(heading);
    styles.set(key, [...(styles.get(key) ?? []), heading]);
  }
  const order = [...styles.keys()].sort((a, b) => compareStyles(styles.get(a)![0], styles.get(b)![0]));
  const ranks = new Map<string, number>();
  let rank = 0;
  for (const key of order) {
    const known = usualLevel(styles.get(key)!);
    rank = known ?? rank + 1;
    ranks.set(key, rank);
  }
  return headings.map((heading) => Math.min(LEVELS, heading.knownLevel ?? ranks.get(styleKey(heading))!));
}

function styleKey(heading: Heading): string {
  return `${heading.size} ${heading.bold} ${isCapitals(heading.text)} ${Math.max(1, numberDepth(heading.text))}`;
}

function compareStyles(a: Heading, b: Heading): number {
  return b.size - a.size || numberDepth(a.text) - numberDepth(b.text) || Number(b.bold) - Number(a.bold);
}

/** How many numbers a title begins with: 2 of `3.1 Boilers`. */
function numberDepth(text: string): number {
  const match = NUMBERED.exec(text);
  return match ? match[0].replace(/\.? +\p{L}$/u, '').split('.').length : 0;
}

function usualLevel(headings: Heading[]): number | undefined {
  const levels = headings.flatMap(({ knownLevel }) => (knownLevel === undefined ? [] : [knownLevel]));
  return levels.length > 0 ? median(levels) : undefined;
}
