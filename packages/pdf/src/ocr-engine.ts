import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Line as OcrLine, Worker } from 'tesseract.js';
import type { Fragment } from './fragment.ts';
import { median } from './fragment.ts';
import { PdfError } from './pdf-error.ts';
import type { GreyImage } from './render-page.ts';

/** What was recognised on a page. */
export interface OcrPage {
  /** One per line, in points from the page's top left corner. */
  fragments: Fragment[];
  /** Characters that are not spaces. */
  characters: number;
  /** Mean confidence of the words, 0 to 100; 0 when there are none. */
  confidence: number;
}

/** Words that Tesseract doubts more than this are noise. */
const MINIMUM_WORD_CONFIDENCE = 30;
/** Tesseract's memory grows, and what it learnt from one page may harm another. */
const PAGES_PER_WORKER = 50;
/** LSTM only. */
const ENGINE_MODE = 1;
/** Fully automatic: finds columns. Tesseract.js's own default takes the page for one block. */
const PAGE_SEGMENTATION = '3';
/** Lines within this ratio of the page's usual height have its usual size: heights depend on which letters a line has. */
const USUAL_HEIGHT = 1.5;
/** From the height of a line with ascenders and descenders to the em. */
const EM_PER_HEIGHT = 0.95;

/** Recognises text on pictures by Tesseract, offline. Call {@link OcrEngine.close} when done. */
export class OcrEngine {
  readonly #language: string;
  readonly #folder: string;
  #worker: Worker | undefined;
  #pages = 0;

  /**
   * @param language as Tesseract calls it: `eng`, `deu`, …
   * @param folder where `LANGUAGE.traineddata.gz` lies; default: the package `@tesseract.js-data/LANGUAGE`
   * @throws PdfError INVALID_ARGUMENT when there is no data for the language
   */
  constructor(language: string, folder?: string) {
    this.#language = language;
    this.#folder = folder ?? findLanguage(language);
    const file = join(this.#folder, `${language}.traineddata.gz`);
    if (existsSync(file)) return;
    throw new PdfError(
      'INVALID_ARGUMENT',
      `${file}: no such file; give the folder of Tesseract's data as ocrLanguageFolder`,
    );
  }

  /** Recognises the text of a picture. */
  async recognize(image: GreyImage): Promise<OcrPage> {
    const worker = await this.#getWorker();
    const { data } = await worker.recognize(await encodePng(image), { rotateAuto: true }, { text: true, blocks: true });
    const lines = (data.blocks ?? []).flatMap(({ paragraphs }) => paragraphs.flatMap((paragraph) => paragraph.lines));
    const words = lines.flatMap((line) => line.words);
    const fragments = toFragments(lines, 72 / image.resolution);
    return {
      fragments,
      characters: fragments.reduce((sum, { text }) => sum + text.replaceAll(' ', '').length, 0),
      confidence: words.length === 0 ? 0 : words.reduce((sum, { confidence }) => sum + confidence, 0) / words.length,
    };
  }

  async #getWorker(): Promise<Worker> {
    if (this.#pages++ % PAGES_PER_WORKER === 0) await this.close();
    this.#worker ??= await this.#startWorker();
    return this.#worker;
  }

  async #startWorker(): Promise<Worker> {
    const { createWorker } = await import('tesseract.js');
    const worker = await createWorker(this.#language, ENGINE_MODE, {
      langPath: this.#folder,
      gzip: true,
      cacheMethod: 'none',
      errorHandler: () => {}, // the promise that failed tells
    });
    await worker.setParameters({ tessedit_pageseg_mode: PAGE_SEGMENTATION as never });
    return worker;
  }

  /** Ends the worker, if there is one. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }
}

function findLanguage(language: string): string {
  const name = `@tesseract.js-data/${language}`;
  if (!/^[a-z]{3}(?:_[a-z]+)*$/i.test(language)) {
    throw new PdfError(
      'INVALID_ARGUMENT',
      `ocrLanguage must be a language as Tesseract calls it, like eng, got "${language}"`,
    );
  }
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return join(dirname(createRequire(from).resolve(`${name}/package.json`)), '4.0.0_best_int');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new PdfError(
    'INVALID_ARGUMENT',
    `the language data ${name} is not installed; run npm install ${name}, or pass ocrLanguageFolder`,
  );
}

async function encodePng({ data, width, height, resolution }: GreyImage): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  return sharp(data, { raw: { width, height, channels: 1 } })
    .withMetadata({ density: Math.round(resolution) })
    .png({ compressionLevel: 1 })
    .toBuffer();
}

function toFragments(lines: OcrLine[], scale: number): Fragment[] {
  const usual = median(lines.map(lineHeight));
  return lines.flatMap((line) => {
    const words = line.words.filter(({ confidence }) => confidence >= MINIMUM_WORD_CONFIDENCE);
    if (words.length === 0) return [];
    const height = lineHeight(line);
    const isUsual = height < usual * USUAL_HEIGHT && height > usual / USUAL_HEIGHT;
    return [
      {
        text: words.map(({ text }) => text).join(' '),
        left: Math.min(...words.map(({ bbox }) => bbox.x0)) * scale,
        right: Math.max(...words.map(({ bbox }) => bbox.x1)) * scale,
        top: line.bbox.y0 * scale,
        bottom: line.bbox.y1 * scale,
        baseline: ((line.baseline.y0 + line.baseline.y1) / 2) * scale,
        size: (isUsual ? usual : height) * EM_PER_HEIGHT * scale,
        bold: false,
        hidden: false,
      },
    ];
  });
}

function lineHeight({ bbox, rowAttributes }: OcrLine): number {
  return rowAttributes?.rowHeight || bbox.y1 - bbox.y0;
}
