import type { PdfBlock } from './block.ts';
import { assembleDocument } from './assemble-document.ts';
import { blockToText, joinByPage } from './join-by-page.ts';
import { openPdf } from './open-pdf.ts';
import type { OpenPdfOptions } from './open-pdf.ts';
import type { PdfDocument } from './pdf-document.ts';
import type { PdfMetadata } from './pdf-metadata.ts';
import type { PdfInput } from './read-input.ts';
import { readPages } from './read-pages.ts';
import type { PageContent, ReadPagesOptions } from './read-pages.ts';
import type { PageRoute } from './route-page.ts';
import type { OutlineEntry } from './read-outline.ts';
import { blockToMarkdown } from './to-markdown.ts';
import type { MarkdownOptions } from './to-markdown.ts';

/** How to extract. */
export interface ExtractPdfOptions extends OpenPdfOptions, ReadPagesOptions, MarkdownOptions {
  /** Keep lines that repeat from page to page, and page numbers; default false. */
  keepRunningHeads?: boolean;
}

/** What became of a page. */
export interface ExtractedPage {
  /** From 1. */
  page: number;
  /** The text of the blocks that begin on the page, joined by empty lines. */
  text: string;
  /** Where they end in the document's `text`, in UTF-16 code units (`page_ends` of FinePDFs). */
  textEnd: number;
  /** Where they end in the document's `markdown`. */
  markdownEnd: number;
  /** Glyphs found on the page, or characters recognised. */
  characters: number;
  /** `text`: from the page's text; `ocr`: recognised from its picture; `empty`: there is none; `damaged`: it cannot be loaded. */
  route: PageRoute['route'];
  /** Why this route. */
  reason: string;
  /** How sure the text is, 0 to 100: the share of glyphs that mean something, or the mean confidence of recognised words. */
  confidence: number;
  /** Share of the page's own glyphs whose meaning is lost, 0 to 1. */
  garbled: number;
  /** What was mended on the page, in words. */
  repairs: string[];
  /** Running heads and page numbers that were taken out. */
  runningHeads: string[];
}

/** The text of a PDF. */
export interface ExtractedPdf {
  /** The text of all blocks, without markup, joined by empty lines. */
  text: string;
  /** All blocks as GitHub-flavoured Markdown. */
  markdown: string;
  blocks: PdfBlock[];
  /** The bookmarks. */
  outline: OutlineEntry[];
  pages: ExtractedPage[];
  metadata: PdfMetadata;
  pageCount: number;
  /** The file was cut short: what is missing cannot be read. */
  truncated: boolean;
  /** What was mended to read the file at all, in words. */
  repairs: string[];
}

/**
 * Takes the text out of a PDF in reading order: columns one after another, lines joined to paragraphs, broken words mended, running heads and
 * page numbers left out.
 *
 * @param input a path, a `file:` URL, the bytes, or a stream of them
 * @throws PdfError as `openPdf`, TOO_LARGE over `maximumPages` or `maximumCharacters`, and INVALID_ARGUMENT
 */
export async function extractPdf(input: PdfInput, options: ExtractPdfOptions = {}): Promise<ExtractedPdf> {
  const document = await openPdf(input, options);
  try {
    const contents: PageContent[] = [];
    for await (const content of readPages(document, options)) contents.push(content);
    return assembleResult(document, contents, options);
  } finally {
    document.close();
  }
}

/** What needs all pages, or a window of them. */
export function assembleResult(
  document: PdfDocument,
  contents: PageContent[],
  options: ExtractPdfOptions,
): ExtractedPdf {
  const { metadata, pageCount, truncated, repairs, outline } = document;
  const { keepRunningHeads } = options;
  const { blocks, runningHeads } = assembleDocument(contents, {
    outline,
    ...(keepRunningHeads && { keepRunningHeads }),
  });
  const indices = contents.map(({ index }) => index);
  const text = joinByPage(blocks, indices, blockToText);
  const markdown = joinByPage(blocks, indices, (block) => blockToMarkdown(block, options));
  const pages = contents.map(({ index, route, reason, characters, confidence, garbled, repairs: mended }, at) => ({
    page: index + 1,
    text: text.pages[at],
    textEnd: text.ends[at],
    markdownEnd: markdown.ends[at],
    characters,
    route,
    reason,
    confidence,
    garbled,
    repairs: mended,
    runningHeads: runningHeads[at],
  }));
  const file = { metadata, outline, pageCount, truncated, repairs: [...repairs] };
  return { text: text.all, markdown: markdown.all, blocks, pages, ...file };
}
