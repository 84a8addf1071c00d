/** A heading or a paragraph of a PDF. */
export interface PdfBlock {
  type: 'heading' | 'paragraph';
  /** One line, or the lines of a table or form. */
  text: string;
  /** Page on which it begins, from 1. */
  page: number;
  /** Rank of a heading, 1 (largest) to 6. */
  level?: number;
}
