import type { Document, Drop, Reader } from './document.ts';
import { optionalPackage } from './optional-package.ts';
import { folderReader } from './read-folder.ts';
import type { FolderFile, FolderOptions } from './read-folder.ts';

/** How PDF files are read. */
export type PdfOptions = FolderOptions;

/**
 * The reader of PDF files, one or a folder of them: their text by `@smol/pdf`, which must be installed. A document's id is
 * its path below the folder. What cannot be read is dropped by the code of the error (`pdf_encrypted`, `pdf_damaged`, …).
 */
export function pdfReader(options: PdfOptions = {}): Reader {
  const { extensions = ['.pdf'], maximumFileBytes = 256 * 2 ** 20 } = options;
  return folderReader(readPaper, { ...options, extensions, maximumFileBytes });
}

async function readPaper({ address, name, bytes }: FolderFile): Promise<Document | Drop> {
  const { extractPdf, PdfError } = await optionalPackage('@smol/pdf', () => import('@smol/pdf'));
  try {
    const { text, pageCount, metadata } = await extractPdf(bytes);
    if (text.trim() === '') return { drop: 'empty_text', message: `${address} has no text` };
    const { title, author } = metadata;
    return {
      id: name,
      text,
      metadata: { file_path: address, pages: pageCount, ...(title && { title }), ...(author && { author }) },
    };
  } catch (error) {
    if (!(error instanceof PdfError)) throw error;
    return { drop: `pdf_${error.code.toLowerCase()}`, message: `${address}: ${error.message}` };
  }
}
