import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { taskName } from './output-path.ts';
import type { OutputPath } from './output-path.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';

/** Where everything of a run is. What is under way is kept apart, in `unfinished/`, until its task is finished. */
export class TaskFiles {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** What the run is made of: settings, inputs, splits. */
  get plan(): string {
    return join(this.folder, 'plan.json');
  }

  /** Counts of all tasks; is there when all are finished. */
  get report(): string {
    return join(this.folder, 'report.json');
  }

  /** Is there when a task is finished. */
  completion(task: number): string {
    return join(this.folder, 'completions', `${taskName(task)}.json`);
  }

  /** Is there when a task has failed, and says why. */
  failure(task: number): string {
    return join(this.folder, 'failed', `${taskName(task)}.json`);
  }

  /** Seconds that each step took. */
  timing(task: number): string {
    return join(this.folder, 'timings', `${taskName(task)}.json`);
  }

  /** What a rank is at, while it runs. */
  running(rank: number): string {
    return join(this.folder, 'running', `${taskName(rank)}.json`);
  }

  /** Where a rank writes what all ranks write (plan and report) until it is whole: they may do so at once. */
  partialOfRank(rank: number): string {
    return join(this.folder, 'running', `${taskName(rank)}.partial`);
  }

  /** Takes away what ranks have left of being run, also when they were killed while writing it. */
  removeRanks(isGone: (rank: number) => boolean): void {
    for (const name of namesIn(join(this.folder, 'running'))) {
      const rank = /^\.?(\d{5,})\./.exec(name)?.[1];
      if (rank !== undefined && isGone(Number(rank))) removeFile(join(this.folder, 'running', name));
    }
  }

  /** What tasks have left while they are not finished. */
  get unfinishedFolder(): string {
    return join(this.folder, 'unfinished');
  }

  /** All that a task has left while it is not finished. */
  unfinished(task: number): string {
    return join(this.unfinishedFolder, taskName(task));
  }

  /** How far a task is. */
  checkpoint(task: number): string {
    return join(this.unfinished(task), 'checkpoint.json');
  }

  /** An output file of a task, while it is under way. */
  partial(task: number, name: string): string {
    return join(this.unfinished(task), name);
  }

  /** An output file when its task is finished. */
  final(name: string): string {
    return join(this.folder, name);
  }

  /** Gives a finished file of a task its name. */
  publish(task: number, name: string): void {
    attempt(`cannot put ${this.final(name)} in place`, () => {
      mkdirSync(dirname(this.final(name)), { recursive: true });
      renameSync(this.partial(task, name), this.final(name));
    });
  }

  /** Numbers of the tasks (of running: the ranks) with a file in one of the folders above, in order. */
  tasksIn(folder: 'completions' | 'failed' | 'unfinished' | 'running'): number[] {
    const names = namesIn(join(this.folder, folder));
    return names
      .flatMap((name) => /^(\d{5,})(\.json)?$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  /** Takes away all that is left of tasks, their completions first. */
  remove(isGone: (task: number) => boolean, output: OutputPath): void {
    for (const task of this.tasksIn('completions').filter(isGone)) removeFile(this.completion(task));
    for (const task of this.tasksIn('failed').filter(isGone)) removeFile(this.failure(task));
    for (const task of this.tasksIn('unfinished').filter(isGone)) removeFile(this.unfinished(task));
    for (const name of this.#outputNames(output.folder)) {
      const task = taskOfName(name, output);
      if (task !== undefined && isGone(task)) removeFile(this.final(name));
    }
  }

  #outputNames(documents: string): string[] {
    const folders = new Set(['stats', 'removed', 'timings', documents]);
    return [...folders].flatMap((folder) => filesIn(join(this.folder, folder))).map((path) => this.#nameOf(path));
  }

  #nameOf(path: string): string {
    return relative(this.folder, path).split(sep).join('/');
  }
}

/** Name of the file of what a step has removed for a reason. */
export function removedName(task: number, step: string, reason: string): string {
  const folder = `${step}.${reason}`.replaceAll(/[^\w.-]+/g, '_').slice(0, 100);
  return `removed/${folder}/${taskName(task)}.jsonl.gz`;
}

/** Name of the file of a task's counts. */
export function statsName(task: number): string {
  return `stats/${taskName(task)}.json`;
}

/** Removes a file, or a folder with all in it, if it is there. */
export function removeFile(path: string): void {
  attempt(`cannot remove the old ${path}`, () => rmSync(path, { force: true, recursive: true }));
}

/** Names in a folder, none where there is no such folder. */
export function namesIn(folder: string): string[] {
  return ifThere(() => readdirSync(folder));
}

function taskOfName(name: string, output: OutputPath): number | undefined {
  const digits = /^(?:(?:stats|timings)\/(\d{5,})\.json|removed\/[^/]+\/(\d{5,})\.jsonl\.gz)$/.exec(name);
  return digits ? Number(digits[1] ?? digits[2]) : output.taskOf(name);
}

function filesIn(folder: string): string[] {
  const entries = ifThere(() => readdirSync(folder, { recursive: true, withFileTypes: true }));
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function ifThere<T>(list: () => T[]): T[] {
  try {
    return list();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

function attempt(what: string, action: () => void): void {
  try {
    action();
  } catch (cause) {
    throw new PipelineError('WRITE_FAILED', `${what}: ${messageOf(cause)}`, { cause });
  }
}
