// What needs all pages of a document: running heads, the size of running text, the words for hyphens, text that goes on over pages.
import type { PdfBlock } from './block.ts';
import { buildBlocks } from './build-blocks.ts';
import type { Paragraph } from './build-paragraphs.ts';
import { bodyStyle } from './headings.ts';
import { WordCounts } from './hyphens.ts';
import { joinParagraphs } from './join-paragraphs.ts';
import { joinTables } from './join-tables.ts';
import { layoutParagraphs } from './page-layout.ts';
import type { PageLayout } from './page-layout.ts';
import type { OutlineEntry } from './read-outline.ts';
import { removeRunningHeads } from './running-heads.ts';

/** How to put pages together. */
export interface AssembleOptions {
  /** Keep lines that repeat from page to page, and page numbers. */
  keepRunningHeads?: boolean;
  /** The document's bookmarks, which tell headings. */
  outline?: OutlineEntry[];
}

/** The blocks of a document, and what was taken out of each page. */
export interface AssembledDocument {
  blocks: PdfBlock[];
  runningHeads: string[][];
}

/** A page, and which one it is. */
export interface IndexedLayout {
  /** From 0. */
  index: number;
  layout: PageLayout;
}

/** Pages of fragments → blocks in reading order. The fragments of running heads are taken out of the layouts. */
export function assembleDocument(pages: IndexedLayout[], options: AssembleOptions = {}): AssembledDocument {
  const layouts = pages.map(({ layout }) => layout);
  const runningHeads = options.keepRunningHeads ? layouts.map(() => []) : removeRunningHeads(layouts);
  const code = !isTypewritten(layouts);
  const paragraphs = pages.flatMap(({ layout, index }) => layoutParagraphs(layout, index, code));
  const counts = countWords(paragraphs);
  const body = bodyStyle(paragraphs);
  const joined = joinTables(joinParagraphs(paragraphs, body.size), body.size);
  return { blocks: buildBlocks(joined, { body, counts, outline: options.outline ?? [] }), runningHeads };
}

/** Whether fixed-pitch fonts are the document's usual ones, so that they do not tell program text. */
function isTypewritten(layouts: PageLayout[]): boolean {
  let [mono, all] = [0, 0];
  for (const { text, mono: isMono } of layouts.flatMap(({ fragments }) => fragments)) {
    all += text.length;
    if (isMono) mono += text.length;
  }
  return mono > all / 2;
}

function countWords(paragraphs: Paragraph[]): WordCounts {
  const counts = new WordCounts();
  for (const { lines } of paragraphs) for (const { text } of lines) counts.add(text);
  return counts;
}
