/** Left, top, right and bottom edge in points (1/72 inch) from the top left corner of the page as readers show it. */
export type Box = readonly [left: number, top: number, right: number, bottom: number];

/** Part of a page. */
export interface Place {
  /** From 1. */
  page: number;
  box: Box;
}

interface PlacedText {
  /** The text, without any markup. Rows of a table, items of a list and lines of code are lines. */
  text: string;
  /** Page on which it begins, from 1. */
  page: number;
  /** Where it stands: one place for each page and column that it goes over. */
  places: Place[];
}

/** A title. */
export interface HeadingBlock extends PlacedText {
  type: 'heading';
  /** Rank, 1 (highest) to 6. */
  level: number;
}

/** Running text; its lines are joined. Where it is a form or a table of contents, its lines stay. */
export interface ParagraphBlock extends PlacedText {
  type: 'paragraph';
  /** Markers of the footnotes it points to, in order. */
  footnotes?: string[];
}

/** An item of a list. */
export interface ListItem {
  /** As printed: `•`, `3.`, `(a)`. */
  marker: string;
  /** Whether the marker counts. */
  ordered: boolean;
  /** Depth, from 0. */
  level: number;
  text: string;
}

/** Items that follow each other. */
export interface ListBlock extends PlacedText {
  type: 'list';
  items: ListItem[];
}

/** A cell of a table, which may span rows and columns. */
export interface TableCell {
  /** Of its first row and column, from 0. */
  row: number;
  column: number;
  rowSpan: number;
  columnSpan: number;
  text: string;
}

/** A table; one that goes on over pages is one block. */
export interface TableBlock extends PlacedText {
  type: 'table';
  rows: number;
  columns: number;
  /** Rows at the top that name the columns. */
  headerRows: number;
  /** By row, then column. What no cell covers is empty. */
  cells: TableCell[];
  /** How it was found: by its lines, or by the alignment of its text. */
  found: 'rules' | 'alignment';
}

/** Program text: lines of a fixed-pitch font, with their indentation. */
export interface CodeBlock extends PlacedText {
  type: 'code';
}

/** What names a figure or a table. */
export interface CaptionBlock extends PlacedText {
  type: 'caption';
}

/** A note at the foot of a page, or of a table. */
export interface FootnoteBlock extends PlacedText {
  type: 'footnote';
  /** As printed: `1`, `*`. */
  marker: string;
}

/** A formula set apart, as its characters: there is no LaTeX. */
export interface FormulaBlock extends PlacedText {
  type: 'formula';
}

/** A part of a PDF. */
export type PdfBlock =
  | HeadingBlock
  | ParagraphBlock
  | ListBlock
  | TableBlock
  | CodeBlock
  | CaptionBlock
  | FootnoteBlock
  | FormulaBlock;
