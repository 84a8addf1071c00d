import { Worker } from 'node:worker_threads';
import { BatchLoader, type BatchLoaderOptions } from './batch-loader.ts';
import type { Batch } from './batch.ts';
import { DatasetError, type DatasetErrorCode } from './dataset-error.ts';
import type { LoaderState } from './loader-state.ts';
import type { Answer, PrefetchSetup, Request } from './prefetch-worker.ts';
import { checkCount } from './stages.ts';
import { TokenShard } from './token-shard.ts';

/** Options of {@link PrefetchingLoader}: shards by path, so that another thread can open them. */
export interface PrefetchingLoaderOptions extends Omit<BatchLoaderOptions, 'sources'> {
  /** Paths of the shards of each source. */
  readonly sources: Readonly<Record<string, readonly string[]>>;
  /** Batches read ahead. Default 4. */
  readonly ahead?: number;
}

interface Waiting {
  resolve(batch: Batch): void;
  reject(error: Error): void;
}

/** The worker beside this module; from the sources it is the built one, as threads of Node 20 run JavaScript only. */
function workerUrl(): URL {
  return new URL(
    import.meta.url.endsWith('.ts') ? '../dist/prefetch-worker.js' : './prefetch-worker.js',
    import.meta.url,
  );
}

/**
 * A {@link BatchLoader} that reads its batches ahead on another thread. Its position is that of the last batch handed
 * out, whatever was read ahead, so it saves, restores and skips exactly like one.
 */
export class PrefetchingLoader {
  /** Draws the same rows, but reads none: it knows the position, and refuses bad options here and now. */
  readonly #position: BatchLoader;
  readonly #worker: Worker;
  readonly #ahead: number;
  #generation = 0;
  #asked = 0;
  #ready: (Batch | Error)[] = [];
  #waiting: Waiting[] = [];

  /** @throws DatasetError as {@link BatchLoader} and {@link TokenShard.open} */
  constructor({ ahead = 4, onWarning, ...options }: PrefetchingLoaderOptions) {
    checkCount('ahead', ahead);
    const sources = Object.entries(options.sources).map(
      ([name, paths]) => [name, paths.map((path) => TokenShard.open(path))] as const,
    );
    this.#position = new BatchLoader({ ...options, onWarning, sources: Object.fromEntries(sources) });
    this.#ahead = ahead;
    this.#worker = new Worker(workerUrl(), { workerData: options satisfies PrefetchSetup, execArgv: [] });
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => this.#take(answer));
    this.#worker.on('error', (error) => this.#settle(error));
  }

  get totalSteps(): number {
    return this.#position.totalSteps;
  }

  /** The batch of the next step. One call at a time. @throws DatasetError as `BatchLoader.next` */
  async next(): Promise<Batch> {
    while (this.#asked < this.#ahead + 1) this.#ask({ kind: 'next', generation: this.#generation });
    this.#worker.ref();
    try {
      const batch = await this.#receive();
      this.#asked -= 1;
      this.#position.advance();
      return batch;
    } finally {
      this.#worker.unref();
    }
  }

  /** As `BatchLoader.state`. */
  state(): LoaderState {
    return this.#position.state();
  }

  /** As `BatchLoader.restore`. */
  restore(state: LoaderState): void {
    this.#position.restore(state);
    this.#startOver();
  }

  /** As `BatchLoader.seek`. */
  seek(step: number): void {
    this.#position.seek(step);
    this.#startOver();
  }

  /** As `BatchLoader.skip`. */
  skip(steps: number): void {
    this.#position.skip(steps);
    this.#startOver();
  }

  /** As `BatchLoader.shares`. */
  shares(): Record<string, number> {
    return this.#position.shares();
  }

  /** As `BatchLoader.epochs`. */
  epochs(): Record<string, number> {
    return this.#position.epochs();
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  /** What was read ahead belongs to another position. */
  #startOver(): void {
    this.#generation += 1;
    this.#asked = 0;
    this.#ready = [];
    const request = { kind: 'restore', generation: this.#generation, state: this.#position.state() } as const;
    this.#worker.postMessage(request satisfies Request, []);
  }

  #ask(request: Request): void {
    this.#asked += 1;
    this.#worker.postMessage(request, []);
  }

  #receive(): Promise<Batch> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#handOut();
    });
  }

  #take(answer: Answer): void {
    if (answer.generation !== this.#generation) return;
    this.#settle('batch' in answer ? answer.batch : rebuilt(answer.error));
  }

  #settle(result: Batch | Error): void {
    this.#ready.push(result);
    this.#handOut();
  }

  #handOut(): void {
    while (this.#waiting.length > 0 && this.#ready.length > 0) {
      const waiting = this.#waiting.shift() as Waiting;
      const result = this.#ready.shift() as Batch | Error;
      if (result instanceof Error) waiting.reject(result);
      else waiting.resolve(result);
    }
  }
}

function rebuilt({ code, message }: { code?: string; message: string }): Error {
  return code === undefined ? new Error(message) : new DatasetError(code as DatasetErrorCode, message);
}
