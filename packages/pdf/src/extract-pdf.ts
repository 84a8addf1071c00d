import type { PdfBlock } from './block.ts';
import { bodyStyle, buildBlocks } from './build-blocks.ts';
import type { Paragraph } from './build-paragraphs.ts';
import { WordCounts } from './hyphens.ts';
import { joinParagraphs } from './join-paragraphs.ts';
import { layoutParagraphs } from './page-layout.ts';
import { openPdf } from './pdf-document.ts';
import type { OpenPdfOptions, PdfDocument } from './pdf-document.ts';
import type { PdfMetadata } from './pdf-metadata.ts';
import type { PdfInput } from './read-input.ts';
import { readPages } from './read-pages.ts';
import type { PageContent, ReadPagesOptions } from './read-pages.ts';
import type { PageRoute } from './route-page.ts';
import { removeRunningHeads } from './running-heads.ts';

/** How to extract. */
export interface ExtractPdfOptions extends OpenPdfOptions, ReadPagesOptions {
  /** Keep lines that repeat from page to page, and page numbers; default false. */
  keepRunningHeads?: boolean;
}

/** What became of a page. */
export interface ExtractedPage {
  /** From 1. */
  page: number;
  /** The blocks that begin on the page, joined by empty lines. */
  text: string;
  /** Glyphs found on the page, or characters recognised. */
  characters: number;
  /** `text`: from the page's text; `ocr`: recognised from its picture; `empty`: there is none. */
  route: PageRoute['route'];
  /** Why this route. */
  reason: string;
  /** Running heads and page numbers that were taken out. */
  runningHeads: string[];
  /** Mean confidence of recognised words, 0 to 100. */
  confidence?: number;
}

/** The text of a PDF. */
export interface ExtractedPdf {
  /** All blocks, joined by empty lines. */
  text: string;
  blocks: PdfBlock[];
  pages: ExtractedPage[];
  metadata: PdfMetadata;
  pageCount: number;
}

/**
 * Takes the text out of a PDF in reading order: columns one after another, lines joined to paragraphs, broken words mended, running heads and
 * page numbers left out.
 *
 * @param input a path, a `file:` URL, or the bytes
 * @throws PdfError as `openPdf`, TOO_LARGE over `maximumPages` or `maximumCharacters`, and INVALID_ARGUMENT
 */
export async function extractPdf(input: PdfInput, options: ExtractPdfOptions = {}): Promise<ExtractedPdf> {
  const document = await openPdf(input, options);
  try {
    return assemble(document, await readPages(document, options), options.keepRunningHeads ?? false);
  } finally {
    document.close();
  }
}

/** What needs all pages: running heads, the size of running text, the words for hyphens, paragraphs over pages. */
function assemble(
  { metadata, pageCount }: PdfDocument,
  contents: PageContent[],
  keepRunningHeads: boolean,
): ExtractedPdf {
  const layouts = contents.map(({ layout }) => layout);
  const runningHeads = keepRunningHeads ? layouts.map(() => []) : removeRunningHeads(layouts);
  const paragraphs = layouts.flatMap(layoutParagraphs);
  const counts = countWords(paragraphs);
  const body = bodyStyle(paragraphs);
  const blocks = buildBlocks(joinParagraphs(paragraphs, body.size), body, counts);
  const texts = textsOfPages(blocks, pageCount);
  const pages = contents.map(({ route, reason, characters, confidence }, index) => ({
    page: index + 1,
    text: texts[index],
    characters,
    route,
    reason,
    runningHeads: runningHeads[index],
    ...(confidence !== undefined && { confidence }),
  }));
  return { text: joinBlocks(blocks), blocks, pages, metadata, pageCount };
}

function countWords(paragraphs: Paragraph[]): WordCounts {
  const counts = new WordCounts();
  for (const { lines } of paragraphs) for (const { text } of lines) counts.add(text);
  return counts;
}

function joinBlocks(blocks: PdfBlock[]): string {
  return blocks.map(({ text }) => text).join('\n\n');
}

function textsOfPages(blocks: PdfBlock[], pageCount: number): string[] {
  const byPage: PdfBlock[][] = Array.from({ length: pageCount }, () => []);
  for (const block of blocks) byPage[block.page - 1].push(block);
  return byPage.map(joinBlocks);
}
