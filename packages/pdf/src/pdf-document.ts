import type { CharacterGroup } from './character.ts';
import { PdfError } from './pdf-error.ts';
import type { Pdfium } from './pdfium.ts';
import { readGlyphMeaning } from './glyph-meaning.ts';
import { readOutline } from './read-outline.ts';
import type { OutlineEntry } from './read-outline.ts';
import { readCharacters } from './read-characters.ts';
import { readMetadata } from './pdf-metadata.ts';
import type { PdfMetadata } from './pdf-metadata.ts';
import { readPageFeatures } from './page-features.ts';
import type { PageFeatures } from './page-features.ts';
import { readSegments } from './read-rules.ts';
import type { Segment } from './read-rules.ts';
import { renderPage } from './render-page.ts';
import type { GreyImage } from './render-page.ts';

/** The glyphs of a page. */
export interface PageGlyphs {
  /** By direction, the largest group first. */
  groups: CharacterGroup[];
  /** Straight lines drawn on the page. */
  segments: Segment[];
  /** Share of the glyphs whose meaning is lost, 0 to 1. */
  garbledShare: number;
  /** Constants by which the codes of fonts were off, and were put right. */
  shifts: number[];
}

/** What is known of a file before its pages are read. */
export interface FileState {
  /** The file was cut short: what is missing cannot be read. */
  truncated: boolean;
  /** What was mended to read the file at all, in words. */
  repairs: string[];
  /** Form fields and notes are read as part of their pages. */
  annotations?: boolean;
}

/** FPDFPage_Flatten: for display, and that something changed. */
const FLATTEN_FOR_DISPLAY = 0;
const FLATTENED = 1;

/** An open PDF. Memory outside the JavaScript heap is held until {@link PdfDocument.close}. */
export class PdfDocument {
  /** What the PDF is called in messages. */
  readonly name: string;
  readonly pageCount: number;
  readonly metadata: PdfMetadata;
  /** The file was cut short: what is missing cannot be read. */
  readonly truncated: boolean;
  /** What was mended to read the file at all, in words. */
  readonly repairs: readonly string[];
  readonly #pdfium: Pdfium;
  readonly #file: number;
  readonly #handle: number;
  readonly #annotations: boolean;
  #closed = false;

  /** Use `openPdf`. */
  constructor(pdfium: Pdfium, name: string, file: number, handle: number, state: FileState) {
    this.#pdfium = pdfium;
    this.#file = file;
    this.#handle = handle;
    this.name = name;
    this.#annotations = state.annotations ?? false;
    this.truncated = state.truncated;
    this.repairs = state.repairs;
    this.pageCount = pdfium.calls.FPDF_GetPageCount(handle);
    this.metadata = readMetadata(pdfium, handle);
  }

  /** The language it declares (BCP 47); empty when it declares none. */
  get language(): string {
    this.#checkOpen();
    return this.#guard(() =>
      this.#pdfium.readString((pointer, size) =>
        this.#pdfium.calls.FPDFCatalog_GetLanguage(this.#handle, pointer, size),
      ),
    );
  }

  /** Whether it has form fields. */
  get isForm(): boolean {
    this.#checkOpen();
    return this.#guard(() => this.#pdfium.calls.FPDF_GetFormType(this.#handle) > 0);
  }

  /** False once it was closed, or PDFium failed. */
  get isUsable(): boolean {
    return !this.#closed && !this.#pdfium.broken;
  }

  /** The bookmarks, as a reader shows them beside the pages. */
  get outline(): OutlineEntry[] {
    this.#checkOpen();
    return this.#guard(() => readOutline(this.#pdfium, this.#handle));
  }

  /**
   * The text of a page as PDFium finds it, in the order of the file: no layout, no clean-up.
   *
   * @param index from 0
   * @throws PdfError INVALID_ARGUMENT, DAMAGED
   */
  rawText(index: number): string {
    return this.#withTextPage(index, (pdfium, textPage) => {
      const count = pdfium.calls.FPDFText_CountChars(textPage);
      if (count <= 0) return '';
      return pdfium.withBuffer(count * 4 + 2, (pointer) => {
        const units = pdfium.calls.FPDFText_GetText(textPage, 0, count, pointer);
        return pdfium.readUtf16(pointer, units);
      });
    });
  }

  /**
   * The glyphs of a page with their places, grouped by direction, in the order of the file.
   *
   * @param index from 0
   * @param maximum more glyphs (or spaces between them) are refused
   * @throws PdfError INVALID_ARGUMENT, DAMAGED, TOO_LARGE
   */
  characters(index: number, maximum = Infinity): CharacterGroup[] {
    return this.glyphs(index, maximum).groups;
  }

  /** The same, with what was found out about the meaning of the glyphs' codes. */
  glyphs(index: number, maximum = Infinity): PageGlyphs {
    return this.#withTextPage(index, (pdfium, textPage, page) => {
      const count = pdfium.calls.FPDFText_CountChars(textPage);
      if (count > maximum) throw tooManyCharacters(this.name, index, count, maximum);
      const { shifts, garbledShare } = readGlyphMeaning(pdfium, textPage);
      const groups = readCharacters(pdfium, textPage, page, shifts);
      return { groups, segments: readSegments(pdfium, page), garbledShare, shifts: [...shifts.values()] };
    });
  }

  /**
   * A picture of a page in grey, upright as readers show it.
   *
   * @param index from 0
   * @param resolution pixels per inch; less is taken where a side would have more than 5000 pixels
   * @throws PdfError INVALID_ARGUMENT, DAMAGED
   */
  render(index: number, resolution = 150): GreyImage {
    return this.#withPage(index, (pdfium, page) => renderPage(pdfium, page, resolution));
  }

  /**
   * What is drawn on a page: text, hidden text, images, paths; the features by which FinePDFs routes.
   *
   * @param index from 0
   * @throws PdfError INVALID_ARGUMENT, DAMAGED
   */
  features(index: number): PageFeatures {
    return this.#withTextPage(index, (pdfium, textPage, page) => readPageFeatures(pdfium, page, textPage));
  }

  /** Whether a page can be loaded: those of damaged files may be lost. */
  hasPage(index: number): boolean {
    return this.#guard(() => {
      this.#checkOpen();
      const page = this.#pdfium.calls.FPDF_LoadPage(this.#handle, index);
      if (page !== 0) this.#pdfium.calls.FPDF_ClosePage(page);
      return page !== 0;
    });
  }

  /** Runs `use` on PDFium's handle of a page, which is closed afterwards. */
  #withPage<T>(index: number, use: (pdfium: Pdfium, page: number) => T): T {
    return this.#guard(() => {
      const page = this.#loadPage(index);
      try {
        return use(this.#pdfium, page);
      } finally {
        if (!this.#pdfium.broken) this.#pdfium.calls.FPDF_ClosePage(page);
      }
    });
  }

  /** The same with the handle of the page's text. */
  #withTextPage<T>(index: number, use: (pdfium: Pdfium, textPage: number, page: number) => T): T {
    return this.#withPage(index, (pdfium, page) => {
      const textPage = pdfium.calls.FPDFText_LoadPage(page);
      if (textPage === 0) throw new PdfError('DAMAGED', `${this.name}: the text of page ${index + 1} cannot be read`);
      try {
        return use(pdfium, textPage, page);
      } finally {
        if (!pdfium.broken) pdfium.calls.FPDFText_ClosePage(textPage);
      }
    });
  }

  #checkOpen(): void {
    if (this.#closed) throw new PdfError('INVALID_ARGUMENT', `${this.name}: is closed; open it again to read it`);
  }

  #loadPage(index: number): number {
    this.#checkOpen();
    if (!Number.isInteger(index) || index < 0 || index >= this.pageCount) {
      throw new PdfError(
        'INVALID_ARGUMENT',
        `${this.name}: has no page of index ${index}; pages are 0 to ${this.pageCount - 1}`,
      );
    }
    const page = this.#pdfium.calls.FPDF_LoadPage(this.#handle, index);
    if (page === 0) throw new PdfError('DAMAGED', `${this.name}: page ${index + 1} cannot be loaded`);
    return this.#withAnnotations(page, index);
  }

  /** Draws form fields and notes into the page, if they are asked for: only then are they part of its text. */
  #withAnnotations(page: number, index: number): number {
    const { calls } = this.#pdfium;
    if (!this.#annotations || calls.FPDFPage_GetAnnotCount(page) === 0) return page;
    if (calls.FPDFPage_Flatten(page, FLATTEN_FOR_DISPLAY) !== FLATTENED) return page;
    calls.FPDF_ClosePage(page);
    const flat = calls.FPDF_LoadPage(this.#handle, index);
    if (flat === 0)
      throw new PdfError('DAMAGED', `${this.name}: page ${index + 1} cannot be loaded with its annotations`);
    return flat;
  }

  /** A trap in PDFium ends the document, not the program. */
  #guard<T>(work: () => T): T {
    return guardTraps(this.#pdfium, this.name, work);
  }

  /** Frees the memory; the document can't be used afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#pdfium.broken) return;
    this.#guard(() => this.#pdfium.calls.FPDF_CloseDocument(this.#handle));
    this.#pdfium.free(this.#file);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function tooManyCharacters(name: string, index: number, count: number, maximum: number): PdfError {
  const what = `${name}: page ${index + 1} has ${count} characters where ${maximum} are left`;
  return new PdfError('TOO_LARGE', `${what}; raise maximumCharacters to read it`);
}

/** PDFium traps (or its stack or memory is exhausted) instead of crashing: that becomes a coded error, and the instance is given up. */
export function guardTraps<T>(pdfium: Pdfium, name: string, work: () => T): T {
  if (pdfium.broken)
    throw new PdfError('DAMAGED', `${name}: PDFium failed on another document meanwhile; open it again`);
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError)) throw cause;
    pdfium.broken = true;
    throw new PdfError('DAMAGED', `${name}: PDFium failed on it (${cause.message}); get the file again`, { cause });
  }
}
