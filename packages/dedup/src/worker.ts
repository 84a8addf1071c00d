import { parentPort, workerData } from 'node:worker_threads';
import { DedupError } from './dedup-error.ts';
import type { StageSettings } from './stage-settings.ts';
import { runStageTask } from './stage-task.ts';
import type { StageTask } from './stage-task.ts';
import type { WorkerMessage } from './task-pool.ts';

/** The thread that does tasks of an out-of-core run, one at a time. */

const settings = workerData as StageSettings;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has none
const post = (message: WorkerMessage) => parentPort?.postMessage(message);

parentPort?.on('message', async (task: StageTask) => {
  try {
    const result = await runStageTask(task, settings, (amount) => post({ kind: 'advance', amount }));
    post({ kind: 'result', result });
  } catch (error) {
    const code = error instanceof DedupError ? error.code : 'WORKER_FAILED';
    post({ kind: 'error', code, message: error instanceof Error ? error.message : String(error) });
  }
});
