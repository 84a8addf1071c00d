import type { ListItem, PdfBlock, TableBlock, TableCell } from './block.ts';

/** How Markdown is written. */
export interface MarkdownOptions {
  /**
   * Tables whose cells span others: `empty` leaves what they cover empty (default), `repeat` repeats their text there, `html` writes
   * such tables as HTML.
   */
  spans?: 'empty' | 'repeat' | 'html';
}

/** Blocks as GitHub-flavoured Markdown, by blocks. */
export function blockToMarkdown(block: PdfBlock, options: MarkdownOptions = {}): string {
  switch (block.type) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${oneLine(block.text)}`;
    case 'list':
      return listMarkdown(block.items);
    case 'table':
      return options.spans === 'html' && block.cells.some(isSpanning) ? htmlTable(block) : pipeTable(block, options);
    case 'code':
      return fence(block.text);
    case 'footnote':
      return `[^${block.marker}]: ${oneLine(block.text)}`;
    case 'paragraph':
      return escapeStart(linkFootnotes(block.text, block.footnotes ?? []));
    default:
      return escapeStart(block.text);
  }
}

/**
 * Blocks as GitHub-flavoured Markdown: `#` headings, lists, pipe tables, fenced code, `[^1]` footnotes.
 *
 * @throws nothing
 */
export function toMarkdown(blocks: PdfBlock[], options: MarkdownOptions = {}): string {
  return blocks.map((block) => blockToMarkdown(block, options)).join('\n\n');
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}

/** What would be read as a heading or a quotation is not meant so. Lines of a form stay lines. */
function escapeStart(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^(?=#{1,6} |>)/, '\\'))
    .join('  \n');
}

function linkFootnotes(text: string, footnotes: string[]): string {
  let linked = text;
  for (const mark of new Set(footnotes)) linked = linked.replaceAll(`[${mark}]`, `[^${mark}]`);
  return linked;
}

function listMarkdown(items: ListItem[]): string {
  return items
    .map(({ marker, ordered, level, text }) => `${'  '.repeat(level)}${listMarker(marker, ordered)} ${text}`)
    .join('\n');
}

/** Markdown counts in digits; other marks stay in the text of a bullet. */
function listMarker(marker: string, ordered: boolean): string {
  if (!ordered) return '-';
  return /^\d+[.)]$/.test(marker) ? marker : `- ${marker}`;
}

function fence(text: string): string {
  const ticks = Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1));
  return `${'`'.repeat(ticks)}\n${text}\n${'`'.repeat(ticks)}`;
}

function isSpanning({ rowSpan, columnSpan }: TableCell): boolean {
  return rowSpan > 1 || columnSpan > 1;
}

function pipeTable({ rows, columns, cells }: TableBlock, { spans }: MarkdownOptions): string {
  const grid = Array.from({ length: rows }, () => Array.from({ length: columns }, () => ''));
  for (const cell of cells) {
    const text = oneLine(cell.text).replaceAll('|', '\\|');
    grid[cell.row][cell.column] = text;
    if (spans !== 'repeat') continue;
    for (let row = cell.row; row < Math.min(rows, cell.row + cell.rowSpan); row++) {
      grid[row].fill(text, cell.column, cell.column + cell.columnSpan);
    }
  }
  const lines = grid.map((row) => `| ${row.join(' | ')} |`);
  return [lines[0], `|${' --- |'.repeat(columns)}`, ...lines.slice(1)].join('\n');
}

/** A table with its spans, as HTML. */
function htmlTable({ rows, headerRows, cells }: TableBlock): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const own = cells.filter((cell) => cell.row === row);
    return `<tr>${own.map((cell) => htmlCell(cell, row < headerRows ? 'th' : 'td')).join('')}</tr>`;
  });
  return `<table>\n${lines.join('\n')}\n</table>`;
}

function htmlCell({ text, rowSpan, columnSpan }: TableCell, tag: string): string {
  const attributes = (rowSpan > 1 ? ` rowspan="${rowSpan}"` : '') + (columnSpan > 1 ? ` colspan="${columnSpan}"` : '');
  const escaped = oneLine(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<${tag}${attributes}>${escaped}</${tag}>`;
}
