import type { RecognizeResult, Scheduler } from 'tesseract.js';
import type { GreyImage } from './render-page.ts';

/** LSTM only. */
const ENGINE_MODE = 1;
/** Fully automatic: finds columns. Tesseract.js's own default takes the page for one block. */
const PAGE_SEGMENTATION = '3';

/** Threads of Tesseract for one language. They are started as they are needed: a single page needs one. */
export class TesseractCrew {
  readonly language: string;
  readonly #folder: string;
  readonly #size: number;
  readonly #scheduler: Promise<Scheduler>;
  readonly #workers: Promise<void>[] = [];
  readonly #jobs: Promise<unknown>[] = [];
  #open = 0;

  /**
   * @param folder where the language's data lies
   * @param size threads at most
   */
  constructor(language: string, folder: string, size: number) {
    this.language = language;
    this.#folder = folder;
    this.#size = size;
    this.#scheduler = import('tesseract.js').then(({ createScheduler }) => createScheduler());
  }

  /** Pages that it was given. */
  get pages(): number {
    return this.#jobs.length;
  }

  /** Recognises a picture; it waits until a thread is free. */
  recognize(image: GreyImage): Promise<RecognizeResult> {
    const job = this.#work(image);
    this.#jobs.push(job.catch(() => {})); // whoever asked for the page is told; this only counts
    return job;
  }

  /** Ends the threads once they have done what was asked. */
  async dismiss(): Promise<void> {
    await Promise.all(this.#jobs);
    await (await this.#scheduler).terminate();
  }

  async #work(image: GreyImage): Promise<RecognizeResult> {
    this.#open++;
    try {
      if (this.#workers.length < Math.min(this.#open, this.#size)) this.#workers.push(this.#addWorker());
      await Promise.all(this.#workers);
      const options: object = { user_defined_dpi: String(Math.round(image.resolution)) };
      const output = { text: false, blocks: true };
      return (await (await this.#scheduler).addJob('recognize', encodePgm(image), options, output)) as RecognizeResult;
    } finally {
      this.#open--;
    }
  }

  async #addWorker(): Promise<void> {
    const { createWorker } = await import('tesseract.js');
    const worker = await createWorker(this.language, ENGINE_MODE, {
      langPath: this.#folder,
      gzip: true,
      cacheMethod: 'none',
      errorHandler: () => {}, // the promise that failed tells
    });
    await worker.setParameters({ tessedit_pageseg_mode: PAGE_SEGMENTATION as never });
    (await this.#scheduler).addWorker(worker);
  }
}

/** A picture in a form that takes no time to write or to read (Netpbm's binary grey map); packing it took a twentieth of the recognition. */
function encodePgm({ data, width, height }: GreyImage): Buffer {
  return Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), data]);
}
