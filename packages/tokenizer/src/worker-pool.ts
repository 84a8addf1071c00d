import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { TokenizerErrorCode } from './tokenizer-error.ts';
import { TokenizerError } from './tokenizer-error.ts';
import type { WorkerAnswer } from './worker.ts';
import type { WorkerRole, WorkerTask } from './worker-tasks.ts';

/** The worker beside this module; from the sources it is the built one, as threads of Node 20 run JavaScript only. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? '../dist/worker.js' : './worker.js', import.meta.url);
}

/** As many workers as asked for, by default one for every core. */
export function workerCount(wanted: number = availableParallelism()): number {
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= 256) return wanted;
  throw new TokenizerError('INVALID_ARGUMENT', `workers must be an integer from 1 to 256, got ${wanted}`);
}

/** A thread that does one task at a time, in the order in which they are given. */
class TaskThread {
  readonly #worker: Worker;
  #last: Promise<unknown> = Promise.resolve();

  constructor(role: WorkerRole) {
    this.#worker = new Worker(workerUrl(), { workerData: role });
    this.#worker.unref();
  }

  /** Starts a task when those before it are done. */
  run(task: WorkerTask): Promise<unknown> {
    const result = this.#last.then(() => this.#ask(task));
    this.#last = result.catch(() => undefined);
    return result;
  }

  #ask(task: WorkerTask): Promise<unknown> {
    const worker = this.#worker;
    worker.ref();
    return new Promise<unknown>((resolve, reject) => {
      const stop = (settle: () => void): void => {
        worker.off('message', onMessage).off('error', onError).off('exit', onExit).unref();
        settle();
      };
      const onMessage = (answer: WorkerAnswer): void =>
        stop(() => ('value' in answer ? resolve(answer.value) : reject(rebuilt(answer.error))));
      const onError = (error: Error): void => stop(() => reject(error));
      const onExit = (code: number): void => stop(() => reject(new Error(`a worker has ended with exit code ${code}`)));
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.postMessage(task, []);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

function rebuilt({ code, message }: { code: string; message: string }): TokenizerError {
  return new TokenizerError(code as TokenizerErrorCode, message);
}

/** Threads that share tasks. */
export class WorkerPool {
  readonly #threads: TaskThread[];
  #next = 0;

  /** @param role what each of them is made for, given its number */
  constructor(workers: number, role: (index: number) => WorkerRole) {
    this.#threads = Array.from({ length: workers }, (_, index) => new TaskThread(role(index)));
  }

  get size(): number {
    return this.#threads.length;
  }

  /** Gives a task to the next thread in turn. */
  run(task: WorkerTask): Promise<unknown> {
    const thread = this.#threads[this.#next];
    this.#next = (this.#next + 1) % this.#threads.length;
    return thread.run(task);
  }

  /** Gives a task to every thread. */
  runAll(task: WorkerTask): Promise<unknown[]> {
    return Promise.all(this.#threads.map((thread) => thread.run(task)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}
