import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PdfError } from './pdf-error.ts';

/** A PDF: a path, a `file:` URL, the bytes themselves, or a stream of them. */
export type PdfInput = string | URL | Uint8Array | AsyncIterable<Uint8Array>;

/** The bytes of an input, and what to call it in messages. */
export interface NamedBytes {
  name: string;
  bytes: Uint8Array;
}

/** Files are held in memory: larger ones are refused unless more is allowed. */
export const MAXIMUM_BYTES = 512 * 1024 * 1024;
/** The header may come late: PDFium looks for it in the first kilobyte, like other readers. */
const HEADER_WINDOW = 1024;

/**
 * Reads an input whole (a PDF's table of contents is at its end) and looks whether it begins like a PDF.
 *
 * @throws PdfError FILE_NOT_FOUND, UNREADABLE_FILE, TOO_LARGE, NOT_A_PDF
 */
export async function readInput(input: PdfInput, name: string | undefined, maximumBytes: number): Promise<NamedBytes> {
  const path = input instanceof URL ? fileURLToPath(input) : input;
  const named = name ?? (typeof path === 'string' ? path : 'the PDF');
  const bytes = await readBytes(path, named, maximumBytes);
  checkSize(named, bytes.length, maximumBytes);
  checkHeader(named, bytes);
  return { name: named, bytes };
}

async function readBytes(input: Exclude<PdfInput, URL>, name: string, maximumBytes: number): Promise<Uint8Array> {
  if (typeof input === 'string') return readFileUpTo(input, maximumBytes);
  return input instanceof Uint8Array ? input : readStreamUpTo(input, name, maximumBytes);
}

async function readStreamUpTo(
  stream: AsyncIterable<Uint8Array>,
  name: string,
  maximumBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      length += chunk.length;
      checkSize(name, length, maximumBytes);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof PdfError) throw cause;
    throw new PdfError('UNREADABLE_FILE', `${name}: the stream broke off (${(cause as Error).message})`, { cause });
  }
  return Buffer.concat(chunks);
}

async function readFileUpTo(path: string, maximumBytes: number): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      checkSize(path, (await file.stat()).size, maximumBytes);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof PdfError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new PdfError('FILE_NOT_FOUND', `${path}: no such file; check the path`, { cause });
    }
    throw new PdfError('UNREADABLE_FILE', `${path}: cannot be read (${message})`, { cause });
  }
}

function checkSize(name: string, size: number, maximumBytes: number): void {
  if (size <= maximumBytes) return;
  throw new PdfError(
    'TOO_LARGE',
    `${name}: has ${size} bytes, more than the ${maximumBytes} allowed; raise maximumBytes to read it`,
  );
}

function checkHeader(name: string, bytes: Uint8Array): void {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEADER_WINDOW));
  if (head.includes('%PDF-')) return;
  const got =
    bytes.length === 0 ? 'the file is empty' : `it begins with ${JSON.stringify(head.toString('latin1', 0, 16))}`;
  throw new PdfError(
    'NOT_A_PDF',
    `${name}: is not a PDF: %PDF- was expected at its beginning, but ${got}; give a PDF file`,
  );
}
