import { parentPort } from 'node:worker_threads';
import { DedupError } from './dedup-error.ts';
import { runStageTask } from './stage-task.ts';
import type { TaskContext } from './stage-task.ts';
import type { WorkerMessage, WorkerOrder } from './task-pool.ts';
import { Workspace } from './workspace.ts';

/** The thread that does tasks of an out-of-core run, one at a time. */

let context: TaskContext | undefined;
const workspace = new Workspace();
const post = (message: WorkerMessage, transferred: ArrayBuffer[] = []) => parentPort?.postMessage(message, transferred);

parentPort?.on('message', async (order: WorkerOrder) => {
  if (order.kind === 'context') {
    context = order.context;
    return;
  }
  try {
    const result = await runStageTask(order.task, context!, workspace, (amount) => post({ kind: 'advance', amount }));
    const pieces = Object.values(result.content ?? {}).flat();
    post(
      { kind: 'result', result },
      pieces.map(({ buffer }) => buffer),
    );
  } catch (error) {
    const code = error instanceof DedupError ? error.code : 'WORKER_FAILED';
    post({ kind: 'error', code, message: error instanceof Error ? error.message : String(error) });
  }
});
