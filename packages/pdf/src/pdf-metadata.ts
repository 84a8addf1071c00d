import type { Pdfium } from './pdfium.ts';

/** What a PDF says about itself. Dates are ISO 8601 where they could be read; absent entries are absent. */
export interface PdfMetadata {
  title?: string;
  author?: string;
  subject?: string;
  keywords?: string;
  creator?: string;
  producer?: string;
  created?: string;
  modified?: string;
}

const ENTRIES = [
  ['title', 'Title'],
  ['author', 'Author'],
  ['subject', 'Subject'],
  ['keywords', 'Keywords'],
  ['creator', 'Creator'],
  ['producer', 'Producer'],
  ['created', 'CreationDate'],
  ['modified', 'ModDate'],
] as const;

/** `D:YYYYMMDDHHmmSSOHH'mm'`, everything after the year optional (ISO 32000-1, 7.9.4). */
const PDF_DATE = /^\s*(?:D:)?(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?\s*(?:(Z)|([+-])(\d{2})'?(\d{2})?)?/;

/**
 * A PDF date as ISO 8601, as exact as it was given.
 *
 * @returns undefined when it is no date
 */
export function parsePdfDate(text: string): string | undefined {
  const match = PDF_DATE.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, zulu, sign, zoneHour, zoneMinute] = match;
  const date = [year, month, day].filter(Boolean).join('-');
  if (!hour || !day) return isDate(date) ? date : undefined;
  const zone = sign ? `${sign}${zoneHour}:${zoneMinute ?? '00'}` : zulu ? 'Z' : '';
  const time = `${date}T${hour}:${minute ?? '00'}:${second ?? '00'}${zone}`;
  return isDate(time) ? time : undefined;
}

function isDate(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}

/** Reads the document information dictionary. */
export function readMetadata(pdfium: Pdfium, document: number): PdfMetadata {
  const metadata: PdfMetadata = {};
  for (const [key, entry] of ENTRIES) {
    const value = pdfium
      .readString((pointer, size) => pdfium.calls.FPDF_GetMetaText(document, entry, pointer, size))
      .normalize('NFC')
      .replace(/\p{Cc}+/gu, ' ')
      .trim();
    const readable = key === 'created' || key === 'modified' ? parsePdfDate(value) : value;
    if (readable) metadata[key] = readable;
  }
  return metadata;
}
