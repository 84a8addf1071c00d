// Columns of a table without vertical rules: strips that hardly any row crosses (the projection form of Nurminen's text edges, 2013).
import type { Fragment } from './fragment.ts';

/** A stretch of a row without wide spaces. */
export interface Piece extends Fragment {
  /** Index of its row. */
  row: number;
}

/** A column: where most of its text stands. */
export interface Column {
  left: number;
  right: number;
}

/** Bins an em. */
const BINS = 8;
const MAXIMUM_BINS = 4000;
/** Share of rows that may cross the white between columns: titles over several columns. */
const CROSSING = 0.2;
/** Width of the white in ems: where few rows agree it must be wider. */
const NARROW_GUTTER = 0.45;
const WIDE_GUTTER = 0.95;
const MANY_ROWS = 6;

/** Parts fragments at their wide spaces. */
export function splitPieces(rows: Fragment[][]): Piece[] {
  return rows.flatMap((fragments, row) => fragments.flatMap((fragment) => splitFragment(fragment, row)));
}

function splitFragment(fragment: Fragment, row: number): Piece[] {
  if (!fragment.gaps) return [{ ...fragment, row }];
  const pieces: Piece[] = [];
  let [from, left] = [0, fragment.left];
  for (const gap of [...fragment.gaps, { at: fragment.text.length, left: fragment.right, right: fragment.right }]) {
    const text = fragment.text.slice(from, gap.at).trim();
    if (text !== '') pieces.push({ ...fragment, row, text, left, right: gap.left, gaps: undefined });
    [from, left] = [gap.at, gap.right];
  }
  return pieces;
}

/** The columns that rows of pieces stand in; one when they stand in none. */
export function findColumns(pieces: Piece[], rowCount: number, em: number): Column[] {
  const start = pieces.reduce((least, { left }) => Math.min(least, left), Infinity);
  const end = pieces.reduce((most, { right }) => Math.max(most, right), -Infinity);
  const bins = Math.min(MAXIMUM_BINS, Math.ceil(((end - start) / em) * BINS));
  if (!(bins > 0)) return [];
  const width = (end - start) / bins;
  const cover = countRows(pieces, start, width, bins);
  const allowed = rowCount >= 4 ? Math.max(1, Math.floor(rowCount * CROSSING)) : 0;
  const gutter = ((rowCount >= MANY_ROWS ? NARROW_GUTTER : WIDE_GUTTER) * em) / width;
  return stretches(cover, allowed, gutter).map(([from, to]) => ({
    left: start + from * width,
    right: start + to * width,
  }));
}

/** How many rows have text in each bin. */
function countRows(pieces: Piece[], start: number, width: number, bins: number): Uint16Array {
  const cover = new Uint16Array(bins);
  const seen = new Int32Array(bins).fill(-1);
  for (const { left, right, row } of [...pieces].sort((a, b) => a.row - b.row)) {
    const to = Math.min(bins, Math.ceil((right - start) / width));
    for (let bin = Math.max(0, Math.floor((left - start) / width)); bin < to; bin++) {
      if (seen[bin] !== row) cover[bin]++;
      seen[bin] = row;
    }
  }
  return cover;
}

/** Runs of bins that more rows cover than `allowed`, parted by at least `gutter` bins that they do not. */
function stretches(cover: Uint16Array, allowed: number, gutter: number): [number, number][] {
  const found: [number, number][] = [];
  for (let from = 0; from < cover.length;) {
    if (cover[from] <= allowed) {
      from++;
      continue;
    }
    let to = from;
    while (to < cover.length && cover[to] > allowed) to++;
    const last = found.at(-1);
    if (last && from - last[1] < gutter) last[1] = to;
    else found.push([from, to]);
    from = to;
  }
  return found;
}

/** First and last column that a piece stands in: the nearest one where it stands in none. */
export function columnsOf({ left, right }: Piece, columns: Column[], em: number): [number, number] {
  const slack = em * 0.6;
  const touched = columns.flatMap((column, index) =>
    Math.min(right, column.right) - Math.max(left, column.left) > Math.min(slack, (column.right - column.left) / 3)
      ? [index]
      : [],
  );
  if (touched.length > 0) return [touched[0], touched.at(-1)!];
  const distances = columns.map((column) => Math.max(column.left - right, left - column.right));
  const nearest = distances.indexOf(Math.min(...distances));
  return [nearest, nearest];
}
