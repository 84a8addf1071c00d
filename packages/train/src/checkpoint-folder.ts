import type { CheckpointStore } from './checkpoint.ts';
import { loadCheckpoint } from './load-checkpoint.ts';
import { saveCheckpoint, type SaveOptions } from './save-checkpoint.ts';

/** Checkpoints in a folder, as a store for the Trainer. */
export function folderStore(folder: string, options: SaveOptions = {}): CheckpointStore {
  return { save: (checkpoint) => saveCheckpoint(folder, checkpoint, options), load: () => loadCheckpoint(folder) };
}
