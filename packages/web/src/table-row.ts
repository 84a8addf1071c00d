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
  const texts = Array.from({ length: Math.max(1, cellCount) }, () => '');
  row.forEach((block, index) => {
    const cell = Math.max(0, cells[firstBlock + index]);
    texts[cell] = `${texts[cell]} ${block.text.replaceAll('\n', ' ')}`.trim();
  });
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
  });
}
