import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BYTES } from './finepdfs-item.ts';
import type { PdfDrop, PdfItem } from './finepdfs-item.ts';
import { PdfError } from './pdf-error.ts';

/** A record of a web archive, as `readWarc` of `@smol/web` gives it. */
export interface PdfRecord {
  id: string;
  type: string;
  url: string;
  date: string;
  /** Media type, lower case. */
  contentType: string;
  payload: Uint8Array;
  headers: { get(name: string): string | undefined };
  offset: number;
}

/** What FinePDFs takes for a PDF: these media types, or an address that ends in .pdf. */
const PDF_TYPES = new Set([
  'application/pdf',
  'application/x-pdf',
  'application/acrobat',
  'applications/vnd.pdf',
  'text/pdf',
]);

/** Reads the PDFs of a file, of a folder and those below it, or of a web archive. */
export function pdfReader(readWarc: ((input: string) => AsyncIterable<PdfRecord>) | undefined) {
  return async function* read(input: string): AsyncGenerator<PdfItem | PdfDrop> {
    if (/\.warc(?:\.gz)?$/i.test(input)) yield* readArchive(input, readWarc);
    else for (const path of await listFiles(input)) yield await readOne(input, path);
  };
}

async function* readArchive(
  input: string,
  readWarc: ((input: string) => AsyncIterable<PdfRecord>) | undefined,
): AsyncGenerator<PdfItem | PdfDrop> {
  if (!readWarc)
    throw new PdfError('INVALID_ARGUMENT', `${input}: is a web archive; pass readWarc of @smol/web to read it`);
  for await (const record of readWarc(input)) {
    if (record.type !== 'response') continue;
    try {
      if (!isPdf(record)) continue;
      yield fromRecord(input, record);
    } catch (error) {
      yield { drop: 'bad_response', value: record.url, message: (error as Error).message };
    }
  }
}

function isPdf({ url, contentType }: PdfRecord): boolean {
  return PDF_TYPES.has(contentType) || (URL.canParse(url) && new URL(url).pathname.toLowerCase().endsWith('.pdf'));
}

function fromRecord(input: string, record: PdfRecord): PdfItem {
  const metadata = {
    date: record.date,
    file_path: basename(input),
    offset: record.offset,
    is_truncated: record.headers.get('warc-truncated') !== undefined,
  };
  return { id: record.id, text: '', url: record.url, metadata, [BYTES]: record.payload };
}

/** The file itself, or the PDFs below a folder, in order. */
async function listFiles(input: string): Promise<string[]> {
  try {
    if (!(await stat(input)).isDirectory()) return [input];
    const names = await readdir(input, { recursive: true });
    return names.filter((name) => name.toLowerCase().endsWith('.pdf')).sort().map((name) => join(input, name)); // prettier-ignore
  } catch (cause) {
    throw new PdfError('UNREADABLE_FILE', `${input}: cannot be read (${(cause as Error).message})`, { cause });
  }
}

async function readOne(input: string, path: string): Promise<PdfItem | PdfDrop> {
  try {
    const id = path === input ? basename(path) : path.slice(input.length).replace(/^[/\\]+/, '');
    return { id, text: '', metadata: { file_path: id }, [BYTES]: await readFile(path) };
  } catch (error) {
    return { drop: 'unreadable_file', message: `${path}: cannot be read (${(error as Error).message})` };
  }
}
