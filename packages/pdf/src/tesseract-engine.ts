import { availableParallelism } from 'node:os';
import type { Line, RecognizeResult } from 'tesseract.js';
import type { OcrEngine, OcrLine } from './ocr-engine.ts';
import { findLanguageData } from './ocr-language.ts';
import type { GreyImage } from './render-page.ts';
import { TesseractCrew } from './tesseract-crew.ts';

/** How Tesseract is run. */
export interface TesseractOptions {
  /** Threads; default as many as there are cores, at most 4. Each takes about 200 MB. */
  workers?: number;
  /** Where `LANGUAGE.traineddata.gz` lies; default: the npm package `@tesseract.js-data/LANGUAGE`. */
  languageFolder?: string;
}

/** Tesseract's memory grows with every page (github naptha/tesseract.js issues 900 and 977), so its threads are renewed. */
const PAGES_PER_WORKER = 50;

/** Tesseract, offline, on threads. One engine may serve many documents; call {@link TesseractEngine.close} when done. */
export class TesseractEngine implements OcrEngine {
  readonly parallel: number;
  readonly #folder: string | undefined;
  #crew: TesseractCrew | undefined;

  constructor(options: TesseractOptions = {}) {
    this.parallel = options.workers ?? Math.min(4, availableParallelism());
    this.#folder = options.languageFolder;
  }

  /** @throws PdfError INVALID_ARGUMENT when there is no data for the language */
  async recognize(image: GreyImage, language: string): Promise<OcrLine[]> {
    const folder = findLanguageData(language, this.#folder);
    return toLines(await this.#crewFor(language, folder).recognize(image));
  }

  /** Ends the threads once they have done what was asked. */
  async close(): Promise<void> {
    const crew = this.#crew;
    this.#crew = undefined;
    await crew?.dismiss();
  }

  #crewFor(language: string, folder: string): TesseractCrew {
    const crew = this.#crew;
    const isTired = crew && crew.pages >= PAGES_PER_WORKER * this.parallel;
    if (crew && crew.language === language && !isTired) return crew;
    void crew?.dismiss();
    this.#crew = new TesseractCrew(language, folder, this.parallel);
    return this.#crew;
  }
}

function toLines({ data }: RecognizeResult): OcrLine[] {
  const lines = (data.blocks ?? []).flatMap(({ paragraphs }) => paragraphs.flatMap((paragraph) => paragraph.lines));
  return lines.map((line) => ({
    words: line.words.map(({ text, confidence, bbox }) => ({ text, confidence, left: bbox.x0, top: bbox.y0, right: bbox.x1, bottom: bbox.y1 })), // prettier-ignore
    baseline: (line.baseline.y0 + line.baseline.y1) / 2,
    height: lineHeight(line),
  }));
}

function lineHeight({ bbox, rowAttributes }: Line): number {
  return rowAttributes?.rowHeight || bbox.y1 - bbox.y0;
}
