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
  hidden: boolean;
}

/** A line of text: fragments of one baseline, left to right. */
export interface Line extends Fragment {
  /** Widest gap between its fragments; 0 for running text. */
  gap: number;
}

/** The middle one of some numbers; 0 of none. */
export function median(values: number[]): number {
  return values.length === 0 ? 0 : values.sort((a, b) => a - b)[values.length >> 1];
}
