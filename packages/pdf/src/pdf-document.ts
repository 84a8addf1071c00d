import type { CharacterGroup } from './character.ts';
import { PdfError } from './pdf-error.ts';
import { loadPdfium } from './pdfium.ts';
import type { Pdfium } from './pdfium.ts';
import { readOutline } from './read-outline.ts';
import type { OutlineEntry } from './read-outline.ts';
import { readCharacters } from './read-characters.ts';
import { readMetadata } from './pdf-metadata.ts';
import type { PdfMetadata } from './pdf-metadata.ts';
import { imageShare, renderPage } from './render-page.ts';
import type { GreyImage } from './render-page.ts';
import { readInput } from './read-input.ts';
import type { NamedBytes, PdfInput } from './read-input.ts';

/** How to open a PDF. */
export interface OpenPdfOptions {
  /** User or owner password of an encrypted PDF. */
  password?: string;
  /** What to call the PDF in messages; default: its path. */
  name?: string;
  /** Larger files are refused; default 512 MiB (the whole file is held in memory). */
  maximumBytes?: number;
}

const MAXIMUM_BYTES = 512 * 1024 * 1024;

/** `FPDF_GetLastError` after a failed load. */
const FORMAT_ERROR = 3;
const PASSWORD_ERROR = 4;
const SECURITY_ERROR = 5;

/** An open PDF. Memory outside the JavaScript heap is held until {@link PdfDocument.close}. */
export class PdfDocument {
  /** What the PDF is called in messages. */
  readonly name: string;
  readonly pageCount: number;
  readonly metadata: PdfMetadata;
  readonly #pdfium: Pdfium;
  readonly #file: number;
  readonly #handle: number;
  #closed = false;

  /** Use {@link openPdf}. */
  constructor(pdfium: Pdfium, name: string, file: number, handle: number) {
    this.#pdfium = pdfium;
    this.#file = file;
    this.#handle = handle;
    this.name = name;
    this.pageCount = pdfium.calls.FPDF_GetPageCount(handle);
    this.metadata = readMetadata(pdfium, handle);
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
    return this.#withTextPage(index, (pdfium, textPage, page) => {
      const count = pdfium.calls.FPDFText_CountChars(textPage);
      if (count <= maximum) return readCharacters(pdfium, textPage, page);
      throw new PdfError(
        'TOO_LARGE',
        `${this.name}: page ${index + 1} has ${count} characters where ${maximum} are left; raise maximumCharacters to read it`,
      );
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
   * Share of a page that its images cover, 0 to 1.
   *
   * @param index from 0
   * @throws PdfError INVALID_ARGUMENT, DAMAGED
   */
  imageShare(index: number): number {
    return this.#withPage(index, imageShare);
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
    return page;
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

/**
 * Opens a PDF.
 *
 * @param input a path, a `file:` URL, or the bytes (they are copied)
 * @throws PdfError FILE_NOT_FOUND, UNREADABLE_FILE, NOT_A_PDF, ENCRYPTED, DAMAGED, UNSUPPORTED, TOO_LARGE
 */
export async function openPdf(input: PdfInput, options: OpenPdfOptions = {}): Promise<PdfDocument> {
  const named = await readInput(input, options.name, options.maximumBytes ?? MAXIMUM_BYTES);
  const pdfium = await loadPdfium();
  return guardTraps(pdfium, named.name, () => load(pdfium, named, options.password ?? ''));
}

function load(pdfium: Pdfium, { name, bytes }: NamedBytes, password: string): PdfDocument {
  const file = pdfium.allocate(bytes.length);
  if (file === 0) {
    throw new PdfError('TOO_LARGE', `${name}: there is no memory for its ${bytes.length} bytes; close other documents`);
  }
  pdfium.memory.set(bytes, file);
  let handle = 0;
  for (const form of passwordForms(password)) {
    handle ||= pdfium.calls.FPDF_LoadMemDocument(file, bytes.length, form);
  }
  const reason = handle === 0 ? pdfium.calls.FPDF_GetLastError() : 0;
  if (handle !== 0) {
    const document = new PdfDocument(pdfium, name, file, handle);
    if (document.pageCount > 0) return document;
    document.close();
  } else {
    pdfium.free(file);
  }
  throw loadError(name, bytes, reason || FORMAT_ERROR, password);
}

/** As typed, and as revision 6 of the standard wants it (SASLprep: compatibility forms, nothing invisible). */
function passwordForms(password: string): string[] {
  const prepared = password.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  return prepared === password ? [password] : [password, prepared];
}

function loadError(name: string, bytes: Uint8Array, reason: number, password: string): PdfError {
  if (reason === PASSWORD_ERROR) {
    const what = password === '' ? 'is encrypted and needs a password' : 'is encrypted and the password given is wrong';
    return new PdfError('ENCRYPTED', `${name}: ${what}; pass its user or owner password as the option password`);
  }
  if (reason === SECURITY_ERROR) {
    return new PdfError(
      'UNSUPPORTED',
      `${name}: is encrypted in a way that PDFium does not support; save it without encryption`,
    );
  }
  const tail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(-2048);
  const guess = tail.includes('%%EOF') ? '' : ' (its end is missing: it was probably cut short)';
  return new PdfError(
    'DAMAGED',
    `${name}: begins like a PDF but no pages can be found in it${guess}; get the file again`,
  );
}

/** PDFium traps (or its stack or memory is exhausted) instead of crashing: that becomes a coded error, and the instance is given up. */
function guardTraps<T>(pdfium: Pdfium, name: string, work: () => T): T {
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
