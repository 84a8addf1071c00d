import type { ExtractOptions } from '@smol/web';
import type { Document, Drop, Reader } from './document.ts';
import { optionalPackage } from './optional-package.ts';
import { folderReader } from './read-folder.ts';
import type { FolderFile, FolderOptions } from './read-folder.ts';

/** How HTML files are read. */
export interface HtmlOptions extends FolderOptions, ExtractOptions {}

/**
 * The reader of HTML files, one or a folder of them (`.html`, `.htm`, `.xhtml`): the main text by `@smol/web`, which must be
 * installed. A document's id is its path below the folder, its url the page's canonical one.
 */
export function htmlReader(options: HtmlOptions = {}): Reader {
  const { extensions = ['.html', '.htm', '.xhtml'], maximumFileBytes = 64 * 2 ** 20 } = options;
  return folderReader((file) => readPage(file, options), { ...options, extensions, maximumFileBytes });
}

async function readPage({ address, name, bytes }: FolderFile, options: HtmlOptions): Promise<Document | Drop> {
  const { decodeHtml, extractHtml, WebError } = await optionalPackage('@smol/web', () => import('@smol/web'));
  const decoded = decodeHtml(bytes);
  if (!decoded) return { drop: 'charset', message: `the characters of ${address} cannot be told` };
  try {
    const page = extractHtml(decoded.text, options);
    if (!page || page.text === '') return { drop: 'empty_text', message: `${address} has no main text` };
    const { text, title, author, date, language, canonicalUrl, noindex, license } = page;
    const metadata = { file_path: address, title, author, published: date, html_language: language, noindex, license };
    const given = Object.entries(metadata).filter(([, value]) => value !== undefined);
    return { id: name, text, ...(canonicalUrl ? { url: canonicalUrl } : {}), metadata: Object.fromEntries(given) };
  } catch (error) {
    if (!(error instanceof WebError)) throw error;
    return {
      drop: error.code === 'TOO_MUCH_WORK' ? 'work_budget' : 'damaged_html',
      message: `${address}: ${error.message}`,
    };
  }
}
