import type { PdfBlock } from './block.ts';
import { assembleResult } from './extract-pdf.ts';
import type { ExtractedPage, ExtractPdfOptions } from './extract-pdf.ts';
import { openPdf } from './open-pdf.ts';
import type { PdfDocument } from './pdf-document.ts';
import { PdfError } from './pdf-error.ts';
import type { PdfInput } from './read-input.ts';
import { readPages } from './read-pages.ts';
import type { PageContent } from './read-pages.ts';

/** How pages are streamed. */
export interface ExtractPagesOptions extends ExtractPdfOptions {
  /** Pages that are looked at together, default 20, at least 4: running heads, the body's size and broken words are found by them. */
  windowPages?: number;
}

/** A page with its blocks. */
export interface StreamedPage extends Omit<ExtractedPage, 'textEnd' | 'markdownEnd'> {
  blocks: PdfBlock[];
}

const WINDOW = 20;
const SMALLEST_WINDOW = 4;

/**
 * Takes the text out of a PDF page by page, in bounded memory: a window of pages is looked at at a time, so that paragraphs and tables
 * that go over from one window to the next stay in two parts.
 *
 * @throws PdfError as `extractPdf`
 */
export async function* extractPages(input: PdfInput, options: ExtractPagesOptions = {}): AsyncGenerator<StreamedPage> {
  const { windowPages = WINDOW } = options;
  if (!Number.isInteger(windowPages) || windowPages < SMALLEST_WINDOW) {
    const message = `windowPages must be a whole number from ${SMALLEST_WINDOW}, got ${windowPages}`;
    throw new PdfError('INVALID_ARGUMENT', message);
  }
  const document = await openPdf(input, options);
  try {
    const window: PageContent[] = [];
    for await (const content of readPages(document, options)) {
      window.push(content);
      // Half a window is kept back, so that the last one is not a page or two that tell nothing.
      if (window.length < windowPages * 1.5) continue;
      yield* finish(document, window.splice(0, windowPages), options);
    }
    yield* finish(document, window, options);
  } finally {
    document.close();
  }
}

function* finish(document: PdfDocument, window: PageContent[], options: ExtractPagesOptions): Generator<StreamedPage> {
  const { pages, blocks } = assembleResult(document, window, options);
  for (const { textEnd: _text, markdownEnd: _markdown, ...page } of pages) {
    yield { ...page, blocks: blocks.filter((block) => block.page === page.page) };
  }
}
