import { checkStreams } from './check-streams.ts';
import { detectTruncation } from './detect-truncation.ts';
import type { Truncation } from './detect-truncation.ts';
import { PdfDocument, guardTraps } from './pdf-document.ts';
import type { FileState } from './pdf-document.ts';
import { PdfError } from './pdf-error.ts';
import { loadPdfium } from './pdfium.ts';
import type { Pdfium } from './pdfium.ts';
import { MAXIMUM_BYTES, readInput } from './read-input.ts';
import type { NamedBytes, PdfInput } from './read-input.ts';
import { salvagePdf } from './salvage-pdf.ts';

/** How to open a PDF. */
export interface OpenPdfOptions {
  /** User or owner password of an encrypted PDF. */
  password?: string;
  /** What to call the PDF in messages; default: its path. */
  name?: string;
  /** Larger files are refused; default 512 MiB (the whole file is held in memory). */
  maximumBytes?: number;
  /** Reads what is filled into forms, and notes written on pages, as part of their text; default false. */
  annotations?: boolean;
  /** Files with a stream that unpacks to more are refused; default 32 MiB (fonts and images aside). */
  maximumStreamBytes?: number;
}

const MAXIMUM_STREAM_BYTES = 32 * 1024 * 1024;

/** `FPDF_GetLastError` after a failed load. */
const FORMAT_ERROR = 3;
const PASSWORD_ERROR = 4;
const SECURITY_ERROR = 5;
/** Enough to tell which of two readings of a file has more pages. */
const PAGES_TO_TRY = 2000;

/**
 * Opens a PDF.
 *
 * @param input a path, a `file:` URL, the bytes (they are copied), or a stream of them
 * @throws PdfError FILE_NOT_FOUND, UNREADABLE_FILE, NOT_A_PDF, ENCRYPTED, DAMAGED, TRUNCATED, UNSUPPORTED, TOO_LARGE
 */
export async function openPdf(input: PdfInput, options: OpenPdfOptions = {}): Promise<PdfDocument> {
  const named = await readInput(input, options.name, options.maximumBytes ?? MAXIMUM_BYTES);
  checkStreams(named.name, named.bytes, options.maximumStreamBytes ?? MAXIMUM_STREAM_BYTES);
  const pdfium = await loadPdfium();
  return guardTraps(pdfium, named.name, () => load(pdfium, named, options));
}

/** Opens the file as it is, or made readable again where its pages cannot be found. */
function load(pdfium: Pdfium, named: NamedBytes, { password = '', annotations }: OpenPdfOptions): PdfDocument {
  const truncation = detectTruncation(named.bytes);
  const opened = attempt(pdfium, named, password, { truncated: truncation.truncated, repairs: [], annotations });
  if (opened instanceof PdfDocument && !truncation.truncated) return opened;
  if (typeof opened === 'number' && opened !== FORMAT_ERROR) throw loadError(named.name, truncation, opened, password);
  const salvaged = salvage(pdfium, named, password, { truncated: truncation.truncated, repairs: [], annotations });
  const best = betterOf(opened instanceof PdfDocument ? opened : undefined, salvaged);
  if (!best) throw loadError(named.name, truncation, FORMAT_ERROR, password);
  return best;
}

/** The document, or PDFium's reason why it could not be opened. */
function attempt(
  pdfium: Pdfium,
  { name, bytes }: NamedBytes,
  password: string,
  state: FileState,
): PdfDocument | number {
  const file = pdfium.allocate(bytes.length);
  if (file === 0) {
    throw new PdfError('TOO_LARGE', `${name}: there is no memory for its ${bytes.length} bytes; close other documents`);
  }
  pdfium.memory.set(bytes, file);
  let handle = 0;
  for (const form of passwordForms(password)) {
    handle ||= pdfium.calls.FPDF_LoadMemDocument(file, bytes.length, form);
  }
  if (handle === 0) {
    const reason = pdfium.calls.FPDF_GetLastError();
    pdfium.free(file);
    return reason || FORMAT_ERROR;
  }
  const document = new PdfDocument(pdfium, name, file, handle, state);
  if (document.pageCount > 0) return document;
  document.close();
  return FORMAT_ERROR;
}

function salvage(
  pdfium: Pdfium,
  { name, bytes }: NamedBytes,
  password: string,
  state: FileState,
): PdfDocument | undefined {
  const salvaged = salvagePdf(bytes);
  if (!salvaged) return undefined;
  const repairs = [`page tree rebuilt from ${salvaged.pageCount} page objects`];
  const document = attempt(pdfium, { name, bytes: salvaged.bytes }, password, { ...state, repairs });
  return document instanceof PdfDocument ? document : undefined;
}

/** Of a file that was cut short, what PDFium finds by itself or what was salvaged: whichever has more pages that load. */
function betterOf(opened: PdfDocument | undefined, salvaged: PdfDocument | undefined): PdfDocument | undefined {
  if (!opened || !salvaged) return opened ?? salvaged;
  const [kept, other] = countPages(salvaged) > countPages(opened) ? [salvaged, opened] : [opened, salvaged];
  other.close();
  return kept;
}

function countPages(document: PdfDocument): number {
  const last = Math.min(document.pageCount, PAGES_TO_TRY);
  let count = 0;
  for (let index = 0; index < last; index++) if (document.hasPage(index)) count++;
  return count;
}

/** As typed, and as revision 6 of the standard wants it (SASLprep: compatibility forms, nothing invisible). */
function passwordForms(password: string): string[] {
  const prepared = password.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  return prepared === password ? [password] : [password, prepared];
}

function loadError(name: string, { truncated, reason: cut }: Truncation, reason: number, password: string): PdfError {
  if (reason === PASSWORD_ERROR) {
    const what = password === '' ? 'is encrypted and needs a password' : 'is encrypted and the password given is wrong';
    return new PdfError('ENCRYPTED', `${name}: ${what}; pass its user or owner password as the option password`);
  }
  if (reason === SECURITY_ERROR) {
    const message = `${name}: is encrypted in a way that PDFium does not support; save it without encryption`;
    return new PdfError('UNSUPPORTED', message);
  }
  const what = `${name}: begins like a PDF but no pages can be found in it`;
  if (truncated) return new PdfError('TRUNCATED', `${what}, because it was cut short: ${cut}; get the file again`);
  return new PdfError('DAMAGED', `${what}; get the file again`);
}
