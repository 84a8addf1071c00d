import type { Block } from './page.ts';

/** Most that lists and quotes are indented. */
const MAXIMUM_DEPTH = 8;

/**
 * Blocks as CommonMark with tables of GitHub's kind: headings, paragraphs, nested lists, quotes, fenced code. A table takes its
 * first row as its head, since markdown has no table without one.
 */
export function renderMarkdown(blocks: readonly Block[]): string {
  const pieces: string[] = [];
  for (let at = 0; at < blocks.length;) {
    const end = blocks[at].kind === 'row' ? endOfTable(blocks, at) : at + 1;
    const piece =
      end > at + 1 || blocks[at].kind === 'row' ? renderTable(blocks.slice(at, end)) : renderBlock(blocks[at]);
    if (pieces.length > 0) pieces.push(isTight(blocks[at - 1], blocks[at]) ? '\n' : '\n\n');
    pieces.push(piece);
    at = end;
  }
  return pieces.join('');
}

/** Items of a list stand close to each other. */
function isTight(before: Block, block: Block): boolean {
  return before.kind === 'item' && block.kind === 'item';
}

function endOfTable(blocks: readonly Block[], start: number): number {
  let end = start + 1;
  while (end < blocks.length && blocks[end].kind === 'row' && blocks[end].group === blocks[start].group) end++;
  return end;
}

function renderBlock(block: Block): string {
  const { kind, level, text, markup } = block;
  if (kind === 'code') return prefixed(block, fence(text, markup?.codeLanguage ?? ''));
  const inline = markup?.inline ?? text;
  if (kind === 'heading') return prefixed(block, `${'#'.repeat(Math.max(1, level))} ${inline.replaceAll('\n', ' ')}`);
  return prefixed(block, inline);
}

/** Puts `> `, the list's indentation and the bullet before the lines of a block. */
function prefixed({ kind, markup }: Block, text: string): string {
  const { quoteDepth = 0, listDepth = 0, ordinal = 0 } = markup ?? {};
  const quote = '> '.repeat(Math.min(quoteDepth, MAXIMUM_DEPTH));
  const bullet = kind === 'item' ? (ordinal > 0 ? `${ordinal}. ` : '- ') : '';
  const depth = Math.min(listDepth, MAXIMUM_DEPTH);
  // Four columns a level hold the text of `- ` and of `10. ` items alike.
  const outer = ' '.repeat(4 * Math.max(0, depth - 1));
  const inner =
    kind === 'item' ? outer + ' '.repeat(bullet.length) : ' '.repeat(Math.max(0, 4 * depth - 2 * Math.sign(depth)));
  return text
    .split('\n')
    .map((line, index) => quote + (index === 0 && kind === 'item' ? outer + bullet : inner) + line)
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A fence that is longer than any in the code. */
function fence(code: string, language: string): string {
  const longest = Math.max(0, ...(code.match(/`{3,}/g) ?? []).map((run) => run.length));
  const marks = '`'.repeat(Math.max(3, longest + 1));
  return `${marks}${language}\n${code}\n${marks}`;
}

function renderTable(rows: readonly Block[]): string {
  const cells = rows.map(({ markup, text }) => (markup?.cells ?? [text]).map(escapeCell));
  const width = Math.max(...cells.map((row) => row.length));
  const lines = cells.map(
    (row) => `| ${Array.from({ length: width }, (_, column) => row[column] ?? '').join(' | ')} |`,
  );
  lines.splice(1, 0, `|${' --- |'.repeat(width)}`);
  return lines.join('\n');
}

function escapeCell(cell: string): string {
  return cell.replace(/\\/g, '\\\\').replaceAll('|', '\\|').replaceAll('\n', ' ');
}
