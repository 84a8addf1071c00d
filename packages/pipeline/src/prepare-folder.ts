import { existsSync, mkdirSync } from 'node:fs';
import type { Checkpoint } from './checkpoint.ts';
import { readCompletion } from './completion.ts';
import type { Completion } from './completion.ts';
import { canonicalJson } from './canonical-json.ts';
import { OutputPath } from './output-path.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import { writePlan } from './plan.ts';
import type { Plan, PlannedTask } from './plan.ts';
import { listChanges, planChanges } from './plan-changes.ts';
import { readSealed } from './sealed-json.ts';
import { removeFile } from './task-files.ts';
import type { TaskFiles } from './task-files.ts';

/** The plan of this run, that of an earlier one in the folder, and which tasks are to be run. */
export interface Preparation {
  readonly plan: Plan;
  readonly earlier: Plan | undefined;
  readonly tasks: readonly PlannedTask[];
  /** Tasks in the plan. */
  readonly taskCount: number;
  readonly restart: 'never' | 'if-changed' | 'always';
  readonly rank: number;
}

/** What an earlier run has left of a task. */
type Left = 'nothing' | 'finished' | 'begun' | 'other';

/**
 * Makes a folder ready for a run: what does not belong to its plan goes. Returns the tasks that are finished.
 *
 * @throws PipelineError CONFIG_CHANGED where results of other settings, steps or inputs are there and must not be touched
 */
export function prepareFolder(files: TaskFiles, preparation: Preparation): Set<number> {
  const { plan, earlier, tasks, taskCount, restart, rank } = preparation;
  makeFolder(files.folder);
  const left = new Map(tasks.map((task) => [task.task, restart === 'always' ? 'other' : whatIsLeft(files, task)]));
  if (restart === 'never') refuseChanges(files, preparation, [...left.values()].includes('other'));
  const isGone = (task: number) => task >= taskCount || ['other', 'nothing'].includes(left.get(task) ?? '');
  files.remove(isGone, new OutputPath(plan.settings.output));
  if (earlier && outputOf(earlier) !== outputOf(plan)) files.remove(isGone, new OutputPath(earlier.settings.output));
  const finished = new Set(tasks.map(({ task }) => task).filter((task) => left.get(task) === 'finished'));
  for (const task of files.tasksIn('unfinished')) if (finished.has(task)) removeFile(files.unfinished(task));
  if (finished.size < tasks.length) removeFile(files.report);
  if (earlier === undefined || canonicalJson(earlier) !== canonicalJson(plan)) writePlan(files, plan, rank);
  return finished;
}

function whatIsLeft(files: TaskFiles, { task, key }: PlannedTask): Left {
  if (existsSync(files.completion(task))) {
    const marker = readSealed<Completion>(files.completion(task));
    if (marker !== undefined && marker.key !== key) return 'other';
    if (readCompletion(files, task) !== undefined) return 'finished';
  }
  if (!existsSync(files.unfinished(task))) return 'nothing';
  const checkpoint = readSealed<Checkpoint>(files.checkpoint(task));
  if (checkpoint === undefined) return 'nothing';
  return checkpoint.key === key ? 'begun' : 'other';
}

function refuseChanges(files: TaskFiles, { plan, earlier, taskCount }: Preparation, isOther: boolean): void {
  const done = files.tasksIn('completions');
  const isSmaller = [...done, ...files.tasksIn('unfinished')].some((task) => task >= taskCount);
  const isChanged = earlier !== undefined && done.length > 0 && settingsOf(earlier) !== settingsOf(plan);
  if (!isOther && !isSmaller && !isChanged) return;
  const changes = earlier === undefined ? [] : planChanges(earlier, plan);
  const what = changes.length > 0 ? listChanges(changes) : 'its plan.json is lost, so what exactly cannot be said';
  throw new PipelineError(
    'CONFIG_CHANGED',
    `${files.folder} holds results of another run: ${what}; put it back, choose another folder, or restart ` +
      "(restart: 'if-changed' does again what has changed, 'always' everything; --redo-changed and --restart on the command line)",
  );
}

function settingsOf({ settings }: Plan): string {
  return canonicalJson(settings);
}

function outputOf({ settings }: Plan): string {
  return canonicalJson(settings.output);
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new PipelineError('WRITE_FAILED', `cannot make the folder ${folder}: ${messageOf(cause)}`, { cause });
  }
}
