import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hashOf } from './canonical-json.ts';
import type { Split } from './document.ts';
import type { OutputOptions } from './output-path.ts';
import { readSealed, writeSealed } from './sealed-json.ts';
import type { TaskFiles } from './task-files.ts';

/** All settings that results depend on, and what stands for the code. */
export interface PlanSettings {
  readonly module: string;
  readonly options: unknown;
  readonly steps: readonly { readonly name: string; readonly version?: string }[];
  readonly version: string;
  readonly keepRemoved: boolean;
  readonly onRecordError: 'abort' | 'drop';
  readonly splitBytes: number | false;
  readonly checkpointRecords: number;
  readonly output: OutputOptions;
}

/** An input, what it was when the plan was made, and its parts: a task each. */
export interface PlannedInput {
  readonly input: string;
  readonly size?: number;
  readonly modified?: number;
  /** Absent: it is read whole. */
  readonly splits?: readonly Split[];
}

/** What a run is made of: its tasks, numbered in the order of inputs and splits. Does not depend on who runs them. */
export interface Plan {
  readonly settings: PlanSettings;
  readonly inputs: readonly PlannedInput[];
  /** What to type to run it again, where known. */
  readonly command?: string;
}

/** A task as the plan has it. */
export interface PlannedTask {
  readonly task: number;
  readonly input: string;
  readonly split?: Split;
  /** A hash of all that its results depend on. */
  readonly key: string;
  /** Bytes to read, for the progress display. */
  readonly bytes: number;
}

/** An input as it is now. */
export function identifyInput(input: string): PlannedInput {
  const status = statSync(input, { throwIfNoEntry: false });
  return status === undefined ? { input } : { input, size: status.size, modified: status.mtimeMs };
}

/** Whether an input is what it was. */
export function isSameInput(a: PlannedInput, b: PlannedInput): boolean {
  return a.input === b.input && a.size === b.size && a.modified === b.modified;
}

/** What stands for a module's code: a hash of its file, or its URL where it is none. */
export function moduleHash(moduleUrl: string): string {
  if (!moduleUrl.startsWith('file:')) return moduleUrl;
  return createHash('sha256')
    .update(readFileSync(fileURLToPath(moduleUrl)))
    .digest('hex');
}

/** The tasks of a plan. */
export function tasksOf({ settings, inputs }: Plan): PlannedTask[] {
  const settingsKey = hashOf(settings);
  const parts = inputs.flatMap(({ splits, ...input }) =>
    (splits ?? [undefined]).map((split: Split | undefined) => ({ input, split })),
  );
  return parts.map(({ input, split }, task) => ({
    task,
    input: input.input,
    split,
    key: hashOf({ settingsKey, input, split }),
    bytes: split === undefined ? (input.size ?? 0) : (split.bytes ?? split.end - split.start),
  }));
}

export function writePlan(files: TaskFiles, plan: Plan, rank: number): void {
  writeSealed(files.plan, plan, files.partialOfRank(rank));
}

/** The plan of a folder; `undefined` where it is missing or damaged. */
export function readPlan(files: TaskFiles): Plan | undefined {
  return readSealed<Plan>(files.plan);
}
