import { finishedTasks } from './finished-tasks.ts';
import { PipelineError } from './pipeline-error.ts';
import { tasksOf } from './plan.ts';
import { planOf } from './run-status.ts';
import { addCounts, zeroCounts } from './step-counts.ts';
import type { Counts } from './step-counts.ts';
import { TaskFiles } from './task-files.ts';

/** Counts of several folders as one. */
export interface MergedStats extends Counts {
  /** Tasks that are finished, and of how many. */
  tasksDone: number;
  tasks: number;
}

/**
 * Adds up counts and statistics of the finished tasks of several runs with the same steps, folder by folder in the
 * order given and task by task.
 *
 * @throws PipelineError FILE_NOT_FOUND, INVALID_ARGUMENT where steps are different
 */
export function mergeStats(folders: readonly string[]): MergedStats {
  const runs = folders.map((folder) => {
    const files = new TaskFiles(folder);
    const plan = planOf(files);
    return { folder, plan, finished: finishedTasks(files, plan) };
  });
  const [{ folder: first, plan }] = runs;
  const total = zeroCounts(plan.settings.steps);
  for (const { folder, plan: other, finished } of runs) {
    if (names(other.settings.steps) !== names(plan.settings.steps)) throw differentSteps(first, folder);
    for (const { stats } of finished) addCounts(total, stats);
  }
  const tasksDone = runs.reduce((sum, { finished }) => sum + finished.length, 0);
  return { ...total, tasksDone, tasks: runs.reduce((sum, run) => sum + tasksOf(run.plan).length, 0) };
}

function names(steps: readonly { readonly name: string; readonly version?: string }[]): string {
  return JSON.stringify(steps.map(({ name, version }) => [name, version]));
}

function differentSteps(first: string, other: string): PipelineError {
  const message = `the steps of ${other} are not those of ${first} (names and versions); merge folders of the same steps only`;
  return new PipelineError('INVALID_ARGUMENT', message);
}
