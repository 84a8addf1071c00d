import type { PdfBlock } from './block.ts';

/** Blocks in one writing. */
export interface JoinedBlocks {
  /** All of them, joined by empty lines. */
  all: string;
  /** For each page, those that begin on it. */
  pages: string[];
  /** For each page, where they end in `all`. */
  ends: number[];
}

const BETWEEN = '\n\n';

/** A block as plain text: its text, with the marker of a footnote as the text that points to it has it. */
export function blockToText(block: PdfBlock): string {
  return block.type === 'footnote' ? `[${block.marker}] ${block.text}` : block.text;
}

/** Joins blocks, and tells what of it each page holds; blocks are in the order of the pages. */
export function joinByPage(blocks: PdfBlock[], indices: number[], write: (block: PdfBlock) => string): JoinedBlocks {
  const byPage = new Map<number, string[]>(indices.map((index) => [index + 1, []]));
  for (const block of blocks) byPage.get(block.page)!.push(write(block));
  let all = '';
  const ends: number[] = [];
  const pages = [...byPage.values()].map((texts) => texts.join(BETWEEN));
  for (const page of pages) {
    if (page !== '') all += (all === '' ? '' : BETWEEN) + page;
    ends.push(all.length);
  }
  return { all, pages, ends };
}
