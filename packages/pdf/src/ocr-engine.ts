import type { GreyImage } from './render-page.ts';

/** A word that was recognised; edges in pixels from the picture's top left corner. */
export interface OcrWord {
  text: string;
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** How sure the engine is, 0 to 100. */
  confidence: number;
}

/** Words that stand on one line, in reading order. */
export interface OcrLine {
  words: OcrWord[];
  /** Where the letters stand, in pixels from the top. */
  baseline: number;
  /** From the foot of a `p` to the head of an `l`, in pixels. */
  height: number;
}

/** Recognises text on pictures. Give your own as the option `ocrEngine` to use it instead of Tesseract. */
export interface OcrEngine {
  /**
   * The lines of an upright picture, in reading order; none where there is no text.
   *
   * @param language as Tesseract calls it: `eng`, `deu`, …
   */
  recognize(image: GreyImage, language: string): Promise<OcrLine[]>;
  /** How many pictures may be worked on at once; default 1. */
  readonly parallel?: number;
}
