import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ExtractedPdf, ExtractPdfOptions } from './extract-pdf.ts';
import { PdfError } from './pdf-error.ts';
import type { PoolAnswer } from './pool-worker.ts';
import { MAXIMUM_BYTES, readInput } from './read-input.ts';
import type { PdfInput } from './read-input.ts';

/** How many threads extract, and when one is given up. */
export interface PdfPoolOptions {
  /** Threads; default one for each core. Each has a PDFium of its own, about 100 MB. */
  workers?: number;
  /** Ends a thread that has worked on one document for so long: a hang, not a budget; default 600 s. */
  hangSeconds?: number;
  /** Heap of each thread in MB; default 1024. */
  heapMegabytes?: number;
}

/** Documents after which a thread is renewed: the memory of PDFium never shrinks. */
const DOCUMENTS_PER_WORKER = 500;

/** A thread, and how many documents it has done. */
interface Seat {
  worker: Worker;
  done: number;
}

/** Threads that extract PDFs. Call {@link PdfPool.close} when done. */
export class PdfPool {
  readonly size: number;
  readonly #hangSeconds: number;
  readonly #heapMegabytes: number;
  readonly #idle: Seat[] = [];
  readonly #waiting: ((seat: Seat) => void)[] = [];
  #seats = 0;

  constructor({ workers = availableParallelism(), hangSeconds = 600, heapMegabytes = 1024 }: PdfPoolOptions = {}) {
    this.size = Math.max(1, Math.floor(workers));
    this.#hangSeconds = hangSeconds;
    this.#heapMegabytes = heapMegabytes;
  }

  /**
   * Extracts a PDF on a thread.
   *
   * @throws PdfError as `extractPdf`, TIMED_OUT when the thread hangs, TOO_LARGE when its heap is full
   */
  async extract(input: PdfInput, options: ExtractPdfOptions = {}): Promise<ExtractedPdf> {
    if (options.ocrEngine || options.identifyLanguage) {
      const message = 'ocrEngine and identifyLanguage are functions, which threads cannot share; use extractPdf';
      throw new PdfError('INVALID_ARGUMENT', message);
    }
    const path = input instanceof URL ? fileURLToPath(input) : input;
    const name = options.name ?? (typeof path === 'string' ? path : 'the PDF');
    const source = isStream(path) ? (await readInput(path, name, options.maximumBytes ?? MAXIMUM_BYTES)).bytes : path;
    const seat = await this.#takeSeat();
    try {
      return await this.#run(seat, source, options, name);
    } finally {
      this.#leaveSeat(seat);
    }
  }

  /** Ends the threads; what they still do is lost. */
  async close(): Promise<void> {
    this.#seats -= this.#idle.length;
    await Promise.all(this.#idle.splice(0).map(({ worker }) => worker.terminate()));
  }

  async #takeSeat(): Promise<Seat> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#seats < this.size) {
      this.#seats++;
      return { worker: this.#start(), done: 0 };
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #leaveSeat(seat: Seat): void {
    if (seat.done >= DOCUMENTS_PER_WORKER) this.#renew(seat);
    const next = this.#waiting.shift();
    if (next) next(seat);
    else this.#idle.push(seat);
  }

  #renew(seat: Seat): void {
    void seat.worker.terminate();
    seat.worker = this.#start();
    seat.done = 0;
  }

  #start(): Worker {
    const worker = new Worker(workerUrl(), { resourceLimits: { maxOldGenerationSizeMb: this.#heapMegabytes } });
    worker.unref(); // a pool that is forgotten keeps no program alive; each task does
    return worker;
  }

  async #run(seat: Seat, input: string | Uint8Array, options: ExtractPdfOptions, name: string): Promise<ExtractedPdf> {
    seat.done++;
    const answer = await this.#ask(seat, input, options, name);
    if ('result' in answer) return answer.result;
    if (answer.code === undefined) throw new Error(`${name}: ${answer.message}`);
    throw new PdfError(answer.code, answer.message);
  }

  /** The answer of a thread; one that hangs or dies is replaced. */
  #ask(seat: Seat, input: string | Uint8Array, options: ExtractPdfOptions, name: string): Promise<PoolAnswer> {
    const { worker } = seat;
    return new Promise((resolve, reject) => {
      const giveUp = (error: PdfError): void => finish(() => reject(error), true);
      const timer = setTimeout(() => giveUp(new PdfError('TIMED_OUT', `${name}: gave no result for ${this.#hangSeconds} s`)), this.#hangSeconds * 1000); // prettier-ignore
      const onAnswer = (answer: PoolAnswer): void => finish(() => resolve(answer), false);
      const onError = (cause: NodeJS.ErrnoException): void => giveUp(threadError(name, cause));
      const finish = (settle: () => void, isLost: boolean): void => {
        clearTimeout(timer);
        worker.off('message', onAnswer).off('error', onError);
        worker.unref();
        if (isLost) this.#renew(seat);
        settle();
      };
      worker.on('message', onAnswer).on('error', onError);
      worker.ref();
      worker.postMessage({ input, options });
    });
  }
}

function isStream(input: string | Uint8Array | AsyncIterable<Uint8Array>): input is AsyncIterable<Uint8Array> {
  return typeof input !== 'string' && !(input instanceof Uint8Array);
}

function threadError(name: string, cause: NodeJS.ErrnoException): PdfError {
  if (cause.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new PdfError('TOO_LARGE', `${name}: needs more memory than a thread has; raise heapMegabytes`, { cause });
  }
  return new PdfError('DAMAGED', `${name}: ended its thread (${cause.message})`, { cause });
}

/** The built worker, also when this file runs as source. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? '../dist/pool-worker.js' : './pool-worker.js', import.meta.url);
}
