import { decodeHtml } from './decode-html.ts';
import { collapseSpace } from './text-width.ts';
import { DEFAULT_MAXIMUM_WORK, extractHtml } from './extract-html.ts';
import type { ExtractedPage } from './extract-html.ts';
import type { WarcRecord } from './warc-record.ts';
import { WebError } from './web-error.ts';

/** A text with where it came from; metadata keys follow datatrove. */
export interface WebDocument {
  id: string;
  text: string;
  url?: string;
  metadata: Record<string, unknown>;
}

/** Why a record gives no document. */
export type RecordDropReason =
  | 'record_type'
  | 'http'
  | 'http_status'
  | 'content_type'
  | 'charset'
  | 'work_budget'
  | 'empty_text';

/** A record that gives no document, and the reason to count it under. */
export interface DroppedRecord {
  keep: false;
  reason: RecordDropReason;
  /** What was found. */
  value?: string | number;
  /** What would have been taken. */
  limit: string | number;
}

/** How `warcToDocument` reads records. */
export interface WarcToDocumentOptions {
  /** Name of the crawl, kept as `metadata.dump`. */
  dump?: string;
  /** See `decodeHtml`. */
  useDeclaration?: boolean;
  /** See `extractHtml`. */
  maximumWork?: number;
  format?: 'text' | 'markdown';
  links?: boolean;
}

const HTML_TYPES = new Set(['text/html', 'application/xhtml+xml']);

/** What a record must be or have, by the reason that is given where it is not so. */
const LIMITS: Record<RecordDropReason, string | number> = {
  record_type: 'response, conversion',
  http: 'an HTTP response that can be read',
  http_status: '200 to 299',
  content_type: [...HTML_TYPES].join(', '),
  charset: 'a charset that is declared or recognised',
  work_budget: DEFAULT_MAXIMUM_WORK,
  empty_text: 1,
};

/**
 * The document in a `response` (HTML: decoded, main text extracted) or a `conversion` record (WET: its plain text, or HTML),
 * with the tests of FineWeb's reader. Tell the two results apart by `'keep' in result`.
 */
export function warcToDocument(record: WarcRecord, options: WarcToDocumentOptions = {}): WebDocument | DroppedRecord {
  if (record.type !== 'response' && record.type !== 'conversion') return drop('record_type', record.type);
  try {
    return convert(record, options);
  } catch (error) {
    if (!(error instanceof WebError)) throw error;
    if (error.code !== 'TOO_MUCH_WORK') return drop('http', error.code);
    return { ...drop('work_budget', error.code), limit: options.maximumWork ?? DEFAULT_MAXIMUM_WORK };
  }
}

function convert(record: WarcRecord, options: WarcToDocumentOptions): WebDocument | DroppedRecord {
  const { http, payload } = record;
  if (http && (http.status < 200 || http.status > 299)) return drop('http_status', http.status);
  const type = record.contentType || sniffType(payload);
  const isPlain = record.type === 'conversion' && type === 'text/plain';
  if (!isPlain && !HTML_TYPES.has(type)) return drop('content_type', type);
  const decoded = decodeHtml(payload, {
    contentType: http?.headers.get('content-type'),
    useDeclaration: options.useDeclaration,
  });
  if (!decoded) return drop('charset');
  const page = isPlain
    ? plainPage(decoded.text)
    : extractHtml(decoded.text, {
        url: record.url,
        maximumWork: options.maximumWork,
        format: options.format,
        links: options.links,
      });
  return page ? toDocument(record, page, options) : drop('empty_text');
}

function toDocument(record: WarcRecord, page: ExtractedPage, options: WarcToDocumentOptions): WebDocument {
  const { text, title, author, date, language, direction, canonicalUrl, noindex, robots, license } = page;
  const directives = [robots, record.type === 'response' ? record.http?.headers.get('x-robots-tag') : undefined];
  const wishes = directives.filter((wish) => wish !== undefined).join(', ');
  const metadata = {
    dump: options.dump,
    date: record.date || undefined,
    file_path: record.source,
    file_offset: record.offset,
    title,
    author,
    published: date,
    html_language: language,
    html_direction: direction,
    canonical_url: canonicalUrl,
    noindex: noindex || /\b(?:noindex|none)\b/i.test(wishes) || undefined,
    robots: wishes || undefined,
    license,
  };
  const given = Object.entries(metadata).filter(([, value]) => value !== undefined);
  return { id: record.id, text, ...(record.url && { url: record.url }), metadata: Object.fromEntries(given) };
}

function plainPage(text: string): ExtractedPage | null {
  return collapseSpace(text).trim() === '' ? null : { text: text.trim() };
}

/** For records without a type: HTML begins like HTML (FineWeb asks libmagic). */
function sniffType(payload: Uint8Array): string {
  const head = Buffer.from(payload.subarray(0, 1024))
    .toString('latin1')
    .replace(/^[\s\u00ef\u00bb\u00bf]+/, '');
  return /^<(?:!doctype html|html|head|body|title|meta|\?xml[^>]{0,200}>\s{0,20}<(?:!doctype html|html))/i.test(head)
    ? 'text/html'
    : '';
}

function drop(reason: RecordDropReason, value?: string | number): DroppedRecord {
  return { keep: false, reason, ...(value !== undefined && { value }), limit: LIMITS[reason] };
}
