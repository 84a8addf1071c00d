import type { Split } from './document.ts';
import type { OutputOptions } from './output-path.ts';

/** How tasks are run; all but `checkpointSeconds` is in the results. */
export interface TaskSettings {
  readonly keepRemoved: boolean;
  readonly onRecordError: 'abort' | 'drop';
  /** After so many records, counted from the task's first, its output can be cut. */
  readonly checkpointRecords: number;
  /** At least so many seconds lie between two checkpoints. */
  readonly checkpointSeconds: number;
  readonly output: OutputOptions;
}

/** One part of an input, and where its results go. Plain data: it travels to a worker. */
export interface Task {
  readonly task: number;
  readonly input: string;
  readonly split?: Split;
  /** Stands for all that the results depend on: what was done under another key is not gone on with. */
  readonly key: string;
  readonly outputFolder: string;
  readonly settings: TaskSettings;
}

/** A task in words. */
export function describeTask({ task, input, split }: Pick<Task, 'task' | 'input' | 'split'>): string {
  const part = split === undefined ? '' : ` from ${split.start} to ${split.end}`;
  return `task ${task} (${input}${part})`;
}
