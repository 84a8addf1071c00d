// Running heads, feet and page numbers are found by what the pages of a document have in common.
import { groupRows, joinRow } from './build-lines.ts';
import type { Fragment } from './fragment.ts';
import { mergeRules } from './rule.ts';
import type { Rule } from './rule.ts';

/** A page, as far as this needs it. */
export interface PageFragments {
  height: number;
  fragments: Fragment[];
  /** Straight lines drawn on the page. */
  rules?: Rule[];
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

/** So many vertical rules beside each other are those of a table. */
const TABLE_RULES = 3;

/** Rows of more texts are not those of heads. */
const MAXIMUM_PARTS = 4;

/** So many pages, and so large a share, have a head at one height before others there are taken for heads; their length. */
const MINIMUM_IN_PLACE = 6;
const IN_PLACE_SHARE = 0.4;
const MAXIMUM_IN_PLACE = 120;

/** A page's number that says it is one: "Page 7", "Seite 7 von 12" in the languages of many documents. */
const PAGE_LINE =
  /^[-–—[( ]*(?:page|pg|p[àá]gin[ae]s?|seite|side|sida|sivu|str(?:ona|ana|\.)|oldal|sayfa|halaman|trang|σελίδα|страница|сторінка|стр|صفحة|صفحه|الصفحة|עמוד)\.? ?\d{1,5}(?: ?(?:\/|\p{L}{1,4}) ?\d{1,5})?[-–—\]) ]*$/iu;

const ROMAN = /^[ivxlcdm]{1,8}$/;

interface EdgeRow {
  page: number;
  row: Fragment[];
  text: string;
  /** The first line of its page, or the last. */
  outermost: boolean;
  /** One of several texts of its row. */
  part: boolean;
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
  const sure = [...repeatedRows(edges, pages.length), ...pageNumbers(edges, pages.length)];
  const furniture = [...sure, ...rowsInPlace(edges, sure, pages.length)];
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

function edgeRows({ height, fragments, rules = [] }: PageFragments, page: number): EdgeRow[] {
  const verticals = mergeRules(rules.filter(({ horizontal }) => !horizontal));
  const share = height * EDGE_SHARE;
  const outer = fragments.filter(({ top, bottom }) => bottom < share || top > height - share);
  const rows = groupRows(outer).filter((row) => !isInTable(row[0], verticals));
  const inTop = rows.filter((row) => row[0].bottom < share).slice(0, EDGE_ROWS);
  const inBottom = rows.filter((row) => row[0].top > height - share).slice(-EDGE_ROWS);
  // Two pages on one: each has its own head and number.
  const edges: EdgeRow[] = [];
  for (const row of [...inTop, ...inBottom]) {
    const outermost = row === inTop[0] || row === inBottom.at(-1);
    edges.push({ ...edgeRow(row, page, height, false), outermost });
    if (row.length === 1 || row.length > MAXIMUM_PARTS) continue;
    for (const part of row) edges.push(edgeRow([part], page, height, true));
  }
  return edges;
}

function edgeRow(row: Fragment[], page: number, height: number, part: boolean): EdgeRow {
  const { text, baseline } = joinRow(row);
  return { page, row, text, part, outermost: false, step: Math.round(baseline / (height * HEIGHT_STEP)) };
}

/** Whether so many vertical rules stand at the height of a row that it is part of a table. */
function isInTable({ baseline, size }: Fragment, verticals: Rule[]): boolean {
  const height = baseline - size / 4;
  return verticals.filter(({ from, to }) => from < height && to > height).length >= TABLE_RULES;
}

/** What must be the same from page to page: digits and case may differ, and numbers may be Roman. */
function shape(text: string): string {
  const words = text.toLowerCase().split(/\s+/);
  return words.map((word) => (ROMAN.test(word) ? '0' : word.replace(/\p{Nd}+/gu, '0'))).join('');
}

/** Rows of one shape at one height on enough of the pages around. Heights may fall to either side of a step. */
function repeatedRows(edges: EdgeRow[], pageCount: number): EdgeRow[] {
  const groups = new Map<string, EdgeRow[]>();
  // Numbers beside others may be cells of a table; those that count with the pages are found otherwise.
  for (const edge of edges.filter(({ text, part, row }) => /\p{L}{2}/u.test(text) || (!part && row.length === 1))) {
    for (const step of [edge.step, edge.step + 1]) {
      const key = `${step} ${shape(edge.text)}`;
      const group = groups.get(key);
      if (group) group.push(edge);
      else groups.set(key, [edge]);
    }
  }
  return [...groups.values()].flatMap((group) => {
    const pages = [...new Set(group.map(({ page }) => page))];
    return pages.length < MINIMUM_PAGES ? [] : group.filter(({ page }) => isCommon(page, pages, pageCount));
  });
}

/** Whether enough of the pages around have what `pages` have; sorted. */
function isCommon(page: number, pages: number[], pageCount: number): boolean {
  const around = lowerBound(pages, page + WINDOW + 1) - lowerBound(pages, page - WINDOW);
  const window = Math.min(pageCount, page + WINDOW + 1) - Math.max(0, page - WINDOW);
  return around >= MINIMUM_PAGES && around >= window * MINIMUM_SHARE;
}

/** Index of the first entry that is `page` or later. */
function lowerBound(pages: number[], page: number): number {
  let [from, to] = [0, pages.length];
  while (from < to) {
    const centre = (from + to) >> 1;
    if (pages[centre] < page) from = centre + 1;
    else to = centre;
  }
  return from;
}

/** Outermost lines where most pages have their head or foot: those that name a section come on one page only. */
function rowsInPlace(edges: EdgeRow[], sure: EdgeRow[], pageCount: number): EdgeRow[] {
  const pagesAt = new Map<number, Set<number>>();
  for (const { step, page } of sure) pagesAt.set(step, (pagesAt.get(step) ?? new Set()).add(page));
  const enough = Math.max(MINIMUM_IN_PLACE, pageCount * IN_PLACE_SHARE);
  const sizes = new Map(sure.map(({ step, row }) => [step, row[0].size]));
  return edges.filter(({ step, row, text, outermost }) => {
    if (!outermost || text.length > MAXIMUM_IN_PLACE || (pagesAt.get(step)?.size ?? 0) < enough) return false;
    return Math.abs(row[0].size - sizes.get(step)!) < row[0].size * 0.08;
  });
}

/** Lines that are a number, with little around it, that counts with the pages, or in twos, on most of them, or on both of two; or says itself what it is. */
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
  const counting = [...groups.values()].filter((group) => new Set(group.map(({ page }) => page)).size >= enough).flat();
  return [...counting, ...edges.filter(({ outermost, text }) => outermost && PAGE_LINE.test(text))];
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
