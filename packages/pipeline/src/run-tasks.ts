import { writeFailure } from './failure.ts';
import type { LiveCounters } from './live-counters.ts';
import { PipelineError } from './pipeline-error.ts';
import type { PipelineErrorCode } from './pipeline-error.ts';
import type { ProgressMeter } from './progress.ts';
import type { Task } from './task.ts';
import type { TaskFiles } from './task-files.ts';
import type { WorkerPool } from './worker-pool.ts';
import type { StepsSource } from './worker.ts';

/** What tasks are run with. */
export interface Run {
  readonly pool: WorkerPool;
  readonly source: StepsSource;
  readonly files: TaskFiles;
  readonly live: LiveCounters;
  readonly meter: ProgressMeter;
  readonly retries: number;
  readonly signal?: AbortSignal;
}

/** What goes wrong for every task alike: there is no use in going on. */
const FATAL: readonly PipelineErrorCode[] = ['WRITE_FAILED', 'STEPS_FAILED', 'INVALID_ARGUMENT', 'STOPPED'];
/** What goes wrong again when it is tried again. */
const LASTING: readonly PipelineErrorCode[] = ['TOO_MANY_REASONS', 'TOO_MANY_FILES'];

/**
 * Runs all tasks. One that fails is tried again, after the others that wait; when it has failed for the last time it
 * is noted down and the others go on.
 *
 * @throws PipelineError of the one task that failed, TASKS_FAILED for several; at once what concerns all of them;
 *   STOPPED
 */
export async function runTasks(tasks: readonly Task[], run: Run): Promise<void> {
  const { signal, live, pool } = run;
  const stop = () => {
    live.stop();
    pool.closeSoon();
  };
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  try {
    const results = await Promise.all(tasks.map((task) => runTask(task, run)));
    const failures = results.filter((error) => error !== undefined);
    const fatal = failures.find(isFatal);
    if (signal?.aborted && failures.length > 0) throw stoppedError(run);
    if (failures.length > 0) throw fatal ?? failedError(failures, run);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** Runs one task as often as it takes, or may; returns the last error. */
async function runTask(task: Task, run: Run): Promise<PipelineError | undefined> {
  for (let attempt = 1; ; attempt++) {
    const error = await tryTask(task, run);
    if (error === undefined) {
      run.meter.set(task.task, 'done');
      return undefined;
    }
    if (isFatal(error)) {
      run.live.stop();
      return error;
    }
    if (attempt > run.retries || LASTING.includes(error.code)) {
      run.meter.set(task.task, 'failed');
      writeFailure(run.files, task, { code: error.code, message: error.message, attempts: attempt });
      return error;
    }
  }
}

async function tryTask(task: Task, { pool, source, live }: Run): Promise<PipelineError | undefined> {
  try {
    await pool.run({ source, task, memory: live.memory });
    return undefined;
  } catch (error) {
    if (error instanceof PipelineError) return error;
    throw error;
  }
}

function isFatal({ code }: PipelineError): boolean {
  return FATAL.includes(code);
}

function failedError(failures: readonly PipelineError[], { files, meter }: Run): PipelineError {
  const [first] = failures;
  if (failures.length === 1) return first;
  const { tasks, tasksDone } = meter.read();
  return new PipelineError(
    'TASKS_FAILED',
    `${failures.length} of ${tasks} tasks failed in ${files.folder}, ${tasksDone} are finished; the first: ${first.message}; ` +
      'see failed/ for the others; run the same again to go on with them',
    { cause: first },
  );
}

function stoppedError({ meter, files, signal }: Run): PipelineError {
  const { tasksDone, tasks } = meter.read();
  const message = `stopped: ${tasksDone} of ${tasks} tasks are finished in ${files.folder}; run the same again to go on`;
  return new PipelineError('STOPPED', message, { cause: signal?.reason });
}
