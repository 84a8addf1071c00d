import type { Character, CharacterGroup } from './character.ts';
import type { PageLayout } from './page-layout.ts';
import { layoutCharacters } from './page-layout.ts';
import { PageRecognizer } from './page-recognizer.ts';
import type { OcrOptions } from './page-recognizer.ts';
import type { PageGlyphs, PdfDocument } from './pdf-document.ts';
import { PdfError } from './pdf-error.ts';
import { routePage } from './route-page.ts';
import type { OcrMode, PageRoute } from './route-page.ts';

/** How pages are read. */
export interface ReadPagesOptions extends OcrOptions {
  /** Which pages, from 1, in rising order; default all. */
  pages?: readonly number[];
  /** Larger documents are refused; default 10 000 pages. */
  maximumPages?: number;
  /** Documents with more glyphs are refused; default 50 million. */
  maximumCharacters?: number;
  /** Whether scanned pages are recognised: `off` (default), `auto` (where the text is missing), `force` (all pages). */
  ocr?: OcrMode;
}

/** A page as it was read. */
export interface PageContent extends PageRoute {
  /** From 0. */
  index: number;
  layout: PageLayout;
  /** Glyphs found, or characters recognised. */
  characters: number;
  /** How sure the text is, 0 to 100: the share of glyphs that mean something, or the mean confidence of recognised words. */
  confidence: number;
  /** Share of the page's own glyphs whose meaning is lost, 0 to 1. */
  garbled: number;
  /** What was mended on the page, in words. */
  repairs: string[];
}

const OCR_RESOLUTION = 200;
const OCR_RESOLUTIONS = [50, 600];
const OCR_MODES = ['off', 'auto', 'force'];
const NOTHING: PageLayout = { height: 0, fragments: [], others: [] };

/**
 * Reads the pages of a document one after another; pages that must be recognised are worked on at once, as many as there are threads.
 *
 * @throws PdfError TOO_LARGE, INVALID_ARGUMENT, and DAMAGED when no page can be loaded
 */
export async function* readPages(document: PdfDocument, options: ReadPagesOptions): AsyncGenerator<PageContent> {
  const indices = pageIndices(document, options);
  const recognizer = new PageRecognizer(options, document.language);
  const reader = new PageReader(document, options, recognizer);
  const ahead = (options.ocr ?? 'off') === 'off' ? 0 : recognizer.parallel;
  const pending: Promise<PageContent>[] = [];
  let damaged = 0;
  const next = async (): Promise<PageContent> => {
    const page = await pending.shift()!;
    if (page.route === 'damaged') damaged++;
    return page;
  };
  try {
    for (const index of indices) {
      const page = reader.read(index);
      page.catch(() => {}); // thrown where it is awaited
      pending.push(page);
      if (pending.length > ahead) yield await next();
    }
    while (pending.length > 0) yield await next();
  } finally {
    await recognizer.close();
  }
  if (damaged < indices.length) return;
  throw new PdfError('DAMAGED', `${document.name}: none of its pages can be loaded; get the file again`);
}

class PageReader {
  readonly #document: PdfDocument;
  readonly #mode: OcrMode;
  readonly #resolution: number;
  readonly #recognizer: PageRecognizer;
  #charactersLeft: number;

  constructor(document: PdfDocument, options: ReadPagesOptions, recognizer: PageRecognizer) {
    this.#document = document;
    this.#mode = options.ocr ?? 'off';
    this.#resolution = options.ocrResolution ?? OCR_RESOLUTION;
    this.#recognizer = recognizer;
    this.#charactersLeft = options.maximumCharacters ?? 50_000_000;
  }

  async read(index: number): Promise<PageContent> {
    const glyphs = this.#glyphs(index);
    if (!glyphs) return damagedPage(index, this.#document.truncated);
    const { groups, segments, garbledShare } = glyphs;
    const all = count(groups, () => true);
    const hidden = count(groups, (character) => character.hidden);
    this.#charactersLeft -= all;
    const drawing = () => this.#document.features(index);
    const route = routePage({ visible: all - hidden, hidden, garbledShare, drawing }, this.#mode);
    const page = { index, garbled: round(garbledShare, 3) };
    if (route.route === 'ocr') return { ...page, ...(await this.#recognize(index, route.reason)) };
    if (garbledShare === 0) this.#recognizer.note(groups);
    const confidence = round(100 * (1 - garbledShare), 1);
    const layout = layoutCharacters(groups, segments);
    return { ...page, ...route, layout, characters: all, confidence, repairs: shiftRepairs(glyphs) };
  }

  /** Undefined when the page cannot be loaded; the others may be. */
  #glyphs(index: number): PageGlyphs | undefined {
    try {
      return this.#document.glyphs(index, this.#charactersLeft);
    } catch (error) {
      if (error instanceof PdfError && error.code === 'DAMAGED' && this.#document.isUsable) return undefined;
      throw error;
    }
  }

  async #recognize(index: number, why: string): Promise<Omit<PageContent, 'index' | 'garbled'>> {
    const image = this.#document.render(index, this.#resolution);
    const { groups, characters, confidence, repairs } = await this.#recognizer.recognize(image);
    const doubt = confidence === 0 ? 'nothing was recognised' : 'what was recognised is too doubtful to keep';
    const reason = characters === 0 ? `${why}; ${doubt}` : why;
    return {
      route: 'ocr',
      reason,
      layout: layoutCharacters(groups),
      characters,
      confidence: round(confidence, 1),
      repairs,
    };
  }
}

function count(groups: CharacterGroup[], test: (character: Character) => boolean): number {
  let found = 0;
  for (const { characters } of groups) for (const character of characters) if (test(character)) found++;
  return found;
}

function damagedPage(index: number, truncated: boolean): PageContent {
  const reason = `the page cannot be loaded${truncated ? ': the file was cut short' : ''}`;
  return { index, route: 'damaged', reason, layout: NOTHING, characters: 0, confidence: 0, garbled: 0, repairs: [] };
}

function shiftRepairs({ shifts }: PageGlyphs): string[] {
  return [...new Set(shifts)].map((shift) => `glyph codes of ${shifts.filter((other) => other === shift).length} fonts moved by ${shift}`); // prettier-ignore
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

function pageIndices({ name, pageCount }: PdfDocument, options: ReadPagesOptions): number[] {
  const { maximumPages = 10_000, ocr = 'off', ocrResolution = OCR_RESOLUTION, pages } = options;
  if (!OCR_MODES.includes(ocr)) {
    throw new PdfError('INVALID_ARGUMENT', `ocr must be one of ${OCR_MODES.join(', ')}, got ${JSON.stringify(ocr)}`);
  }
  const [lowest, highest] = OCR_RESOLUTIONS;
  if (!(ocrResolution >= lowest && ocrResolution <= highest)) {
    const message = `ocrResolution must be ${lowest} to ${highest} pixels per inch, got ${ocrResolution}`;
    throw new PdfError('INVALID_ARGUMENT', message);
  }
  const indices = pages ? selectPages(name, pageCount, pages) : Array.from({ length: pageCount }, (_, index) => index);
  if (indices.length <= maximumPages) return indices;
  const message = `${name}: has ${indices.length} pages, more than the ${maximumPages} allowed; raise maximumPages to read it`;
  throw new PdfError('TOO_LARGE', message);
}

function selectPages(name: string, pageCount: number, pages: readonly number[]): number[] {
  const isRising = pages.every((page, at) => Number.isInteger(page) && page > (pages[at - 1] ?? 0));
  if (isRising && pages.length > 0 && pages.at(-1)! <= pageCount) return pages.map((page) => page - 1);
  const got = JSON.stringify(pages.slice(0, 10));
  throw new PdfError('INVALID_ARGUMENT', `${name}: pages must be rising numbers from 1 to ${pageCount}, got ${got}`);
}
