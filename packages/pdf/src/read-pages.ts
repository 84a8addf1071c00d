import { OcrEngine } from './ocr-engine.ts';
import type { PageLayout } from './page-layout.ts';
import { layoutCharacters } from './page-layout.ts';
import type { PdfDocument } from './pdf-document.ts';
import { PdfError } from './pdf-error.ts';
import { routePage } from './route-page.ts';
import type { OcrMode, PageRoute } from './route-page.ts';

/** How pages are read. */
export interface ReadPagesOptions {
  /** Larger documents are refused; default 10 000 pages. */
  maximumPages?: number;
  /** Documents with more glyphs are refused; default 50 million. */
  maximumCharacters?: number;
  /** Whether scanned pages are recognised: `off` (default), `auto` (where the text is missing), `force` (all pages). */
  ocr?: OcrMode;
  /** Language of scanned pages as Tesseract calls it; default `eng`. */
  ocrLanguage?: string;
  /** Where `LANGUAGE.traineddata.gz` lies; default: the npm package `@tesseract.js-data/LANGUAGE`. */
  ocrLanguageFolder?: string;
  /** Pixels per inch at which pages are drawn for recognition; default 200. */
  ocrResolution?: number;
}

/** A page as it was read. */
export interface PageContent extends PageRoute {
  layout: PageLayout;
  /** Glyphs found, or characters recognised. */
  characters: number;
  /** Mean confidence of recognised words, 0 to 100. */
  confidence?: number;
}

/** What Tesseract doubts more than this, on the whole page, is not text. */
const MINIMUM_PAGE_CONFIDENCE = 50;
const OCR_RESOLUTION = 200;
const OCR_RESOLUTIONS = [50, 600];
const OCR_MODES = ['off', 'auto', 'force'];

/**
 * Reads all pages of a document.
 *
 * @throws PdfError TOO_LARGE, DAMAGED, INVALID_ARGUMENT
 */
export async function readPages(document: PdfDocument, options: ReadPagesOptions): Promise<PageContent[]> {
  checkOptions(document, options);
  const { maximumCharacters = 50_000_000, ocr = 'off', ocrLanguage = 'eng', ocrLanguageFolder } = options;
  const pages: PageContent[] = [];
  let left = maximumCharacters;
  let engine: OcrEngine | undefined;
  try {
    for (let index = 0; index < document.pageCount; index++) {
      const groups = document.characters(index, left);
      const characters = groups.reduce((sum, group) => sum + group.characters.length, 0);
      left -= characters;
      const { route, reason } = routePage(characters, () => document.imageShare(index), ocr);
      if (route === 'ocr') {
        engine ??= new OcrEngine(ocrLanguage, ocrLanguageFolder);
        pages.push(await recognizePage(document, index, engine, reason, options.ocrResolution));
      } else {
        pages.push({ route, reason, layout: layoutCharacters(groups), characters });
      }
    }
  } finally {
    await engine?.close();
  }
  return pages;
}

function checkOptions({ name, pageCount }: PdfDocument, options: ReadPagesOptions): void {
  const { maximumPages = 10_000, ocr = 'off', ocrResolution = OCR_RESOLUTION } = options;
  if (pageCount > maximumPages) {
    throw new PdfError(
      'TOO_LARGE',
      `${name}: has ${pageCount} pages, more than the ${maximumPages} allowed; raise maximumPages to read it`,
    );
  }
  if (!OCR_MODES.includes(ocr)) {
    throw new PdfError('INVALID_ARGUMENT', `ocr must be one of ${OCR_MODES.join(', ')}, got ${JSON.stringify(ocr)}`);
  }
  const [lowest, highest] = OCR_RESOLUTIONS;
  if (ocrResolution >= lowest && ocrResolution <= highest) return;
  throw new PdfError(
    'INVALID_ARGUMENT',
    `ocrResolution must be ${lowest} to ${highest} pixels per inch, got ${ocrResolution}`,
  );
}

async function recognizePage(
  document: PdfDocument,
  index: number,
  engine: OcrEngine,
  reason: string,
  resolution = OCR_RESOLUTION,
): Promise<PageContent> {
  const image = document.render(index, resolution);
  const { fragments, characters, confidence } = await engine.recognize(image);
  const height = (image.height * 72) / image.resolution;
  const page = { route: 'ocr' as const, confidence: Math.round(confidence * 10) / 10 };
  if (confidence >= MINIMUM_PAGE_CONFIDENCE)
    return { ...page, reason, characters, layout: { height, fragments, others: [] } };
  const doubt = characters === 0 ? 'nothing was recognised' : `what was recognised is too doubtful to keep`;
  return { ...page, reason: `${reason}; ${doubt}`, characters: 0, layout: { height, fragments: [], others: [] } };
}
