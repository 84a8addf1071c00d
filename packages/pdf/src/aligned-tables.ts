// Tables without vertical rules (the stream method of tabula and camelot, after Nurminen 2013): lines in pieces whose pieces stand
// in the same columns. Horizontal rules, where there are any, tell where the table begins, its head ends, and its rows end.
import { joinRow } from './build-lines.ts';
import { isLeftward } from './right-to-left.ts';
import { isContentsLine } from './contents-lines.ts';
import { columnsOf, findColumns, splitPieces } from './find-columns.ts';
import type { Column, Piece } from './find-columns.ts';
import { median } from './fragment.ts';
import type { Line } from './fragment.ts';
import { groupTableRows, isValue } from './group-table-rows.ts';
import type { TableLine } from './group-table-rows.ts';
import type { Rule } from './rule.ts';
import { mirrorCell } from './table-area.ts';
import type { AreaCell, TableArea } from './table-area.ts';

/** In ems: a line with a gap like this may be a row. */
const ROW_GAP = 1;
/** So many lines in one piece may stand between two rows. */
const MAXIMUM_INSET = 3;
/** A larger pitch than this, in ems, ends a table. */
const MAXIMUM_PITCH = 4;
/** Mean characters of a cell of two columns: more is running text. */
const PROSE = 60;
/** Share of rows that must fill at least two columns. */
const FILLED = 0.5;
/** Text larger or smaller than this is of no table with what is above. */
const SAME_SIZE = 1.25;
/** A rule that is shorter than this share of the table's width is a title's own. */
const OWN_RULE = 0.85;
/** So many lines need no value or rule to be a table; fewer need values in this share of cells. */
const SURE_LINES = 4;
const VALUES = 0.25;

const LIST_MARK = /^(?:[•◦‣▪●○■□·–—*-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)])$/;
const FORMULA_NUMBER = /^\(\d+(?:\.\d+)*[a-z]?\)$/;
const CAPTION = /^(?:Tab(?:le|\.)|Fig(?:ure|\.)|Tabelle|Abb(?:ildung|\.)) *\d/i;

/** A stretch of a column of text: running text, or a table. */
export type Stretch = { lines: Line[]; table?: undefined } | { lines: Line[]; table: TableArea };

/**
 * Lines of a column, top to bottom → tables and what is between them.
 *
 * @param code whether lines of fixed-pitch fonts are program text
 */
export function findAlignedTables(lines: Line[], rules: Rule[], code = true): Stretch[] {
  const stretches: Stretch[] = [];
  let from = 0;
  for (const [start, end] of candidates(lines, rules, code)) {
    if (start < from) continue;
    const found = readCandidate(lines, start, end, rules);
    if (!found) continue;
    if (found.start > from) stretches.push({ lines: lines.slice(from, found.start) });
    stretches.push({ lines: lines.slice(found.start, found.end), table: found.table });
    from = found.end;
  }
  if (from < lines.length) stretches.push({ lines: lines.slice(from) });
  return stretches;
}

/** Runs of lines that may be tables: from a line in pieces to the last one, with few others between. */
function candidates(lines: Line[], rules: Rule[], code: boolean): [number, number][] {
  const isTabular = (line: Line): boolean => isRow(line) && !(code && line.mono);
  const found: [number, number][] = [];
  for (let start = 0; start < lines.length; start++) {
    if (!isTabular(lines[start])) continue;
    let end = start + 1;
    for (let next = end; next < lines.length && next - end <= MAXIMUM_INSET; next++) {
      if (!follows(lines[next - 1], lines[next], rules)) break;
      if (isTabular(lines[next])) end = next + 1;
    }
    if (end - start >= 2) found.push([start, end]);
    start = end - 1;
  }
  return found;
}

function isRow({ gap, size, text }: Line): boolean {
  return gap > ROW_GAP * size && !isContentsLine(text) && !CAPTION.test(text);
}

function follows(line: Line, next: Line, rules: Rule[]): boolean {
  if (CAPTION.test(next.text) || isContentsLine(next.text)) return false;
  if (Math.max(line.size, next.size) > SAME_SIZE * Math.min(line.size, next.size)) return false;
  if (next.top - line.bottom < MAXIMUM_PITCH * Math.max(line.size, next.size) - line.size) return true;
  return rules.some(({ at }) => at > line.bottom - 1 && at < next.top + 1);
}

interface Found {
  start: number;
  end: number;
  table: TableArea;
}

/** The table in a run of lines; when the whole makes none, the largest part without its first or last lines that does. */
function readCandidate(lines: Line[], start: number, end: number, rules: Rule[]): Found | undefined {
  const [first, last] = withinRules(lines, start, end, rules);
  const whole = alignLines(lines.slice(first, last), rules);
  if (whole) return { start: first, end: last, table: whole };
  for (let cut = 1; cut <= 3 && end - start - cut >= 2; cut++) {
    for (const [from, to] of [
      [start + cut, end],
      [start, end - cut],
    ]) {
      const table = isRow(lines[from]) && isRow(lines[to - 1]) ? alignLines(lines.slice(from, to), rules) : undefined;
      if (table) return { start: from, end: to, table };
    }
  }
  return undefined;
}

/** Takes in lines between the run and the rules above and below it: headings and last rows in one piece. */
function withinRules(lines: Line[], start: number, end: number, rules: Rule[]): [number, number] {
  let [first, last] = [start, end];
  const within = rules.filter(({ at }) => at > lines[start].top - 1 && at < lines[end - 1].bottom + 1);
  if (rules.length === 0) return [first, last];
  const wide = (rule: Rule) =>
    within.some((other) => Math.abs(other.from - rule.from) < 3 && Math.abs(other.to - rule.to) < 3);
  const isRuleBetween = (above: Line, below: Line) =>
    rules.some(({ at }) => at > above.bottom - above.size / 3 && at < below.top + below.size / 3);
  const reaches = (limit: (rule: Rule) => boolean) => rules.some((rule) => wide(rule) && limit(rule));
  while (
    first > 0 &&
    start - first < MAXIMUM_INSET &&
    !isRuleBetween(lines[first - 1], lines[first]) &&
    reaches(({ at }) => at < lines[first - 1].top + 2 && at > lines[first - 1].top - 30)
  ) {
    first--;
  }
  while (
    last < lines.length &&
    last - end < MAXIMUM_INSET &&
    !isRuleBetween(lines[last - 1], lines[last]) &&
    reaches(({ at }) => at > lines[last].bottom - 2 && at < lines[last].bottom + 30)
  ) {
    last++;
  }
  return [first, last];
}

/** The table that lines make, if they stand in columns. */
export function alignLines(lines: Line[], rules: Rule[]): TableArea | undefined {
  const em = median(lines.map(({ size }) => size));
  const pieces = splitPieces(lines.map(({ parts }) => parts));
  const columns = findColumns(pieces, lines.length, em);
  if (columns.length < 2) return undefined;
  const leftward = isLeftward(lines.map(({ text }) => text).join(' '));
  const piecesOfRows = lines.map((): Piece[] => []);
  for (const piece of pieces) piecesOfRows[piece.row].push(piece);
  const tableLines = lines.map((line, row) => {
    const placed = spreadTitles(placeLine(line, piecesOfRows[row], columns, em), columns, rules);
    return leftward ? mirrorLine(placed, columns.length) : placed;
  });
  if (!isTable(tableLines, columns) || !isSure(lines, tableLines, rules)) return undefined;
  const [left, right] = [columns[0].left, columns.at(-1)!.right];
  const [top, bottom] = [lines[0].top, lines.at(-1)!.bottom];
  const inner = rules.filter(
    ({ at, from, to }) => at > top && at < bottom && Math.min(to, right) - Math.max(from, left) > (right - left) / 3,
  );
  const { rows, headerRows } = groupTableRows(tableLines, inner, columns.length);
  const cells = rows.flatMap((row, index) => row.map((cell) => ({ ...cell, row: index })));
  const middles = columns.slice(1).map((column, index) => (columns[index].right + column.left) / 2);
  return {
    left,
    right,
    top,
    bottom,
    edges: [left, ...middles, right],
    rows: rows.length,
    headerRows,
    cells,
    found: 'alignment',
  };
}

/** A line's pieces, joined within each column. */
function placeLine(line: Line, pieces: Piece[], columns: Column[], em: number): TableLine {
  const cells: { first: number; last: number; pieces: Piece[] }[] = [];
  for (const piece of [...pieces].sort((a, b) => a.left - b.left)) {
    const [first, last] = columnsOf(piece, columns, em);
    const before = cells.at(-1);
    if (before && first <= before.last) {
      before.pieces.push(piece);
      before.last = Math.max(before.last, last);
    } else cells.push({ first, last, pieces: [piece] });
  }
  return {
    line,
    cells: cells.map(({ first, last, pieces: own }): AreaCell => ({
      row: 0,
      column: first,
      rowSpan: 1,
      columnSpan: last - first + 1,
      lines: [joinRow(own)],
    })),
  };
}

/** A title with a rule of its own below it stands over all columns that the rule covers. */
function spreadTitles({ line, cells }: TableLine, columns: Column[], rules: Rule[]): TableLine {
  const width = columns.at(-1)!.right - columns[0].left;
  const below = rules.filter(({ at, from, to }) => {
    return at > line.baseline - 1 && at < line.bottom + line.size && to - from < OWN_RULE * width;
  });
  if (below.length === 0) return { line, cells };
  const spread = cells.map((cell) => {
    const [{ left, right }] = cell.lines;
    const own = below.find(({ from, to }) => from < left + line.size && to > right - line.size);
    const covered = columns.flatMap((column, index) => (own && isCovered(column, own) ? [index] : []));
    if (covered.length < 2) return cell;
    return { ...cell, column: covered[0], columnSpan: covered.length };
  });
  // A rule below several titles belongs to none of them.
  const clash = spread.some(
    (cell, index) => index > 0 && spread[index - 1].column + spread[index - 1].columnSpan > cell.column,
  );
  return { line, cells: clash ? cells : spread };
}

function isCovered({ left, right }: Column, { from, to }: Rule): boolean {
  const centre = (left + right) / 2;
  return centre > from && centre < to;
}

/** Columns counted from the right, as right-to-left scripts read them. */
function mirrorLine({ line, cells }: TableLine, columns: number): TableLine {
  return { line, cells: cells.map((cell) => mirrorCell(cell, columns)).reverse() };
}

/** A few lines are a table when they hold values, or rules stand above or below: words may be wide apart by chance. */
function isSure(lines: Line[], tableLines: TableLine[], rules: Rule[]): boolean {
  if (lines.length >= SURE_LINES) return true;
  const [top, bottom, size] = [lines[0].top, lines.at(-1)!.bottom, lines[0].size];
  if (rules.some(({ at }) => at > top - size && at < bottom + size)) return true;
  const texts = tableLines.flatMap(({ cells }) => cells.map((cell) => cell.lines[0].text));
  return texts.filter(isValue).length >= texts.length * VALUES;
}

function isTable(lines: TableLine[], columns: Column[]): boolean {
  const full = lines.filter(({ cells }) => cells.length >= 2);
  if (full.length < (columns.length > 2 ? 2 : 3) || full.length < FILLED * lines.length) return false;
  const texts = lines.flatMap(({ cells }) => cells.map((cell) => ({ ...cell, text: cell.lines[0].text })));
  const mean = texts.reduce((sum, { text }) => sum + text.length, 0) / texts.length;
  if (mean > (columns.length === 2 ? PROSE : 2 * PROSE)) return false;
  if (columns.length > 2) return true;
  const [first, last] = [0, 1].map((column) => texts.filter((cell) => cell.column === column && cell.columnSpan === 1));
  const share = (cells: typeof texts, pattern: RegExp) =>
    cells.filter(({ text }) => pattern.test(text)).length / Math.max(1, cells.length);
  return share(first, LIST_MARK) < 0.5 && share(last, FORMULA_NUMBER) < 0.5;
}
