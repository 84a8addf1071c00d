import { parentPort, workerData } from 'node:worker_threads';
import { TokenizerError } from './tokenizer-error.ts';
import type { WorkerRole, WorkerTask } from './worker-tasks.ts';
import { taskRunner } from './worker-tasks.ts';

/** The answer to a task: what came out, or what went wrong. */
export type WorkerAnswer = { value: unknown } | { error: { code: string; message: string } };

function answer(run: () => unknown): WorkerAnswer {
  try {
    return { value: run() };
  } catch (error) {
    if (!(error instanceof TokenizerError)) throw error;
    return { error: { code: error.code, message: error.message } };
  }
}

const runTask = taskRunner(workerData as WorkerRole);
parentPort?.on('message', (task: WorkerTask) =>
  parentPort?.postMessage(
    answer(() => runTask(task)),
    [],
  ),
);
