import { availableParallelism } from 'node:os';
import { writeFileAtomically } from './atomic-file.ts';
import { finishedTasks } from './finished-tasks.ts';
import { LiveCounters } from './live-counters.ts';
import { makePlan } from './make-plan.ts';
import { PipelineError } from './pipeline-error.ts';
import { DEFAULTS, checkOptions, moduleUrlOf } from './pipeline-options.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import { readPlan, tasksOf } from './plan.ts';
import type { Plan, PlannedTask } from './plan.ts';
import { prepareFolder } from './prepare-folder.ts';
import { ProgressMeter } from './progress.ts';
import { makeReport } from './report.ts';
import type { PipelineReport } from './report.ts';
import { runTasks } from './run-tasks.ts';
import { tellRunning } from './running-file.ts';
import type { Task } from './task.ts';
import { TaskFiles, removeFile } from './task-files.ts';
import { WorkerPool } from './worker-pool.ts';
import type { StepsSource } from './worker.ts';

const PROGRESS_MILLISECONDS = 250;

/**
 * Runs every input through the steps, on worker threads, and writes the kept documents, `removed/`, `stats/`,
 * `completions/` and `report.json` into the output folder. Tasks that an earlier run has finished are not done again,
 * one that was killed goes on at its last checkpoint. The files are the same for any number of workers, ranks and
 * interruptions.
 *
 * @returns what came of the tasks that are finished, those of other ranks too
 * @throws PipelineError of any code; what is finished stays
 */
export async function runPipeline(options: PipelineOptions): Promise<PipelineReport> {
  checkOptions(options);
  const files = new TaskFiles(options.outputFolder);
  const source: StepsSource = { moduleUrl: moduleUrlOf(options.stepsModule), options: options.options };
  const pool = new WorkerPool(options.workers ?? availableParallelism(), options.workerMegabytes);
  try {
    const earlier = readPlan(files);
    const plan = await makePlan(options, pool, source, earlier);
    const all = tasksOf(plan);
    checkTasks(options.tasks, all.length);
    const tasks = all.filter(({ task }) => isMine(task, options));
    const { restart = DEFAULTS.restart, rank = DEFAULTS.rank, worldSize = DEFAULTS.worldSize } = options;
    const finished = prepareFolder(files, { plan, earlier, tasks, taskCount: all.length, restart, rank });
    await runUnfinished(tasks, finished, { options, files, source, pool, taskCount: all.length });
    return report(files, plan, { taskCount: all.length, rank, worldSize });
  } finally {
    await pool.close();
  }
}

interface Place {
  readonly options: PipelineOptions;
  readonly files: TaskFiles;
  readonly source: StepsSource;
  readonly pool: WorkerPool;
  readonly taskCount: number;
}

async function runUnfinished(tasks: readonly PlannedTask[], finished: ReadonlySet<number>, place: Place) {
  const { options, files, source, pool, taskCount } = place;
  const { signal, retries = DEFAULTS.retries } = options;
  const live = new LiveCounters(taskCount);
  const meter = new ProgressMeter(live, tasks, finished);
  const left = tasks.filter(({ task }) => !finished.has(task)).map((task) => asTask(task, options));
  await withProgress(meter, place, left.length > 0 && !signal?.aborted, () =>
    runTasks(left, { pool, source, files, live, meter, retries, signal }),
  );
}

function checkTasks(tasks: readonly number[] | undefined, taskCount: number): void {
  const unknown = tasks?.find((task) => !(Number.isInteger(task) && task >= 0 && task < taskCount));
  if (unknown === undefined) return;
  throw new PipelineError('INVALID_ARGUMENT', `tasks must be among 0 to ${taskCount - 1}, got ${unknown}`);
}

function isMine(task: number, { rank = DEFAULTS.rank, worldSize = DEFAULTS.worldSize, tasks }: PipelineOptions) {
  return task % worldSize === rank && (tasks === undefined || tasks.includes(task));
}

function asTask({ task, input, split, key }: PlannedTask, options: PipelineOptions): Task {
  const settings = {
    keepRemoved: options.keepRemoved ?? DEFAULTS.keepRemoved,
    onRecordError: options.onRecordError ?? DEFAULTS.onRecordError,
    checkpointRecords: options.checkpointRecords ?? DEFAULTS.checkpointRecords,
    checkpointSeconds: options.checkpointSeconds ?? DEFAULTS.checkpointSeconds,
    output: options.output ?? {},
  };
  return { task, input, split, key, outputFolder: options.outputFolder, settings };
}

async function withProgress(meter: ProgressMeter, place: Place, isLong: boolean, work: () => Promise<void>) {
  const { onProgress, rank = DEFAULTS.rank, worldSize = DEFAULTS.worldSize } = place.options;
  const timer = onProgress && setInterval(() => onProgress(meter.read()), PROGRESS_MILLISECONDS);
  const tellNoMore = isLong ? tellRunning(place.files, rank, worldSize, meter) : undefined;
  try {
    await work();
    onProgress?.(meter.read());
  } finally {
    clearInterval(timer);
    tellNoMore?.();
  }
}

/** What came of all finished tasks; put down when none is left. */
function report(
  files: TaskFiles,
  plan: Plan,
  { taskCount, rank, worldSize }: { taskCount: number; rank: number; worldSize: number },
): PipelineReport {
  const finished = finishedTasks(files, plan);
  const made = makeReport(finished);
  if (finished.length === taskCount) {
    writeFileAtomically(files.report, `${JSON.stringify(made, null, 2)}\n`, files.partialOfRank(rank));
    removeFile(files.unfinishedFolder);
    // Of this rank, and of those that were killed while there were more of them.
    files.removeRanks((other) => other === rank || other >= worldSize);
  }
  return made;
}
