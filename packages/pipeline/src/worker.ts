import type { Steps } from './document.ts';
import { LiveCounters } from './live-counters.ts';
import { loadSteps } from './load-steps.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import type { PipelineErrorCode } from './pipeline-error.ts';
import { runShard } from './run-shard.ts';
import type { ShardTask } from './run-shard.ts';

/** What a worker is told to load. */
export interface StepsSource {
  readonly moduleUrl: string;
  readonly options: unknown;
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

/** Runs one shard with the steps of this thread. */
export function runTask(task: {
  source: StepsSource;
  shard: ShardTask;
  memory: SharedArrayBuffer;
}): Promise<Sent<undefined>> {
  return send(async () => {
    const live = new LiveCounters(task.memory);
    if (live.stopped) throw new PipelineError('STOPPED', `stopped before ${task.shard.input}`);
    await runShard(task.shard, await load(task.source), live);
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
