import { availableParallelism } from 'node:os';
import type { Line, RecognizeResult, Scheduler } from 'tesseract.js';
import type { OcrEngine, OcrLine } from './ocr-engine.ts';
import { findLanguageData } from './ocr-language.ts';
import type { GreyImage } from './render-page.ts';

/** How Tesseract is run. */
export interface TesseractOptions {
  /** Threads; default as many as there are cores, at most 4. Each takes about 200 MB. */
  workers?: number;
  /** Where `LANGUAGE.traineddata.gz` lies; default: the npm package `@tesseract.js-data/LANGUAGE`. */
  languageFolder?: string;
}

/** Tesseract's memory grows with every page (github naptha/tesseract.js issues 900 and 977), so its threads are renewed. */
const PAGES_PER_WORKER = 50;
/** LSTM only. */
const ENGINE_MODE = 1;
/** Fully automatic: finds columns. Tesseract.js's own default takes the page for one block. */
const PAGE_SEGMENTATION = '3';

/** Threads for one language, and what they still work on. */
interface Crew {
  language: string;
  scheduler: Promise<Scheduler>;
  jobs: Promise<unknown>[];
}

/** Tesseract, offline, on threads. One engine may serve many documents; call {@link TesseractEngine.close} when done. */
export class TesseractEngine implements OcrEngine {
  readonly parallel: number;
  readonly #folder: string | undefined;
  #crew: Crew | undefined;

  constructor(options: TesseractOptions = {}) {
    this.parallel = options.workers ?? Math.min(4, availableParallelism());
    this.#folder = options.languageFolder;
  }

  /** @throws PdfError INVALID_ARGUMENT when there is no data for the language */
  async recognize(image: GreyImage, language: string): Promise<OcrLine[]> {
    const folder = findLanguageData(language, this.#folder);
    const crew = this.#crewFor(language, folder);
    const job = (async () => {
      const [scheduler, picture] = await Promise.all([crew.scheduler, encodePng(image)]);
      const result = await scheduler.addJob('recognize', picture, {}, { text: true, blocks: true });
      return toLines(result as RecognizeResult);
    })();
    crew.jobs.push(job.catch(() => {})); // whoever asked for the page is told; this only counts
    return job;
  }

  /** Ends the threads once they have done what was asked. */
  async close(): Promise<void> {
    const crew = this.#crew;
    this.#crew = undefined;
    if (crew) await dismiss(crew);
  }

  #crewFor(language: string, folder: string): Crew {
    const crew = this.#crew;
    const isTired = crew && crew.jobs.length >= PAGES_PER_WORKER * this.parallel;
    if (crew && crew.language === language && !isTired) return crew;
    if (crew) void dismiss(crew);
    const scheduler = startWorkers(language, folder, this.parallel);
    scheduler.catch(() => {}); // the jobs that wait for it fail with the same error
    this.#crew = { language, scheduler, jobs: [] };
    return this.#crew;
  }
}

async function dismiss({ scheduler, jobs }: Crew): Promise<void> {
  await Promise.all(jobs);
  await scheduler.then((started) => started.terminate()).catch(() => {});
}

async function startWorkers(language: string, folder: string, count: number): Promise<Scheduler> {
  const { createScheduler, createWorker } = await import('tesseract.js');
  const scheduler = createScheduler();
  const start = async (): Promise<void> => {
    const worker = await createWorker(language, ENGINE_MODE, {
      langPath: folder,
      gzip: true,
      cacheMethod: 'none',
      errorHandler: () => {}, // the promise that failed tells
    });
    await worker.setParameters({ tessedit_pageseg_mode: PAGE_SEGMENTATION as never });
    scheduler.addWorker(worker);
  };
  await Promise.all(Array.from({ length: count }, start));
  return scheduler;
}

async function encodePng({ data, width, height, resolution }: GreyImage): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  return sharp(data, { raw: { width, height, channels: 1 } })
    .withMetadata({ density: Math.round(resolution) })
    .png({ compressionLevel: 1 })
    .toBuffer();
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
