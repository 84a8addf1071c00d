import { cleanText } from './clean-text.ts';
import type { Pdfium } from './pdfium.ts';

/** A bookmark. */
export interface OutlineEntry {
  title: string;
  /** Page it leads to, from 1; absent when it leads nowhere in this document. */
  page?: number;
  /** Depth in the tree, from 1. */
  level: number;
}

/** A damaged tree may have rings, or be endless. */
const MAXIMUM_ENTRIES = 10_000;
const MAXIMUM_LEVEL = 32;

/** Reads the bookmarks, parents before children. */
export function readOutline(pdfium: Pdfium, document: number): OutlineEntry[] {
  const { calls } = pdfium;
  const entries: OutlineEntry[] = [];
  const seen = new Set<number>();
  const visit = (parent: number, level: number): void => {
    let bookmark = calls.FPDFBookmark_GetFirstChild(document, parent);
    while (bookmark !== 0 && !seen.has(bookmark) && entries.length < MAXIMUM_ENTRIES) {
      seen.add(bookmark);
      entries.push(readBookmark(pdfium, document, bookmark, level));
      if (level < MAXIMUM_LEVEL) visit(bookmark, level + 1);
      bookmark = calls.FPDFBookmark_GetNextSibling(document, bookmark);
    }
  };
  visit(0, 1);
  return entries;
}

function readBookmark(pdfium: Pdfium, document: number, bookmark: number, level: number): OutlineEntry {
  const { calls } = pdfium;
  const title = pdfium.readString((pointer, size) => calls.FPDFBookmark_GetTitle(bookmark, pointer, size));
  const destination = calls.FPDFBookmark_GetDest(document, bookmark);
  const index = destination === 0 ? -1 : calls.FPDFDest_GetDestPageIndex(document, destination);
  return { title: cleanText(title), ...(index >= 0 && { page: index + 1 }), level };
}
