import { existsSync, statSync } from 'node:fs';
import { readFailures } from './failure.ts';
import { PipelineError } from './pipeline-error.ts';
import { readPlan, tasksOf } from './plan.ts';
import type { Plan } from './plan.ts';
import { describeProgress, formatDuration } from './progress-line.ts';
import type { RunningRank } from './running-file.ts';
import { readSealed } from './sealed-json.ts';
import { TaskFiles } from './task-files.ts';

/** A rank that was heard of, and how long ago. */
export interface HeardRank extends RunningRank {
  readonly secondsAgo: number;
  /** Whether it was heard of so lately that it must be running. */
  readonly isRunning: boolean;
}

/** How far a folder is, by what its files say. */
export interface RunStatus {
  readonly folder: string;
  readonly tasks: number;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  /** Neither done nor failed nor running; some of them may have begun. */
  readonly left: number;
  readonly ranks: readonly HeardRank[];
}

/** A rank tells every second what it is at; after this it has been killed. */
const SILENCE_SECONDS = 15;

/**
 * The status of a run's folder. It only looks at which files are there, so it is quick and disturbs nothing.
 *
 * @throws PipelineError FILE_NOT_FOUND
 */
export function runStatus(folder: string): RunStatus {
  const files = new TaskFiles(folder);
  const tasks = tasksOf(planOf(files)).length;
  const done = files.tasksIn('completions').filter((task) => task < tasks);
  const failed = readFailures(files).filter(({ task }) => !done.includes(task));
  const ranks = readRanks(files);
  const running = ranks.filter(({ isRunning }) => isRunning).reduce((sum, rank) => sum + rank.tasks.length, 0);
  const left = Math.max(0, tasks - done.length - failed.length - running);
  return { folder, tasks, done: done.length, failed: failed.length, running, left, ranks };
}

/** The plan of a folder. @throws PipelineError FILE_NOT_FOUND */
export function planOf(files: TaskFiles): Plan {
  const plan = readPlan(files);
  if (plan !== undefined) return plan;
  const what = existsSync(files.plan) ? 'a damaged plan.json' : existsSync(files.folder) ? 'no plan.json' : 'nothing';
  throw new PipelineError('FILE_NOT_FOUND', `there is ${what} in ${files.folder}; give the output folder of a run`);
}

/** The status for people: tasks, and each rank with what it is at. */
export function formatStatus({ folder, tasks, done, failed, running, left, ranks }: RunStatus): string {
  const share = tasks === 0 ? 100 : Math.floor((100 * done) / tasks);
  const head = `${folder}: ${done} of ${tasks} tasks done (${share} %), ${running} running, ${failed} failed, ${left} left`;
  return [head, ...ranks.flatMap(rankLines)].join('\n');
}

function rankLines({ rank, worldSize, host, pid, isRunning, secondsAgo, progress, tasks }: HeardRank): string[] {
  const name = `  rank ${rank} of ${worldSize} on ${host} (process ${pid})`;
  if (!isRunning)
    return [`${name}: not heard of for ${formatDuration(secondsAgo)}, it was killed; run it again to go on`];
  return [
    `${name}: ${describeProgress(progress)}`,
    ...tasks.map(({ task, input, read, kept }) => `    task ${task}  ${input}: ${read} documents, ${kept} kept`),
  ];
}

function readRanks(files: TaskFiles): HeardRank[] {
  const paths = files.tasksIn('running').map((rank) => files.running(rank));
  const now = Date.now();
  return paths.flatMap((path) => {
    const rank = readSealed<RunningRank>(path);
    const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (rank === undefined || written === undefined) return [];
    const secondsAgo = Math.max(0, (now - written) / 1000);
    return { ...rank, secondsAgo, isRunning: secondsAgo < SILENCE_SECONDS };
  });
}
