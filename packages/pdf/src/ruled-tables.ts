// Tables drawn with lines (the lattice method of camelot, pdfplumber's "lines", tabula's spreadsheet): rules that meet make a grid;
// where the rule between two of its fields is missing, a cell spans both.
import { buildLines } from './build-lines.ts';
import { isLeftward } from './right-to-left.ts';
import type { Fragment } from './fragment.ts';
import { mergeRules } from './rule.ts';
import type { Rule } from './rule.ts';
import { alignLines } from './aligned-tables.ts';
import { isStack, splitSpans } from './split-cells.ts';
import { mirrorCell } from './table-area.ts';
import type { AreaCell, TableArea } from './table-area.ts';

/** Points by which rules may miss each other and still meet, and within which they are one edge of the grid. */
const TOUCH = 3;
/** Rules that reach further than this beyond the last crossing rule end a row or column that has no rule at its side. */
const OVERHANG = 12;
/** Share of a field's side that a rule must cover to separate. */
const COVER = 0.6;
/** Pages with more are drawings. */
const MAXIMUM_RULES = 1500;
const MAXIMUM_FIELDS = 20_000;
/** A grid around running text is a frame or a form, not a table. */
const MAXIMUM_MEAN_CHARACTERS = 500;

/** A grid of rules. */
interface Grid {
  xs: number[];
  ys: number[];
  horizontals: Rule[];
  verticals: Rule[];
}

/** Tables drawn with horizontal and vertical rules. */
export function findRuledTables(fragments: Fragment[], rules: Rule[]): TableArea[] {
  const horizontals = mergeRules(rules.filter(({ horizontal }) => horizontal));
  const verticals = mergeRules(rules.filter(({ horizontal }) => !horizontal));
  if (Math.min(horizontals.length, verticals.length) < 2) return [];
  if (Math.max(horizontals.length, verticals.length) > MAXIMUM_RULES) return [];
  const tables = connect(horizontals, verticals).flatMap((grid) => readGrid(grid, fragments));
  return tables.filter((table) => !tables.some((other) => other !== table && contains(other, table)));
}

function contains(outer: TableArea, inner: TableArea): boolean {
  const reach = TOUCH;
  return (
    outer.left - reach <= inner.left &&
    outer.right + reach >= inner.right &&
    outer.top - reach <= inner.top &&
    outer.bottom + reach >= inner.bottom
  );
}

/** Rules that meet, directly or through others, make a grid. */
function connect(horizontals: Rule[], verticals: Rule[]): Grid[] {
  const parents = [...horizontals, ...verticals].map((_, index) => index);
  const find = (index: number): number => {
    while (parents[index] !== index) index = parents[index] = parents[parents[index]];
    return index;
  };
  for (const [column, vertical] of verticals.entries()) {
    for (const [row, horizontal] of horizontals.entries()) {
      if (horizontal.at > vertical.to + TOUCH) break;
      if (meet(horizontal, vertical)) parents[find(horizontals.length + column)] = find(row);
    }
  }
  const grids = new Map<number, Grid>();
  for (const [index, rule] of [...horizontals, ...verticals].entries()) {
    const root = find(index);
    const grid = grids.get(root) ?? { xs: [], ys: [], horizontals: [], verticals: [] };
    grids.set(root, grid);
    (rule.horizontal ? grid.horizontals : grid.verticals).push(rule);
  }
  return [...grids.values()].map(withEdges);
}

function meet(horizontal: Rule, vertical: Rule): boolean {
  return (
    horizontal.at >= vertical.from - TOUCH &&
    horizontal.at <= vertical.to + TOUCH &&
    vertical.at >= horizontal.from - TOUCH &&
    vertical.at <= horizontal.to + TOUCH
  );
}

function withEdges(grid: Grid): Grid {
  return {
    ...grid,
    xs: edges(grid.verticals, grid.horizontals),
    ys: edges(grid.horizontals, grid.verticals),
  };
}

/** Where rules cut a grid; where the crossing rules reach beyond them, a side without a rule is added. */
function edges(rules: Rule[], crossing: Rule[]): number[] {
  const places = rules.map(({ at }) => at).sort((a, b) => a - b);
  const distinct = places.filter((place, index) => index === 0 || place - places[index - 1] > TOUCH);
  if (distinct.length === 0) return [];
  const start = commonEnd(crossing.map(({ from }) => from));
  const end = commonEnd(crossing.map(({ to }) => -to));
  if (start !== undefined && start < distinct[0] - OVERHANG) distinct.unshift(start);
  if (end !== undefined && -end > distinct.at(-1)! + OVERHANG) distinct.push(-end);
  return distinct;
}

/** The least of some ends that two rules share. */
function commonEnd(ends: number[]): number | undefined {
  const sorted = ends.sort((a, b) => a - b);
  return sorted.find((end, index) => index + 1 < sorted.length && sorted[index + 1] - end <= TOUCH);
}

function readGrid(grid: Grid, fragments: Fragment[]): TableArea[] {
  const [columns, rows] = [grid.xs.length - 1, grid.ys.length - 1];
  if (columns < 2 || rows < 1 || columns * rows > MAXIMUM_FIELDS) return [];
  const cells = fillCells(grid, mergeFields(grid), fragments);
  const [left, right, top, bottom] = [grid.xs[0], grid.xs.at(-1)!, grid.ys[0], grid.ys.at(-1)!];
  const area: TableArea = { left, right, top, bottom, edges: grid.xs, rows, headerRows: 1, cells, found: 'rules' };
  const table = withoutEmpty(splitSpans(area));
  const finer = isStack(table) ? readLines(area, grid.horizontals, fragments) : undefined;
  if (finer && finer.cells.length > table.cells.length) return [finer];
  return isTable(table) ? [inReadingOrder(table)] : [];
}

/** Right-to-left scripts count columns from the right. */
function inReadingOrder(table: TableArea): TableArea {
  const text = table.cells.flatMap(({ lines }) => lines.map((line) => line.text)).join(' ');
  if (!isLeftward(text)) return table;
  return { ...table, cells: table.cells.map((cell) => mirrorCell(cell, table.edges.length - 1)) };
}

/** A table whose rules frame no more than its head and its body: by the alignment of what is in it. */
function readLines(area: TableArea, rules: Rule[], fragments: Fragment[]): TableArea | undefined {
  const { left, right, top, bottom } = area;
  const inside = fragments.filter((fragment) => {
    const [x, y] = [(fragment.left + fragment.right) / 2, (fragment.top + fragment.bottom) / 2];
    return x > left && x < right && y > top && y < bottom;
  });
  const table = inside.length < 2 ? undefined : alignLines(buildLines(inside), rules);
  return table && { ...table, left, right, top, bottom };
}

function isTable({ cells, rows, edges: { length } }: TableArea): boolean {
  const texts = cells.map(({ lines }) => lines.reduce((sum, { text }) => sum + text.length, 0));
  const filled = texts.filter((count) => count > 0);
  if (rows < 2 || length < 3 || filled.length < 3) return false;
  return filled.reduce((sum, count) => sum + count, 0) / filled.length <= MAXIMUM_MEAN_CHARACTERS;
}

/** Fields of a grid → the cells they are merged to, as rectangles of fields. */
function mergeFields(grid: Grid): AreaCell[] {
  const [columns, rows] = [grid.xs.length - 1, grid.ys.length - 1];
  const covered = new Uint8Array(columns * rows);
  const cells: AreaCell[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (covered[row * columns + column]) continue;
      const cell = growCell(grid, covered, row, column);
      for (let r = row; r < row + cell.rowSpan; r++) {
        covered.fill(1, r * columns + column, r * columns + column + cell.columnSpan);
      }
      cells.push(cell);
    }
  }
  return cells;
}

/** The largest rectangle from a field to the right, then down, that no rule cuts. */
function growCell(grid: Grid, covered: Uint8Array, row: number, column: number): AreaCell {
  const [columns, rows] = [grid.xs.length - 1, grid.ys.length - 1];
  let [columnSpan, rowSpan] = [1, 1];
  while (
    column + columnSpan < columns &&
    !covered[row * columns + column + columnSpan] &&
    !isCut(grid.verticals, grid.xs[column + columnSpan], grid.ys[row], grid.ys[row + 1])
  ) {
    columnSpan++;
  }
  const isOpenBelow = (below: number): boolean =>
    Array.from({ length: columnSpan }, (_, offset) => column + offset).every(
      (c) => !covered[below * columns + c] && !isCut(grid.horizontals, grid.ys[below], grid.xs[c], grid.xs[c + 1]),
    );
  while (row + rowSpan < rows && isOpenBelow(row + rowSpan)) rowSpan++;
  return { row, column, rowSpan, columnSpan, lines: [] };
}

/** Whether rules at a place cover most of a side. */
function isCut(rules: Rule[], place: number, from: number, to: number): boolean {
  let covered = 0;
  for (const rule of rules) {
    if (Math.abs(rule.at - place) > TOUCH) continue;
    covered += Math.max(0, Math.min(rule.to, to) - Math.max(rule.from, from));
  }
  return covered >= COVER * (to - from);
}

function fillCells(grid: Grid, cells: AreaCell[], fragments: Fragment[]): AreaCell[] {
  const columns = grid.xs.length - 1;
  const owners = new Map<number, number>();
  for (const [index, { row, column, rowSpan, columnSpan }] of cells.entries()) {
    for (let r = row; r < row + rowSpan; r++) {
      for (let c = column; c < column + columnSpan; c++) owners.set(r * columns + c, index);
    }
  }
  const contents = new Map<number, Fragment[]>();
  for (const fragment of fragments) {
    const column = between(grid.xs, (fragment.left + fragment.right) / 2);
    const row = between(grid.ys, (fragment.top + fragment.bottom) / 2);
    const owner = column < 0 || row < 0 ? undefined : owners.get(row * columns + column);
    if (owner === undefined) continue;
    const content = contents.get(owner);
    if (content) content.push(fragment);
    else contents.set(owner, [fragment]);
  }
  return cells.map((cell, index) => ({ ...cell, lines: buildLines(contents.get(index) ?? []) }));
}

/** Index of the interval that holds a place, or −1. */
function between(places: number[], place: number): number {
  if (place < places[0] || place > places.at(-1)!) return -1;
  return places.findIndex((_, index) => index + 1 < places.length && place <= places[index + 1]);
}

/** A table without the rows and columns in which no cell begins and has text. */
export function withoutEmpty(table: TableArea): TableArea {
  const filled = table.cells.filter(({ lines }) => lines.length > 0);
  const usedRows = [...new Set(filled.map(({ row }) => row))].sort((a, b) => a - b);
  const usedColumns = [...new Set(filled.map(({ column }) => column))].sort((a, b) => a - b);
  const cells = filled.map((cell): AreaCell => ({
    lines: cell.lines,
    row: usedRows.indexOf(cell.row),
    column: usedColumns.indexOf(cell.column),
    rowSpan: usedRows.filter((row) => row >= cell.row && row < cell.row + cell.rowSpan).length,
    columnSpan: usedColumns.filter((column) => column >= cell.column && column < cell.column + cell.columnSpan).length,
  }));
  const edgesLeft = usedColumns.map((column) => table.edges[column]);
  return { ...table, cells, rows: usedRows.length, edges: [...edgesLeft, table.edges.at(-1)!] };
}
