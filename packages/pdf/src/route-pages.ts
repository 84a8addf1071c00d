import { openPdf } from './open-pdf.ts';
import type { OpenPdfOptions } from './open-pdf.ts';
import type { PageFeatures } from './page-features.ts';
import type { PdfDocument } from './pdf-document.ts';
import { PdfError } from './pdf-error.ts';
import type { PdfInput } from './read-input.ts';
import { routePage } from './route-page.ts';
import type { PageRoute } from './route-page.ts';

/** How a page would be read, why, and what that was decided by. */
export interface RoutedPage extends PageRoute {
  /** From 1. */
  page: number;
  /** Share of the page's glyphs whose meaning is lost, 0 to 1. */
  garbled: number;
  /** Images that are not on every page: decoration tells nothing. */
  ownImages: number;
  /** Absent when the page cannot be loaded. */
  features?: PageFeatures;
}

/** How the pages of a document would be read. */
export interface RoutedPdf {
  pageCount: number;
  truncated: boolean;
  /** What was mended to read the file at all, in words. */
  repairs: string[];
  /** The form has fields. */
  isForm: boolean;
  /** The program that made it is one for scanners. */
  isScanner: boolean;
  /** `ocr` when any page should be recognised: FinePDFs recognises whole documents. */
  route: 'text' | 'ocr';
  pages: RoutedPage[];
}

/** How to route. */
export interface RoutePagesOptions extends OpenPdfOptions {
  /** Look at so many pages, spread evenly; default all. FinePDFs looks at 8. */
  samplePages?: number;
}

/** Programs of scanners, in the document's creator or producer (github huggingface/finepdfs). */
const SCANNERS =
  /scanner|\bscan\b|epson|canon|hp scanjet|fujitsu|kodak|brother|xerox|lexmark|\bkmc\b|kofax|ricoh|\biris\b|capturedocument|paperport|readiris|simpleocr/i;

/**
 * Says for each page whether its text can be taken as it is or should be recognised, and why, without doing either.
 *
 * @throws PdfError as `openPdf`
 */
export async function routePages(input: PdfInput, options: RoutePagesOptions = {}): Promise<RoutedPdf> {
  const document = await openPdf(input, options);
  try {
    const pages = sample(document.pageCount, options.samplePages).map((index) => routeOne(document, index));
    countOwnImages(pages);
    const { pageCount, truncated, repairs, isForm, metadata } = document;
    const isScanner = SCANNERS.test(`${metadata.creator ?? ''} ${metadata.producer ?? ''}`);
    const route = pages.some((page) => page.route === 'ocr') ? 'ocr' : 'text';
    return { pageCount, truncated, repairs: [...repairs], isForm, isScanner, route, pages };
  } finally {
    document.close();
  }
}

/** Indices of the pages to look at. */
function sample(pageCount: number, samplePages = pageCount): number[] {
  const count = Math.min(pageCount, Math.max(1, Math.floor(samplePages)));
  return Array.from({ length: count }, (_, at) => Math.floor((at * pageCount) / count));
}

function routeOne(document: PdfDocument, index: number): RoutedPage {
  const page = index + 1;
  try {
    const { groups, garbledShare } = document.glyphs(index);
    const features = document.features(index);
    const all = groups.flatMap((group) => group.characters);
    const hidden = all.filter((character) => character.hidden).length;
    const signs = { visible: all.length - hidden, hidden, garbledShare, drawing: () => features };
    return { page, ...routePage(signs, 'auto'), garbled: garbledShare, ownImages: 0, features };
  } catch (error) {
    if (!(error instanceof PdfError && error.code === 'DAMAGED' && document.isUsable)) throw error;
    return { page, route: 'damaged', reason: 'the page cannot be loaded', garbled: 0, ownImages: 0 };
  }
}

/** FinePDFs' junk images: such as are on every page, of at least three. */
function countOwnImages(pages: RoutedPage[]): void {
  const seen = new Map<string, number>();
  for (const { features } of pages) {
    for (const key of new Set(features?.imageKeys)) seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  for (const page of pages) {
    const keys = page.features?.imageKeys ?? [];
    page.ownImages = keys.filter((key) => pages.length < 3 || seen.get(key)! < pages.length).length;
  }
}
