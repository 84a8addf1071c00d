import { Tinypool } from 'tinypool';
import { PipelineError, messageOf } from './pipeline-error.ts';
import type { Split } from './document.ts';
import { describeTask } from './task.ts';
import type { Sent, SentError, SplitJob, StepsSource, TaskJob } from './worker.ts';

/** How long a step may go on after it was asked to stop, before its thread is ended. */
const GRACE_MILLISECONDS = 5000;

const isSource = import.meta.url.endsWith('.ts');

/** Worker threads that run tasks, one at a time each. */
export class WorkerPool {
  readonly #pool: Tinypool;
  #timer: NodeJS.Timeout | undefined;

  constructor(workers: number, heapMegabytes?: number) {
    this.#pool = new Tinypool({
      filename: workerUrl().href,
      runtime: 'worker_threads',
      minThreads: 1,
      maxThreads: workers,
      idleTimeout: 1000,
      // What makes this process find sources would make its threads find them too, which they cannot run.
      ...(isSource ? { execArgv: [] } : {}),
      resourceLimits: heapMegabytes === undefined ? {} : { maxOldGenerationSizeMb: heapMegabytes },
    });
  }

  /** Names and versions of the steps that the workers will run. */
  describe(source: StepsSource): Promise<{ name: string; version?: string }[]> {
    return this.#call('describeSteps', source, `the worker loading ${source.moduleUrl}`);
  }

  /** How the reader splits an input; `undefined` where it cannot. */
  split(job: SplitJob): Promise<readonly Split[] | undefined> {
    return this.#call('splitInput', job, `the worker splitting ${job.input}`);
  }

  /** @throws PipelineError whatever went wrong in the worker, or with it */
  run(job: TaskJob): Promise<undefined> {
    return this.#call('work', job, `the worker running ${describeTask(job.task)}`);
  }

  /** Ends threads that are still running some time from now. */
  closeSoon(): void {
    this.#timer ??= setTimeout(() => void this.#pool.destroy(), GRACE_MILLISECONDS);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#pool.destroy();
  }

  async #call<T>(name: string, argument: unknown, worker: string): Promise<T> {
    let sent: Sent<T>;
    try {
      sent = (await this.#pool.run(argument, { name })) as Sent<T>;
    } catch (cause) {
      throw new PipelineError('WORKER_FAILED', `${worker} has ended: ${messageOf(cause)}`, { cause });
    }
    if ('value' in sent) return sent.value;
    throw new PipelineError(sent.error.code, sent.error.message, { cause: rebuildCause(sent.error.cause) });
  }
}

/** The worker beside this module; from the sources it is the built one, as threads of Node 20 run JavaScript only. */
function workerUrl(): URL {
  return new URL(isSource ? '../dist/worker.js' : './worker.js', import.meta.url);
}

function rebuildCause(cause: SentError['cause']): Error | undefined {
  if (cause === undefined) return undefined;
  const { message, ...details } = cause;
  return Object.assign(new Error(message), details);
}
