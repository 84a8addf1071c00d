import type { Block } from './page.ts';

/** A row wider than this is layout, not data. */
const MAXIMUM_ROW_WIDTH = 400;
const MAXIMUM_ROW_CELLS = 60;

/**
 * At the end of a table row: joins its blocks (those from `firstBlock` on) into one line `cell | cell`, if they are short plain
 * text. Otherwise the table is there for layout; its blocks stand on their own and stop being judged together.
 */
export function mergeTableRow(
  blocks: Block[],
  cells: number[],
  firstBlock: number,
  cellCount: number,
  table: number,
): void {
  const row = blocks.slice(firstBlock);
  if (row.length === 0) return;
  const width = row.reduce((sum, block) => sum + block.width, 0);
  const isData = row.every((block) => block.kind === 'paragraph') && width <= MAXIMUM_ROW_WIDTH;
  if (!isData || cellCount > MAXIMUM_ROW_CELLS) {
    for (const block of row) if (block.group === table) block.group = -1;
    return;
  }
  const cellOf = row.map((_, index) => Math.max(0, cells[firstBlock + index]));
  const texts = joinCells(
    row.map(({ text }) => text),
    cellOf,
    cellCount,
  );
  const [{ markup }] = row;
  const marked = markup && {
    ...markup,
    cells: joinCells(
      row.map((block) => block.markup?.inline ?? block.text),
      cellOf,
      cellCount,
    ),
  };
  const linkWidth = row.reduce((sum, block) => sum + block.linkWidth, 0);
  blocks.length = cells.length = firstBlock;
  cells.push(-1);
  blocks.push({
    kind: 'row',
    level: 0,
    text: texts.join(' | ').trim(),
    width,
    linkWidth,
    element: row[0].element,
    group: table,
    ...(marked && { markup: marked }),
  });
}

/** The texts of every cell; one that spans columns or lies outside counts where it begins. */
function joinCells(texts: readonly string[], cellOf: readonly number[], cellCount: number): string[] {
  const joined = Array.from({ length: Math.max(1, cellCount) }, () => '');
  texts.forEach((text, index) => {
    joined[cellOf[index]] = `${joined[cellOf[index]]} ${text.replaceAll('\n', ' ')}`.trim();
  });
  return joined;
}
