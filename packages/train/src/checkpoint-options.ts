import type { CheckpointStore } from './checkpoint.ts';

/** Where and how often checkpoints are written: into a folder (Node), or into a store of one's own. */
export type CheckpointOptions = {
  /** steps between checkpoints; there is always one before an evaluation, at the end and when the run is stopped */
  every: number;
  /**
   * `auto` (default) goes on from the newest whole checkpoint and starts anew when there is none; `newest` refuses to pass
   * over a damaged one; `never` starts anew. `true` is `auto`, `false` is `never`.
   */
  resume?: 'auto' | 'newest' | 'never' | boolean;
  /** name of the evaluated number whose lowest value marks the checkpoint to keep; default `loss` */
  best?: string;
} & ({ folder: string; keep?: number } | { store: CheckpointStore });
