// Running heads, feet and page numbers are found by what the pages of a document have in common.
import { groupRows, joinRow } from './build-lines.ts';
import type { Fragment } from './fragment.ts';

/** A page, as far as this needs it. */
export interface PageFragments {
  height: number;
  fragments: Fragment[];
  /** What runs in other directions. */
  others?: { fragments: Fragment[] }[];
}

/** Rows looked at from either end of a page, and the share of the height that they may lie in. */
const EDGE_ROWS = 3;
const EDGE_SHARE = 0.2;
/** A line is furniture when it repeats on so many pages, and so large a share of the pages around. */
const MINIMUM_PAGES = 3;
const MINIMUM_SHARE = 0.25;
const WINDOW = 10;
/** Heights are the same within this share of the page's. */
const HEIGHT_STEP = 0.02;

/** Share of the page's height that the letters of a watermark in the text's direction have at least, and of the pages that have it. */
const WATERMARK_SIZE = 0.03;
const WATERMARK_SHARE = 0.5;

const ROMAN = /^[ivxlcdm]{1,8}$/;

interface EdgeRow {
  page: number;
  row: Fragment[];
  text: string;
  /** Height on the page, in steps. */
  step: number;
}

/**
 * Takes furniture out of the pages of a document: lines at the top or bottom that repeat (digits may differ) on ≥ 3 pages and ≥ 25 %
 * of the pages around at the same height, and numbers that count with the pages.
 *
 * @returns per page, the lines that were taken out
 */
export function removeRunningHeads(pages: PageFragments[]): string[][] {
  const edges = pages.flatMap((page, index) => edgeRows(page, index));
  const furniture = [...repeatedRows(edges, pages.length), ...pageNumbers(edges, pages.length)];
  const removed: string[][] = pages.map(() => []);
  const doomed = new Set<Fragment>();
  for (const { page, row, text } of [...new Set(furniture)].sort((a, b) => b.row.length - a.row.length)) {
    if (row.every((fragment) => doomed.has(fragment))) continue;
    for (const fragment of row) doomed.add(fragment);
    removed[page].push(text);
  }
  for (const { page, fragment } of findWatermarks(pages)) {
    if (!doomed.has(fragment)) removed[page].push(fragment.text);
    doomed.add(fragment);
  }
  for (const page of pages) {
    for (const group of [page, ...(page.others ?? [])]) {
      group.fragments = group.fragments.filter((fragment) => !doomed.has(fragment));
    }
  }
  return removed;
}

function edgeRows({ height, fragments }: PageFragments, page: number): EdgeRow[] {
  const share = height * EDGE_SHARE;
  const outer = fragments.filter(({ top, bottom }) => bottom < share || top > height - share);
  const rows = groupRows(outer);
  const inTop = rows.filter((row) => row[0].bottom < share).slice(0, EDGE_ROWS);
  const inBottom = rows.filter((row) => row[0].top > height - share).slice(-EDGE_ROWS);
  // Two pages on one: each has its own head and number.
  const parts = [...inTop, ...inBottom].flatMap((row) =>
    row.length > 1 ? [row, ...row.map((part) => [part])] : [row],
  );
  return parts.map((row) => {
    const { text, baseline } = joinRow(row);
    return { page, row, text, step: Math.round(baseline / (height * HEIGHT_STEP)) };
  });
}

/** What must be the same from page to page: digits and case may differ, and numbers may be Roman. */
function shape(text: string): string {
  const words = text.toLowerCase().split(/\s+/);
  return words.map((word) => (ROMAN.test(word) ? '0' : word.replace(/\p{Nd}+/gu, '0'))).join('');
}

/** Rows of one shape at one height on enough of the pages around. Heights may fall to either side of a step. */
function repeatedRows(edges: EdgeRow[], pageCount: number): EdgeRow[] {
  const groups = new Map<string, EdgeRow[]>();
  for (const edge of edges) {
    for (const step of [edge.step, edge.step + 1]) {
      const key = `${step} ${shape(edge.text)}`;
      const group = groups.get(key);
      if (group) group.push(edge);
      else groups.set(key, [edge]);
    }
  }
  return [...groups.values()].flatMap((group) => group.filter((edge) => isCommon(edge, group, pageCount)));
}

/** `group` is sorted by page. */
function isCommon({ page }: EdgeRow, group: EdgeRow[], pageCount: number): boolean {
  if (group.length < MINIMUM_PAGES) return false;
  const around = lowerBound(group, page + WINDOW + 1) - lowerBound(group, page - WINDOW);
  const window = Math.min(pageCount, page + WINDOW + 1) - Math.max(0, page - WINDOW);
  return around >= MINIMUM_PAGES && around >= window * MINIMUM_SHARE;
}

/** Index of the first entry on `page` or later. */
function lowerBound(group: EdgeRow[], page: number): number {
  let [from, to] = [0, group.length];
  while (from < to) {
    const centre = (from + to) >> 1;
    if (group[centre].page < page) from = centre + 1;
    else to = centre;
  }
  return from;
}

/** Lines that are a number, with little around it, that counts with the pages, or in twos, on most of them, or on both of two. */
function pageNumbers(edges: EdgeRow[], pageCount: number): EdgeRow[] {
  const groups = new Map<string, EdgeRow[]>();
  for (const edge of edges) {
    const number = /^(?:\p{L}{1,8}\.? ?)?[-–—[( ]*(\d{1,5})[-–—\]) ]*(?:(?:\/|\p{L}{1,4}) ?\d{1,5})?$/u.exec(edge.text);
    if (!number) continue;
    for (const pagesEach of [1, 2]) {
      const key = `${pagesEach} ${Number(number[1]) - pagesEach * edge.page}`;
      const group = groups.get(key);
      if (group) group.push(edge);
      else groups.set(key, [edge]);
    }
  }
  const enough = Math.max(2, Math.min(MINIMUM_PAGES, pageCount));
  return [...groups.values()].filter((group) => new Set(group.map(({ page }) => page)).size >= enough).flat();
}

/** Large or turned text that stands at one place on most pages: a watermark, or a note of where the file was got. */
function findWatermarks(pages: PageFragments[]): { page: number; fragment: Fragment }[] {
  const groups = new Map<string, { page: number; fragment: Fragment }[]>();
  for (const [page, { height, fragments, others = [] }] of pages.entries()) {
    const large = fragments.filter(({ size }) => size > height * WATERMARK_SIZE);
    for (const fragment of [...large, ...others.flatMap((group) => group.fragments)]) {
      const key = `${Math.round(fragment.left / (height * HEIGHT_STEP))} ${shape(fragment.text)}`;
      const group = groups.get(key);
      if (group) group.push({ page, fragment });
      else groups.set(key, [{ page, fragment }]);
    }
  }
  return [...groups.values()].filter((group) => isOnMostPages(group, pages.length)).flat();
}

function isOnMostPages(group: { page: number }[], pageCount: number): boolean {
  const count = new Set(group.map(({ page }) => page)).size;
  return count >= MINIMUM_PAGES && count >= pageCount * WATERMARK_SHARE;
}
