/** Keys of what accompanies a document between steps, and is written to no file. */
export const BYTES = Symbol('bytes of the PDF');
export const PAGES = Symbol('text of the pages');

/** A document on its way: as `@smol/pipeline` knows it, with what is not written to any file under symbols. */
export interface PdfItem {
  id: string;
  text: string;
  url?: string;
  metadata: Record<string, unknown>;
  /** The file, until it is extracted. */
  [BYTES]?: Uint8Array;
  /** The text of its pages, until it is a row. */
  [PAGES]?: string[];
}

/** Why a document is left out, as `@smol/pipeline` knows it. */
export interface PdfDrop {
  drop: string;
  value?: number | string;
  limit?: number | string;
  message?: string;
}

/** A step as `@smol/pipeline` knows it. */
export interface PdfStep {
  readonly name: string;
  readonly version: string;
  process(document: PdfItem, context: { count(name: string, amount?: number): void }): Promise<PdfItem | PdfDrop> | PdfItem | PdfDrop; // prettier-ignore
  reset?(): void;
}
