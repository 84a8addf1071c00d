import type { Line } from './fragment.ts';

/** A cell of a table on a page, with the lines in it. */
export interface AreaCell {
  row: number;
  column: number;
  rowSpan: number;
  columnSpan: number;
  lines: Line[];
}

/** A table on a page, in the coordinates of a frame. */
export interface TableArea {
  left: number;
  right: number;
  top: number;
  bottom: number;
  /** Edges of the columns, left to right: one more than there are columns. */
  edges: number[];
  rows: number;
  headerRows: number;
  cells: AreaCell[];
  found: 'rules' | 'alignment';
}

/** A cell whose column is counted from the right. */
export function mirrorCell(cell: AreaCell, columns: number): AreaCell {
  return { ...cell, column: columns - cell.column - cell.columnSpan };
}
