import type { Pdfium } from './pdfium.ts';

/** A damaged tree may have rings, or be endless. */
const MAXIMUM_ELEMENTS = 20_000;
const MAXIMUM_DEPTH = 40;
/** Trees that call more of their pieces headings are not reliable. */
const MAXIMUM_SHARE = 0.7;

/**
 * Ranks of headings by the structure tree of a tagged page (ISO 32000-1, 14.7): from the number of a piece of marked content to 1 … 6.
 * Empty where there is no tree, or where it calls too much a heading.
 */
export function readHeadingTags(pdfium: Pdfium, page: number): Map<number, number> {
  const { calls } = pdfium;
  const tree = calls.FPDF_StructTree_GetForPage(page);
  if (tree === 0) return new Map();
  try {
    const reader = new TreeReader(pdfium);
    const count = calls.FPDF_StructTree_CountChildren(tree);
    for (let index = 0; index < count; index++) reader.visit(calls.FPDF_StructTree_GetChildAtIndex(tree, index), 0, 0);
    return reader.levels.size > reader.pieces * MAXIMUM_SHARE ? new Map() : reader.levels;
  } finally {
    calls.FPDF_StructTree_Close(tree);
  }
}

class TreeReader {
  readonly levels = new Map<number, number>();
  pieces = 0;
  readonly #pdfium: Pdfium;
  #left = MAXIMUM_ELEMENTS;

  constructor(pdfium: Pdfium) {
    this.#pdfium = pdfium;
  }

  /** @param level of the heading that the element is part of; 0: none */
  visit(element: number, level: number, depth: number): void {
    if (element === 0 || depth > MAXIMUM_DEPTH || this.#left-- <= 0) return;
    const { calls } = this.#pdfium;
    const type = this.#pdfium.readString((pointer, size) => calls.FPDF_StructElement_GetType(element, pointer, size));
    const own = /^H([1-6])$/.exec(type);
    const rank = own ? Number(own[1]) : level;
    const count = calls.FPDF_StructElement_CountChildren(element);
    for (let index = 0; index < count; index++) {
      const piece = calls.FPDF_StructElement_GetChildMarkedContentID(element, index);
      if (piece >= 0) {
        this.pieces++;
        if (rank > 0) this.levels.set(piece, rank);
      } else this.visit(calls.FPDF_StructElement_GetChildAtIndex(element, index), rank, depth + 1);
    }
  }
}
