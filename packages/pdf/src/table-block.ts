import type { Place, TableBlock, TableCell } from './block.ts';
import { cleanText } from './clean-text.ts';
import { stripMarks } from './footnote-marks.ts';
import { joinLines } from './hyphens.ts';
import type { WordCounts } from './hyphens.ts';
import type { TableArea } from './table-area.ts';

/** The parts of a table, one for each page → one table, in which a repeated head is taken once. */
export function buildTable(areas: TableArea[], places: Place[], counts: WordCounts): TableBlock {
  const cells: TableCell[] = [];
  const columns = areas[0].edges.length - 1;
  let rows = 0;
  for (const [index, area] of areas.entries()) {
    const own = readCells(area, counts);
    const skip = index > 0 && isSameHead(cells, own, areas[0].headerRows) ? areas[0].headerRows : 0;
    for (const cell of own) if (cell.row >= skip) cells.push({ ...cell, row: cell.row - skip + rows });
    rows += area.rows - skip;
  }
  const table = { rows, columns, headerRows: Math.min(rows, areas[0].headerRows), cells };
  return { type: 'table', ...table, text: tableText(cells, rows), page: places[0].page, places, found: areas[0].found };
}

function readCells({ cells }: TableArea, counts: WordCounts): TableCell[] {
  const texts = cells.map(({ lines, row, column, rowSpan, columnSpan }) => {
    const text = joinLines(lines.map((line) => cleanText(line.text)).filter(Boolean), counts);
    return { row, column, rowSpan, columnSpan, text: stripMarks(text).replace(/(?:\s?[.·…]){4,}$/u, '') };
  });
  return texts.filter(({ text }) => text !== '').sort((a, b) => a.row - b.row || a.column - b.column);
}

function isSameHead(first: TableCell[], second: TableCell[], headerRows: number): boolean {
  const head = (cells: TableCell[]): string =>
    JSON.stringify(cells.filter(({ row }) => row < headerRows).map(({ row, column, text }) => [row, column, text]));
  return head(first) === head(second);
}

function tableText(cells: TableCell[], rows: number): string {
  const lines: string[][] = Array.from({ length: rows }, () => []);
  for (const { row, text } of cells) lines[row].push(text);
  return lines
    .map((line) => line.join('\t'))
    .filter(Boolean)
    .join('\n');
}
