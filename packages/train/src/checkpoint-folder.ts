import { join } from 'node:path';
import type { CheckpointStore, StoredCheckpoint } from './checkpoint.ts';
import { bestFile, listCheckpoints } from './checkpoint-layout.ts';
import { exists, writeDurably } from './durable-files.ts';
import { loadCheckpoint, readCheckpoint } from './load-checkpoint.ts';
import { saveCheckpoint, type SaveOptions } from './save-checkpoint.ts';
import { TrainError } from './train-error.ts';

/** Checkpoints in a folder, as a store for the Trainer. */
export function folderStore(folder: string, options: Pick<SaveOptions, 'keep'> = {}): CheckpointStore {
  return {
    save: (checkpoint, protect) => saveCheckpoint(folder, checkpoint, { ...options, protect }),
    load: (onDamage) => (onDamage ? loadNewestWhole(folder, onDamage) : loadCheckpoint(folder)),
    loadStep: (step) => loadStep(folder, step),
    markBest: async (step) => writeDurably(folder, bestFile, `${await nameOfStep(folder, step)}\n`),
  };
}

/** Passes over checkpoints that are damaged or gone, from the newest back; when none is whole, the first error stands. */
async function loadNewestWhole(
  folder: string,
  onDamage: (error: Error) => void,
): Promise<StoredCheckpoint | undefined> {
  let first: Error | undefined;
  try {
    return await loadCheckpoint(folder);
  } catch (error) {
    first = damage(error);
  }
  onDamage(first);
  for (const { name } of (await exists(folder)) ? (await listCheckpoints(folder)).reverse() : []) {
    if (first.message.includes(join(folder, name))) continue;
    try {
      return await readCheckpoint(folder, name);
    } catch (error) {
      onDamage(damage(error));
    }
  }
  throw first;
}

/** Gives the error back when it is about one checkpoint; any other is thrown on. */
function damage(error: unknown): TrainError {
  if (error instanceof TrainError && ['CHECKPOINT_DAMAGED', 'CHECKPOINT_MISSING'].includes(error.code)) return error;
  throw error;
}

async function loadStep(folder: string, step: number): Promise<StoredCheckpoint> {
  return readCheckpoint(folder, await nameOfStep(folder, step));
}

async function nameOfStep(folder: string, step: number): Promise<string> {
  const found = (await listCheckpoints(folder)).findLast((checkpoint) => checkpoint.step === step);
  if (found) return found.name;
  throw new TrainError('CHECKPOINT_MISSING', `${folder} has no checkpoint of step ${step}, which the run needs`);
}
