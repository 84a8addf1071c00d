import { readFileSync, statSync } from 'node:fs';
import type { Split } from './document.ts';
import { readSealed, writeSealed } from './sealed-json.ts';
import type { Counts } from './step-counts.ts';
import { statsName } from './task-files.ts';
import type { TaskFiles } from './task-files.ts';

/** What a finished task has left in `stats`. */
export interface TaskStats extends Counts {
  input: string;
  split?: Split;
}

/** A file of a finished task. */
export interface FinishedFile {
  readonly name: string;
  readonly bytes: number;
  readonly crc32: number;
}

/** Says that a task is finished, under which key, and what it has left. */
export interface Completion {
  readonly key: string;
  readonly files: readonly FinishedFile[];
}

/** Marks a task as finished. */
export function writeCompletion(files: TaskFiles, task: number, completion: Completion): void {
  writeSealed(files.completion(task), completion);
}

/** The marker of a finished task whose files are all there; `undefined` where it is missing or damaged, or a file is. */
export function readCompletion(files: TaskFiles, task: number): Completion | undefined {
  const completion = readSealed<Completion>(files.completion(task));
  const isWhole = completion?.files.every(({ name, bytes }) => sizeOf(files.final(name)) === bytes);
  return isWhole ? completion : undefined;
}

/** The stats that a finished task has left. */
export function readStats(files: TaskFiles, task: number): TaskStats {
  return JSON.parse(readFileSync(files.final(statsName(task)), 'utf8')) as TaskStats;
}

/** The size of a file, `undefined` where there is none. */
export function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
