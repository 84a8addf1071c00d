import { readSealed, writeSealed } from './sealed-json.ts';
import type { SavedSteps } from './step-runner.ts';
import type { TaskFiles } from './task-files.ts';
import type { SavedOutput } from './task-output.ts';

/** How far a task is, and all that is needed to go on from there. */
export interface Checkpoint {
  readonly key: string;
  /** Where the reader can begin; without it, at the start. */
  readonly position?: unknown;
  /** Records after that position that have been worked on. */
  readonly skip: number;
  /** Bytes read so far, for the progress display. */
  readonly bytes: number;
  readonly steps: SavedSteps;
  readonly output: SavedOutput;
  /** There are no more records: what is left is to put the files in place. */
  readonly finished: boolean;
}

/** Puts a checkpoint on the disk; the files it speaks of must be there. */
export function writeCheckpoint(files: TaskFiles, task: number, checkpoint: Checkpoint): void {
  writeSealed(files.checkpoint(task), checkpoint);
}

/** The checkpoint of a task; `undefined` where it is missing, damaged or of other settings. */
export function readCheckpoint(files: TaskFiles, task: number, key: string): Checkpoint | undefined {
  const checkpoint = readSealed<Checkpoint>(files.checkpoint(task));
  return checkpoint?.key === key ? checkpoint : undefined;
}
