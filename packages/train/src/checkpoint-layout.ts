import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointState } from './checkpoint.ts';
import type { TensorFileSummary } from './tensor-file.ts';

/** Names of the two tensor files of a checkpoint. */
export const tensorFiles = { model: 'model.safetensors', optimizer: 'optimizer.safetensors' } as const;

/** Name of the file with everything else. */
export const stateFile = 'checkpoint.json';

/** Name of the file, beside the checkpoints, that names the newest. */
export const latestFile = 'latest';

/** What `checkpoint.json` holds. */
export interface Manifest {
  state: CheckpointState;
  files: Record<string, TensorFileSummary>;
}

/** Name of the file, beside the checkpoints, that names the best. */
export const bestFile = 'best';

const namePattern = /^step-(\d{8,})(?:-r(\d+))?$/;

/** What the name of a checkpoint says. */
export interface CheckpointName {
  name: string;
  step: number;
  /** rollbacks before it was written */
  rollbacks: number;
}

/** The folder of a step's checkpoint; after a rollback the same step has another one. */
export function checkpointName(step: number, rollbacks = 0): string {
  return `step-${String(step).padStart(8, '0')}${rollbacks === 0 ? '' : `-r${rollbacks}`}`;
}

/** Whether a name is that of a whole checkpoint. */
export function isCheckpointName(name: string): boolean {
  return namePattern.test(name);
}

/** Step and rollbacks in such a name. */
export function parseCheckpointName(name: string): CheckpointName {
  const [, step, rollbacks = '0'] = namePattern.exec(name) as RegExpExecArray;
  return { name, step: Number(step), rollbacks: Number(rollbacks) };
}

/** Whole checkpoints, oldest first. */
export async function listCheckpoints(folder: string): Promise<CheckpointName[]> {
  const found = (await readdir(folder)).filter(isCheckpointName).map(parseCheckpointName);
  return found.sort((a, b) => a.step - b.step || a.rollbacks - b.rollbacks);
}

/** What to do about a checkpoint that cannot be read. */
export function advice(folder: string): string {
  return `write the name of an earlier checkpoint into ${join(folder, latestFile)}, or remove ${folder} to start anew`;
}
