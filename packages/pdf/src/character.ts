import type { Frame } from './frame.ts';

// Coordinates: points (1/72 inch), in the frame of the text itself: x runs along the baseline, y runs down the page,
// and the page's corner is at the origin, so that sideways text is laid out like upright text.

/** One glyph of a page. */
export interface Character {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
  baseline: number;
  /** Size of the font's em as drawn. */
  size: number;
  bold: boolean;
  /** Of a fixed-pitch font. */
  mono?: boolean;
  /** Of a font for formulas. */
  math?: boolean;
  /** Rank of the heading that the page's structure tree says it is part of. */
  headingLevel?: number | undefined;
  /** Drawn with text render mode 3 (ISO 32000-1, 9.3.6): an OCR layer, or hidden words. */
  hidden: boolean;
  /** PDFium saw a space, or a line end, before this glyph. */
  afterSpace: boolean;
}

/** The glyphs of a page that run in one direction. */
export interface CharacterGroup {
  /** Degrees, counter-clockwise. */
  angle: number;
  /** Extent of the page in the frame of the group. */
  width: number;
  height: number;
  /** Where that frame lies on the page. */
  frame: Frame;
  characters: Character[];
}
