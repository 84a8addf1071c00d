import { readFileSync } from 'node:fs';
import { readCompletion, readStats } from './completion.ts';
import type { TaskStats } from './completion.ts';
import { OutputPath } from './output-path.ts';
import { tasksOf } from './plan.ts';
import type { Plan } from './plan.ts';
import type { TaskFiles } from './task-files.ts';

/** A task that is finished under a plan, and what it has left. */
export interface FinishedTask {
  readonly task: number;
  /** Names of its files of kept documents, in their order. */
  readonly documents: string[];
  readonly stats: TaskStats;
}

/** The finished tasks of a folder, of all ranks, in their order. */
export function finishedTasks(files: TaskFiles, plan: Plan): FinishedTask[] {
  const path = new OutputPath(plan.settings.output);
  return tasksOf(plan).flatMap(({ task, key }) => {
    const completion = readCompletion(files, task);
    if (completion?.key !== key) return [];
    const documents = completion.files.map(({ name }) => name).filter((name) => path.taskOf(name) === task);
    return { task, documents, stats: readStats(files, task) };
  });
}

/** Seconds that each step took in the given tasks, by its name. */
export function stepSeconds(files: TaskFiles, tasks: readonly FinishedTask[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { task } of tasks) {
    for (const [name, seconds] of Object.entries(readTiming(files.timing(task))))
      total[name] = (total[name] ?? 0) + seconds;
  }
  return total;
}

function readTiming(path: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, number>;
  } catch {
    // Times are for show only.
    return {};
  }
}
