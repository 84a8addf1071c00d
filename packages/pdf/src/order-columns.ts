// Reading order by recursive XY-cut with masked full-width elements (Nagy & Seth 1984; XY-Cut++, arXiv 2504.10258).
// All distances are in ems of the region's text, so that the cut does not depend on the page's scale.
import { groupRows, isBeside } from './build-lines.ts';
import type { Fragment } from './fragment.ts';
import { median } from './fragment.ts';

/** Narrower white space does not separate columns. */
const GUTTER = 0.7;
/** Narrower text beside other text is a table, a list or a form: read by row, not by column. */
const COLUMN_WIDTH = 7;
/** Rows that must stand side by side before they count as columns. */
const COLUMN_ROWS = 3;
/** Rows of cells share their baselines, within this many ems, in this share of cases. */
const ALIGNED = 0.15;
const ALIGNED_SHARE = 0.8;
/** Running text has several words in so many of its rows, and fills the width in so many. */
const RUNNING = 0.6;
const FULL = 0.4;
/** White over both sides, in ems, that may part a table from columns. */
const PART_GAP = 0.8;
const BIN = 0.1;
const MAXIMUM_BINS = 2000;
/** White strips tried: a table has as many as columns. */
const CANDIDATES = 20;
/** Enough for any page that a person laid out. */
const MAXIMUM_DEPTH = 12;

interface Gutter {
  left: number;
  right: number;
}

/** Fragments of a page → columns in reading order. What cannot be cut comes as one region. */
export function orderColumns(fragments: Fragment[], depth = 0): Fragment[][] {
  const em = median(fragments.map(({ size }) => size));
  if (fragments.length < 2 * COLUMN_ROWS || depth === MAXIMUM_DEPTH) return fragments.length === 0 ? [] : [fragments];
  for (const gutter of findGutters(fragments, em)) {
    const zones = cutZones(fragments, gutter, em);
    if (zones.some(({ columns }) => columns)) {
      return zones.flatMap((zone) => orderZone(zone, gutter, depth + 1));
    }
  }
  return orderParts(splitAtGaps(fragments, em), depth);
}

/** What cannot be cut as a whole: tables of other columns may stand over columns of text. Parts without these stay together. */
function orderParts(parts: Fragment[][], depth: number): Fragment[][] {
  if (parts.length === 1) return parts;
  const regions: Fragment[][] = [];
  let together: Fragment[] = [];
  for (const part of parts) {
    const columns = orderColumns(part, depth + 1);
    if (columns.length > 1 && columns.filter(isRunningText).length > 1) {
      if (together.length > 0) regions.push(together);
      regions.push(...columns);
      together = [];
    } else together.push(...part);
  }
  if (together.length > 0) regions.push(together);
  return regions;
}

/** Rows of several words that mostly fill the width, without the gaps of table heads. */
function isRunningText(fragments: Fragment[]): boolean {
  const rows = groupRows(fragments);
  const { words, full } = describeSide(rows.map(extent));
  const unbroken = rows.filter(({ length }) => length === 1).length;
  return words >= RUNNING && full >= FULL && unbroken >= RUNNING * rows.length;
}

interface Zone {
  columns: boolean;
  fragments: Fragment[];
}

function orderZone({ columns, fragments }: Zone, gutter: Gutter, depth: number): Fragment[][] {
  if (!columns) return orderColumns(fragments, depth);
  return sides(fragments, gutter).flatMap((side) => orderColumns(side, depth));
}

function sides(fragments: Fragment[], gutter: Gutter): [Fragment[], Fragment[]] {
  const centre = (gutter.left + gutter.right) / 2;
  return [
    fragments.filter(({ left, right }) => (left + right) / 2 < centre),
    fragments.filter(({ left, right }) => (left + right) / 2 >= centre),
  ];
}

/** Vertical strips that fewer fragments cross than their surroundings, the least crossed and widest first. */
function findGutters(fragments: Fragment[], em: number): Gutter[] {
  const start = Math.min(...extremes(fragments, 'left'));
  const end = Math.max(...extremes(fragments, 'right'));
  const bins = Math.min(MAXIMUM_BINS, Math.ceil((end - start) / (em * BIN)));
  if (!(bins > 0)) return [];
  const width = (end - start) / bins;
  const cover = coverage(fragments, start, width, bins);
  const found: (Gutter & { cover: number })[] = [];
  for (let from = 0; from < bins;) {
    let to = from + 1;
    while (to < bins && cover[to] === cover[from]) to++;
    const isValley = from > 0 && to < bins && cover[from - 1] > cover[from] && cover[to] > cover[from];
    if (isValley && (to - from) * width >= em * GUTTER) {
      found.push({ left: start + from * width, right: start + to * width, cover: cover[from] });
    }
    from = to;
  }
  return found.sort((a, b) => a.cover - b.cover || b.right - b.left - (a.right - a.left)).slice(0, CANDIDATES);
}

/** Values of one edge, as few as needed for its extreme (spreading a long array is costly). */
function extremes(fragments: Fragment[], edge: 'left' | 'right'): [number, number] {
  let [lowest, highest] = [Infinity, -Infinity];
  for (const fragment of fragments) {
    lowest = Math.min(lowest, fragment[edge]);
    highest = Math.max(highest, fragment[edge]);
  }
  return [lowest, highest];
}

/** How many fragments cover each bin, by summing where they begin and end. */
function coverage(fragments: Fragment[], start: number, width: number, bins: number): Int32Array {
  const change = new Int32Array(bins + 1);
  for (const { left, right } of fragments) {
    change[Math.max(0, Math.floor((left - start) / width))]++;
    change[Math.min(bins, Math.ceil((right - start) / width))]--;
  }
  for (let bin = 1; bin < bins; bin++) change[bin] += change[bin - 1];
  return change;
}

/** Cuts a region at the elements that cross the gutter: zones of columns and zones of full width, top to bottom. */
function cutZones(fragments: Fragment[], gutter: Gutter, em: number): Zone[] {
  const zones: Zone[] = [];
  for (const band of bands(fragments, gutter)) {
    const parts = band.crossed ? [{ columns: false, fragments: band.fragments }] : partBand(band.fragments, gutter, em);
    for (const { columns, fragments: own } of parts) {
      const previous = zones.at(-1);
      if (previous?.columns === columns) previous.fragments.push(...own);
      else zones.push({ columns, fragments: own });
    }
  }
  return zones;
}

/** Parts what does not cross the gutter, where there are tables over both sides as well as columns. */
function partBand(fragments: Fragment[], gutter: Gutter, em: number): Zone[] {
  const parts = splitAtGaps(fragments, em);
  const areCellRows = parts.map((part) => parts.length > 1 && isTablePart(part, gutter, em));
  if (!areCellRows.includes(true)) return [{ columns: areColumns(fragments, gutter, em), fragments }];
  const zones: Zone[] = [];
  for (const [index, part] of parts.entries()) {
    const previous = zones.at(-1);
    if (previous && areCellRows[index] === areCellRows[index - 1]) previous.fragments.push(...part);
    else zones.push({ columns: false, fragments: [...part] });
  }
  let at = 0;
  for (const zone of zones) {
    const isTable = areCellRows[at];
    while (at < parts.length && areCellRows[at] === isTable) at++;
    zone.columns = !isTable && areColumns(zone.fragments, gutter, em);
  }
  return zones;
}

function isTablePart(fragments: Fragment[], gutter: Gutter, em: number): boolean {
  const [left, right] = sides(fragments, gutter).map((side) => groupRows(side).map(extent));
  return Math.min(left.length, right.length) >= COLUMN_ROWS && areCells(left, right, em);
}

/** Fragments in parts with white over the whole width between them. */
function splitAtGaps(fragments: Fragment[], em: number): Fragment[][] {
  const parts: Fragment[][] = [];
  let bottom = -Infinity;
  for (const fragment of [...fragments].sort((a, b) => a.top - b.top)) {
    if (fragment.top - bottom > em * PART_GAP || parts.length === 0) parts.push([]);
    parts.at(-1)!.push(fragment);
    bottom = Math.max(bottom, fragment.bottom);
  }
  return parts;
}

/** Rows from top to bottom, gathered as long as they all do, or all do not, cross the gutter. */
function bands(fragments: Fragment[], gutter: Gutter): { crossed: boolean; fragments: Fragment[] }[] {
  const centre = (gutter.left + gutter.right) / 2;
  const result: { crossed: boolean; fragments: Fragment[] }[] = [];
  for (const row of groupRows(fragments)) {
    const crossed = row.some(({ left, right }) => left < centre && right > centre);
    const last = result.at(-1);
    if (last?.crossed === crossed) last.fragments.push(...row);
    else result.push({ crossed, fragments: [...row] });
  }
  return result;
}

/** Whether both sides of a gutter hold running text, side by side, rather than cells of rows. */
function areColumns(fragments: Fragment[], gutter: Gutter, em: number): boolean {
  const [left, right] = sides(fragments, gutter).map((side) => groupRows(side).map(extent));
  if (Math.min(left.length, right.length) < COLUMN_ROWS) return false;
  const narrowest = Math.min(...[left, right].map((rows) => median(rows.map(({ width }) => width))));
  if (narrowest < COLUMN_WIDTH * em || countBeside(left, right) < COLUMN_ROWS) return false;
  return !areCells(left, right, em);
}

/** Whether rows of two sides share their baselines, and are not both running text or lists of one kind. */
function areCells(left: Extent[], right: Extent[], em: number): boolean {
  if (!areAligned(left, right, em)) return false;
  const [a, b] = [left, right].map(describeSide);
  if (a.words >= RUNNING && b.words >= RUNNING && a.full >= FULL && b.full >= FULL) return false;
  const isOneKind = Math.abs(a.words - b.words) < 0.25 && Math.abs(a.letters - b.letters) < 0.15;
  const isOneWidth = Math.max(a.width, b.width) < 1.3 * Math.min(a.width, b.width);
  return !(isOneKind && isOneWidth && Math.min(a.letters, b.letters) > 0.6);
}

function areAligned(a: Extent[], b: Extent[], em: number): boolean {
  const [fewer, more] = a.length < b.length ? [a, b] : [b, a];
  const tolerance = em * ALIGNED;
  const aligned = fewer.filter(({ baseline }) => {
    let [from, to] = [0, more.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (more[middle].baseline < baseline - tolerance) from = middle + 1;
      else to = middle;
    }
    return from < more.length && more[from].baseline <= baseline + tolerance;
  });
  return aligned.length >= ALIGNED_SHARE * fewer.length;
}

interface SideKind {
  /** Share of rows with several words. */
  words: number;
  /** Share of letters among the characters. */
  letters: number;
  /** Share of rows that fill the width. */
  full: number;
  width: number;
}

function describeSide(rows: Extent[]): SideKind {
  const width = rows.reduce((most, row) => Math.max(most, row.width), 0);
  const share = (test: (row: Extent) => boolean): number => rows.filter(test).length / rows.length;
  const text = rows.map((row) => row.text).join('');
  return {
    words: share((row) => (row.text.match(/\p{L}{2,}/gu)?.length ?? 0) >= 3 || /\p{Lo}{5}/u.test(row.text)),
    letters: (text.match(/[\p{L}\p{M}]/gu)?.length ?? 0) / Math.max(1, text.replace(/ /g, '').length),
    full: share((row) => row.width > 0.85 * width),
    width,
  };
}

interface Extent {
  top: number;
  bottom: number;
  width: number;
  baseline: number;
  text: string;
}

function extent(row: Fragment[]): Extent {
  return {
    top: Math.min(...row.map(({ top }) => top)),
    bottom: Math.max(...row.map(({ bottom }) => bottom)),
    width: Math.max(...row.map(({ right }) => right)) - Math.min(...row.map(({ left }) => left)),
    baseline: row[0].baseline,
    text: row.map(({ text }) => text).join(' '),
  };
}

/** Rows of `a` that have a row of `b` beside them; both sorted from top to bottom. */
function countBeside(a: Extent[], b: Extent[]): number {
  let count = 0;
  let from = 0;
  for (const row of a) {
    while (from < b.length - 1 && b[from].bottom < row.top) from++;
    const beside = b
      .slice(from, from + 3)
      .some((other) => isBeside(row, other) || (other.top < row.bottom && other.bottom > row.top));
    if (beside) count++;
  }
  return count;
}
