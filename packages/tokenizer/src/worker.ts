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

/** The memory of encoded ids, which moves to the other thread instead of being copied. */
function buffersOf(given: WorkerAnswer): ArrayBuffer[] {
  const values = 'value' in given && Array.isArray(given.value) ? (given.value as unknown[]) : [];
  return [...new Set(values.filter((ids) => ids instanceof Uint32Array).map((ids) => ids.buffer as ArrayBuffer))];
}

const runTask = taskRunner(workerData as WorkerRole);
parentPort?.on('message', (task: WorkerTask) => {
  const given = answer(() => runTask(task));
  parentPort?.postMessage(given, buffersOf(given));
});
