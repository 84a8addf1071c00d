import type { Split, Steps } from './document.ts';
import { LiveCounters } from './live-counters.ts';
import { loadSteps } from './load-steps.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import type { PipelineErrorCode } from './pipeline-error.ts';
import { runTask } from './run-task.ts';
import type { Task } from './task.ts';

/** What a worker is told to load. */
export interface StepsSource {
  readonly moduleUrl: string;
  readonly options: unknown;
}

/** What a worker needs to split an input. */
export interface SplitJob {
  readonly source: StepsSource;
  readonly input: string;
  readonly bytes: number;
}

/** What a worker needs to run one task. */
export interface TaskJob {
  readonly source: StepsSource;
  readonly task: Task;
  readonly memory: SharedArrayBuffer;
}

/** An error on its way between threads, where classes and codes get lost. */
export interface SentError {
  readonly code: PipelineErrorCode;
  readonly message: string;
  readonly cause?: { readonly name: string; readonly message: string; readonly code?: string; readonly stack?: string };
}

/** What comes back from a worker. */
export type Sent<T> = { readonly value: T } | { readonly error: SentError };

// A thread that ends by itself would leave its pool waiting for ever, so calling exit is an error like any other.
const exit = process.exit;
process.exit = (code) => {
  throw new Error(`process.exit(${code ?? ''}) was called in a worker`);
};
// Node itself ends a thread that way after an uncaught error, which the pool does hear of.
process.once('uncaughtExceptionMonitor', () => {
  process.exit = exit;
});

let loaded: Promise<Steps> | undefined;

/** Names and versions of the steps, in order. */
export function describeSteps(source: StepsSource): Promise<Sent<{ name: string; version?: string }[]>> {
  return send(async () => (await load(source)).steps.map(({ name, version }) => ({ name, version })));
}

/** The parts of an input; `undefined` where its reader cannot split. */
export function splitInput({ source, input, bytes }: SplitJob): Promise<Sent<readonly Split[] | undefined>> {
  return send(async () => {
    const { read } = await load(source);
    try {
      return await read.splits?.(input, { bytes });
    } catch (cause) {
      if (cause instanceof PipelineError) throw cause;
      throw new PipelineError('READ_FAILED', `cannot split ${input}: ${messageOf(cause)}`, { cause });
    }
  });
}

/** Runs one task with the steps of this thread. */
export function work({ source, task, memory }: TaskJob): Promise<Sent<undefined>> {
  return send(async () => {
    const live = new LiveCounters(memory);
    if (live.stopped) throw new PipelineError('STOPPED', `stopped before ${task.input}`);
    await runTask(task, await load(source), live);
    return undefined;
  });
}

/** Steps are made once in a thread: models are loaded once. A pool of threads serves one run with one source. */
function load({ moduleUrl, options }: StepsSource): Promise<Steps> {
  loaded ??= loadSteps(moduleUrl, options);
  return loaded;
}

async function send<T>(action: () => Promise<T>): Promise<Sent<T>> {
  try {
    return { value: await action() };
  } catch (error) {
    const code = error instanceof PipelineError ? error.code : 'WORKER_FAILED';
    const cause = error instanceof PipelineError ? error.cause : error;
    return { error: { code, message: messageOf(error), cause: sentCause(cause) } };
  }
}

function sentCause(cause: unknown): SentError['cause'] {
  if (!(cause instanceof Error)) return undefined;
  const { name, message, stack } = cause;
  return { name, message, stack, code: (cause as NodeJS.ErrnoException).code };
}
