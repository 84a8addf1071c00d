import type { TableArea } from './table-area.ts';

/** A run of glyphs on one baseline, in reading order, without a gap that could be a column's. Units: points, y down. */
export interface Fragment {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
  baseline: number;
  /** Em of the largest glyph. */
  size: number;
  /** Every glyph is bold. */
  bold: boolean;
  /** No glyph is bold; absent where weights are not known. */
  light?: boolean;
  hidden: boolean;
  /** PDFium saw a space before its first glyph. */
  afterSpace?: boolean;
  /** Every glyph is of a fixed-pitch font. */
  mono?: boolean;
  /** Rank of the heading that it is part of, by the structure tree. */
  headingLevel?: number | undefined;
  /** How many glyphs are of fonts for formulas. */
  math?: number;
  /** Spaces wide enough to part cells of a table. */
  gaps?: Gap[];
  /** It stands for a row of this table, in the flow of the page. */
  table?: TableArea;
}

/** A wide space within a fragment. */
export interface Gap {
  /** Index in the text of the space. */
  at: number;
  left: number;
  right: number;
}

/** A line of text: fragments of one baseline, left to right. */
export interface Line extends Fragment {
  /** Widest gap between its fragments; 0 for running text. */
  gap: number;
  /** What it was made of, in reading order. */
  parts: Fragment[];
}

/** The middle one of some numbers; 0 of none. */
export function median(values: number[]): number {
  return values.length === 0 ? 0 : values.sort((a, b) => a - b)[values.length >> 1];
}
