// Rules often frame less than every cell of a table: only the head has vertical ones, or only the head and the body are framed.
import { joinRow } from './build-lines.ts';
import { splitPieces } from './find-columns.ts';
import type { Piece } from './find-columns.ts';
import type { Line } from './fragment.ts';
import type { AreaCell, TableArea } from './table-area.ts';

/** So many lines in a cell are rows rather than one text. */
const MINIMUM_LINES = 3;
/** Share of the most filled cell's lines that another one has, too. */
const SIMILAR = 0.7;
/** Lines of one text fill the cell's width; rows mostly do not. */
const FULL_LINE = 0.75;
/** How far text may reach over an edge, in ems. */
const OVER = 0.3;
const NUMBERS = /^[\d\s.,%()+–−$€£*-]+$/;

/** Parts cells over several columns whose text stands within those columns. */
export function splitSpans(table: TableArea): TableArea {
  return {
    ...table,
    cells: table.cells.flatMap((cell) => (cell.columnSpan > 1 ? splitCell(cell, table.edges) : [cell])),
  };
}

function splitCell(cell: AreaCell, edges: number[]): AreaCell[] {
  const pieces = splitPieces(cell.lines.map(({ parts }) => parts));
  const columns = pieces.map((piece) => columnOf(piece, cell, edges));
  if (new Set(columns).size < 2 || columns.includes(-1)) return [cell];
  return Array.from({ length: cell.columnSpan }, (_, offset) => {
    const column = cell.column + offset;
    const lines = cell.lines.flatMap((_line, row) => {
      const own = pieces.filter((piece, index) => piece.row === row && columns[index] === column);
      return own.length > 0 ? [joinRow(own, true)] : [];
    });
    return { ...cell, column, columnSpan: 1, lines };
  });
}

/** The column that a piece stands in; −1 when it crosses an edge. */
function columnOf({ left, right, size }: Piece, { column, columnSpan }: AreaCell, edges: number[]): number {
  for (let index = column; index < column + columnSpan; index++) {
    if (left > edges[index] - OVER * size && right < edges[index + 1] + OVER * size) return index;
  }
  return -1;
}

/** Whether a row of cells holds stacks of lines that are rows. */
export function isStack(table: TableArea): boolean {
  return Array.from({ length: table.rows }, (_, row) => table.cells.filter((cell) => cell.row === row)).some(
    (cells) => {
      const counts = cells.map(({ lines }) => lines.length).sort((a, b) => b - a);
      if (counts.length < 2 || counts[0] < MINIMUM_LINES || counts[1] < SIMILAR * counts[0]) return false;
      const lines = cells.flatMap((cell) => cell.lines.map((line) => ({ line, cell })));
      const isText = ({ line, cell }: { line: Line; cell: AreaCell }): boolean =>
        !NUMBERS.test(line.text) && isFull(line, cell, table.edges);
      return lines.filter(isText).length < lines.length / 2;
    },
  );
}

function isFull({ left, right }: Line, { column, columnSpan }: AreaCell, edges: number[]): boolean {
  return right - left > FULL_LINE * (edges[column + columnSpan] - edges[column]);
}
