// Lines of a table → its rows: a cell may hold several lines.
import type { Line } from './fragment.ts';
import type { Rule } from './rule.ts';
import type { AreaCell } from './table-area.ts';

/** A line of a table, and its text by columns. */
export interface TableLine {
  line: Line;
  cells: AreaCell[];
}

/** Rows of a table without vertical rules. */
export interface TableRows {
  rows: AreaCell[][];
  headerRows: number;
}

/** Lines of a row stand nearer to each other than rows do, by this factor. */
const TIGHT = 1.25;
/** A value: digits and signs, with hardly a letter. */
const NUMBER =
  /^[-–−+~<>≤≥(]?\p{Sc}?\s?\d[\d.,:/\s–−-]*(?:\s?\([\d.,\s–−%-]+\))?\s?[%)*†‡a-z]{0,3}$|^[-–—−.*…]+$|^n\/?a\.?$/iu;

/** Whether a text is a value rather than words. */
export function isValue(text: string): boolean {
  return NUMBER.test(text);
}

/** Gathers the lines of a table in rows: by the rules between them, by their pitch, or by what they leave empty. */
export function groupTableRows(lines: TableLine[], rules: Rule[], columns: number): TableRows {
  const ruled = lines.map((line, index) => index > 0 && isParted(lines[index - 1].line, line.line, rules));
  const header = headerLines(lines, ruled);
  const body = lines.length - header;
  const separators = ruled.slice(header + 1).filter(Boolean).length;
  const byRules = separators >= 2 && separators >= body / 4;
  const limit = pitchLimit(lines.slice(header));
  const rows: TableLine[][] = [];
  for (const [index, line] of lines.entries()) {
    const before = rows.at(-1);
    const previous = lines[index - 1];
    const starts =
      !before ||
      ruled[index] ||
      index === header ||
      (index < header
        ? !continuesHeader(previous, line)
        : !byRules && !continuesRow(before, previous, line, limit, columns));
    if (starts) rows.push([line]);
    else before.push(line);
  }
  const headerRows = rows.filter((row) => lines.indexOf(row[0]) < header).length;
  return { rows: rows.map(joinCells), headerRows: Math.max(1, headerRows) };
}

function isParted(above: Line, below: Line, rules: Rule[]): boolean {
  const [from, to] = [(above.top + above.bottom) / 2, (below.top + below.bottom) / 2];
  return rules.some(({ at }) => at > from && at < to);
}

/** How many lines stand above the first one of numbers, or above the first rule. */
function headerLines(lines: TableLine[], ruled: boolean[]): number {
  const firstRule = ruled.indexOf(true);
  const firstNumbers = lines.findIndex(({ cells }) => {
    const values = cells.filter(({ column }) => column > 0);
    return values.length > 0 && values.filter(({ lines: [{ text }] }) => NUMBER.test(text)).length >= values.length / 2;
  });
  if (firstRule > 0 && firstRule <= 5 && (firstNumbers < 0 || firstRule <= firstNumbers)) {
    // Rules under the titles of several columns part the head itself.
    const last = ruled.lastIndexOf(true, firstNumbers < 0 ? firstRule : firstNumbers);
    return last > firstRule && last <= 5 && firstNumbers > 0 ? last : firstRule;
  }
  return firstNumbers > 0 && firstNumbers <= 4 ? firstNumbers : 0;
}

/** A line of the head goes on with the titles above it, unless one of those stands over several columns. */
function continuesHeader(above: TableLine, line: TableLine): boolean {
  if (above.cells.some(({ columnSpan }) => columnSpan > 1)) return false;
  return pitch(above, line) < 1.9 * Math.max(above.line.size, line.line.size);
}

function pitch(above: TableLine, below: TableLine): number {
  return below.line.baseline - above.line.baseline;
}

/** Pitches below this are within rows; 0 when all pitches are alike. */
function pitchLimit(lines: TableLine[]): number {
  const pitches = lines.slice(1).map((line, index) => pitch(lines[index], line));
  const sorted = [...pitches].sort((a, b) => a - b);
  if (sorted.length < 3) return 0;
  let best = { ratio: TIGHT, limit: 0 };
  for (let index = 1; index < sorted.length; index++) {
    const ratio = sorted[index] / Math.max(0.1, sorted[index - 1]);
    const isTwoKinds = index >= sorted.length * 0.15 && sorted.length - index >= sorted.length * 0.15;
    if (ratio > best.ratio && isTwoKinds) best = { ratio, limit: (sorted[index] + sorted[index - 1]) / 2 };
  }
  return best.limit;
}

/** Whether a line goes on with the cells of the row above. */
function continuesRow(row: TableLine[], above: TableLine, line: TableLine, limit: number, columns: number): boolean {
  const known = new Set(row.flatMap(({ cells }) => cells.map(({ column }) => column)));
  const within = line.cells.every(({ column }) => known.has(column));
  const step = pitch(above, line);
  const numbers = line.cells.filter(({ lines: [{ text }] }) => NUMBER.test(text)).length;
  if (limit > 0 && step < limit)
    return within && numbers < Math.max(1, columns - 1) && numbers <= line.cells.length / 2;
  if (limit > 0 && step > limit) return false;
  if (!within || numbers > 0 || step > 1.6 * line.line.size) return false;
  // One pitch throughout: only text that goes on within a sentence, where the first column is empty.
  if (line.cells.some(({ column }) => column === 0))
    return line.cells.length === 1 && isLowerCase(line.cells[0]) && columns > 1 && above.cells.length > 1;
  return line.cells.length < Math.max(2, columns) && line.cells.length < row[0].cells.length;
}

function isLowerCase({ lines: [{ text }] }: AreaCell): boolean {
  return /^[\p{Ll}(]/u.test(text);
}

function joinCells(row: TableLine[]): AreaCell[] {
  const cells: AreaCell[] = [];
  for (const cell of row.flatMap((line) => line.cells)) {
    const same = cells.find((other) => cell.column >= other.column && cell.column < other.column + other.columnSpan);
    if (!same) cells.push({ ...cell, lines: [...cell.lines] });
    else {
      same.lines.push(...cell.lines);
      same.columnSpan = Math.max(same.columnSpan, cell.column + cell.columnSpan - same.column);
    }
  }
  return cells.sort((a, b) => a.column - b.column);
}
