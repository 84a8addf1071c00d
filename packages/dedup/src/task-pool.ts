import { Worker } from 'node:worker_threads';
import { DedupError } from './dedup-error.ts';
import type { DedupErrorCode } from './dedup-error.ts';
import type { Advance, StageSettings, TaskResult } from './stage-settings.ts';
import { runStageTask } from './stage-task.ts';
import type { StageTask } from './stage-task.ts';

/** What a worker sends. */
export type WorkerMessage =
  | { kind: 'advance'; amount: number }
  | { kind: 'result'; result: TaskResult }
  | { kind: 'error'; code: DedupErrorCode; message: string };

/** The thread beside this module; from the sources it is the built one, as threads of Node 20 run JavaScript only. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? '../dist/worker.js' : './worker.js', import.meta.url);
}

/** Gives a thread tasks until none is left. */
function employ(
  worker: Worker,
  next: () => StageTask | undefined,
  finished: (task: StageTask, result: TaskResult) => void,
  advance: Advance,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let task = next();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    const proceed = () => (task ? worker.postMessage(task) : resolve());
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'advance') return advance(message.amount);
      if (message.kind === 'error') return reject(new DedupError(message.code, message.message));
      finished(task!, message.result);
      task = next();
      proceed();
    });
    worker.on('error', (cause) =>
      reject(new DedupError('WORKER_FAILED', `a worker has ended: ${cause.message}`, { cause })),
    );
    worker.on('exit', () => reject(new DedupError('WORKER_FAILED', 'a worker has ended before its work was done')));
    proceed();
  });
}

/**
 * Does tasks in threads, or in this one if only one is asked for. Results come in any order.
 *
 * @throws DedupError the first that a task meets; the others are stopped
 */
export async function runTasks(
  tasks: readonly StageTask[],
  settings: StageSettings,
  workers: number,
  finished: (task: StageTask, result: TaskResult) => void,
  advance: Advance,
): Promise<void> {
  if (workers === 1 || tasks.length < 2) {
    for (const task of tasks) finished(task, await runStageTask(task, settings, advance));
    return;
  }
  const queue = tasks.values();
  const next = () => queue.next().value as StageTask | undefined;
  const threads = Array.from(
    { length: Math.min(workers, tasks.length) },
    () => new Worker(workerUrl(), { workerData: settings }),
  );
  try {
    await Promise.all(threads.map((thread) => employ(thread, next, finished, advance)));
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
