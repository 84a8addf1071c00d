import { Worker } from 'node:worker_threads';
import { DedupError } from './dedup-error.ts';
import type { DedupErrorCode } from './dedup-error.ts';
import type { Advance, TaskResult } from './stage-settings.ts';
import { runStageTask } from './stage-task.ts';
import type { StageTask, TaskContext } from './stage-task.ts';
import { threadLimits } from './stage-memory.ts';
import { Workspace } from './workspace.ts';

/** What a worker is sent: what all of the tasks that follow are told, or a task. */
export type WorkerOrder = { kind: 'context'; context: TaskContext } | { kind: 'task'; task: StageTask };

/** What a worker sends. */
export type WorkerMessage =
  | { kind: 'advance'; amount: number }
  | { kind: 'result'; result: TaskResult }
  | { kind: 'error'; code: DedupErrorCode; message: string };

/** The thread beside this module; from the sources it is the built one, as threads of Node 20 run JavaScript only. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? '../dist/worker.js' : './worker.js', import.meta.url);
}

/** A thread and what is done when it says something; it lives through many stages. */
class Thread {
  readonly #worker: Worker;
  #hear: (message: WorkerMessage) => void = () => {};
  #fail: (error: DedupError) => void = () => {};

  constructor(longestLine: number) {
    // Flags of the program, loaders and such, are not for the built module.
    this.#worker = new Worker(workerUrl(), { resourceLimits: threadLimits(longestLine), execArgv: [] });
    this.#worker.on('message', (message: WorkerMessage) => this.#hear(message));
    this.#worker.on('error', (cause) => this.#end(`a worker has ended: ${cause.message}`, cause));
    this.#worker.on('exit', () => this.#end('a worker has ended before its work was done'));
  }

  #end(message: string, cause?: Error): void {
    this.#fail(new DedupError('WORKER_FAILED', message, { cause }));
  }

  #order(message: WorkerOrder): void {
    this.#worker.postMessage(message);
  }

  /** Gives the thread tasks until none is left. */
  employ(
    context: TaskContext,
    next: () => StageTask | undefined,
    finished: (task: StageTask, result: TaskResult) => void,
    advance: Advance,
    admit: (task: StageTask) => Promise<void>,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let task = next();
      const proceed = () => {
        const given = task;
        if (given) void admit(given).then(() => this.#order({ kind: 'task', task: given }));
        else resolve();
      };
      this.#fail = reject;
      this.#hear = (message) => {
        if (message.kind === 'advance') return advance(message.amount);
        if (message.kind === 'error') return reject(new DedupError(message.code, message.message));
        const done = task!;
        task = next();
        proceed(); // first, so that the thread need not wait for what is done with the result
        finished(done, message.result);
      };
      this.#order({ kind: 'context', context });
      proceed();
    });
  }

  /** Ends the thread, whatever it does. */
  async close(): Promise<void> {
    this.#fail = () => {};
    await this.#worker.terminate();
  }
}

/** Does tasks in threads, which live until {@link TaskPool.close}, or in this one if only one is asked for. */
export class TaskPool {
  readonly #workers: number;
  #threads: Thread[] = [];
  readonly #workspace = new Workspace();

  constructor(workers: number) {
    this.#workers = workers;
  }

  /**
   * Does tasks; results come in any order.
   *
   * @param admit resolves when a task may be begun; tasks wait for those before them only
   * @throws DedupError the first that a task meets
   */
  async run(
    tasks: readonly StageTask[],
    context: TaskContext,
    finished: (task: StageTask, result: TaskResult) => void,
    advance: Advance,
    admit: (task: StageTask) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    if (this.#workers === 1 || tasks.length < 2) {
      for (const task of tasks) finished(task, await runStageTask(task, context, this.#workspace, advance));
      return;
    }
    const queue = tasks.values();
    const next = () => queue.next().value as StageTask | undefined;
    const count = Math.min(this.#workers, tasks.length);
    while (this.#threads.length < count) this.#threads.push(new Thread(context.settings.longestLine));
    const threads = this.#threads.slice(0, count);
    await Promise.all(threads.map((thread) => thread.employ(context, next, finished, advance, admit)));
  }

  /** Ends all threads and gives their memory back; those that are needed later are begun anew. */
  async close(): Promise<void> {
    this.#workspace.clear();
    await Promise.all(this.#threads.map((thread) => thread.close()));
    this.#threads = [];
  }
}
