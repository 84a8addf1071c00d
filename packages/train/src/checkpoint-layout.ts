import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointState } from './checkpoint.ts';
import type { FileSummary } from './durable-files.ts';

/** Names of the two tensor files of a checkpoint. */
export const tensorFiles = { model: 'model.safetensors', optimizer: 'optimizer.safetensors' } as const;

/** Name of the file with everything else. */
export const stateFile = 'checkpoint.json';

/** Name of the file, beside the checkpoints, that names the newest. */
export const latestFile = 'latest';

/** What `checkpoint.json` holds. */
export interface Manifest {
  state: CheckpointState;
  files: Record<string, FileSummary>;
}

/** The folder of a step's checkpoint. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(8, '0')}`;
}

/** Whether a name is that of a whole checkpoint. */
export function isCheckpointName(name: string): boolean {
  return /^step-\d{8,}$/.test(name);
}

/** The step in such a name. */
export function stepOfName(name: string): number {
  return Number(name.slice('step-'.length));
}

/** Names of whole checkpoints, oldest first. */
export async function checkpointNames(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter(isCheckpointName).sort((a, b) => stepOfName(a) - stepOfName(b));
}

/** What to do about a checkpoint that cannot be read. */
export function advice(folder: string): string {
  return `write the name of an earlier checkpoint into ${join(folder, latestFile)}, or remove ${folder} to start anew`;
}
