import {
  disposeCheckpoint,
  snapshotTensors,
  type CheckpointState,
  type CheckpointStore,
  type StoredCheckpoint,
} from './checkpoint.ts';
import type { CheckpointOptions } from './checkpoint-options.ts';
import type { TrainableModel } from './model.ts';
import type { TrainOptimizer } from './optimizer.ts';
import { regularStepBefore } from './rollback.ts';

/** What {@link Checkpointer} needs of a run. */
export interface CheckpointerOptions {
  model: TrainableModel;
  optimizers: readonly TrainOptimizer[];
  checkpoint?: CheckpointOptions;
}

async function openStore(options: CheckpointOptions | undefined): Promise<CheckpointStore | undefined> {
  if (!options || 'store' in options) return options?.store;
  const { folderStore } = await import('./checkpoint-folder.ts'); // the only thing here that needs Node
  return folderStore(options.folder, options);
}

/** Writes and reads the checkpoints of a run: which are due, which must stay, which to go back to. */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #store: CheckpointStore | undefined;
  /** the newest one */
  #saved: { step: number; rollbacks: number; place: string } | undefined;

  private constructor(options: CheckpointerOptions, store: CheckpointStore | undefined) {
    this.#options = options;
    this.#store = store;
  }

  /** Opens the store of a run; one without checkpoints has none, and saves nothing. */
  static async open(options: CheckpointerOptions): Promise<Checkpointer> {
    return new Checkpointer(options, await openStore(options.checkpoint));
  }

  /** Where the newest checkpoint is. */
  get place(): string | undefined {
    return this.#saved?.place;
  }

  /**
   * The checkpoint to go on from, if there is one; its tensors are the caller's.
   *
   * @param onDamage told of checkpoints that were passed over
   */
  async newest(onDamage: (error: Error) => void): Promise<StoredCheckpoint | undefined> {
    const resume = this.#options.checkpoint?.resume ?? 'auto';
    if (resume === false || resume === 'never') return undefined;
    const found = await this.#store?.load(resume === 'newest' ? undefined : onDamage);
    if (found) this.#remember(found.state, found.place);
    return found;
  }

  /** The regular checkpoint at or before a step; its tensors are the caller's. */
  async regularBefore(step: number): Promise<StoredCheckpoint> {
    return this.#store!.loadStep(this.#regularBefore(step));
  }

  /**
   * Saves the run, unless it is saved already.
   *
   * @param goodStep the last step that is known to be good: the regular checkpoint before it stays
   * @returns the place, when it was written
   */
  async save(makeState: () => Promise<CheckpointState>, goodStep: number): Promise<string | undefined> {
    if (!this.#store) return undefined;
    const state = await makeState();
    if (this.#saved?.step === state.step && this.#saved.rollbacks === state.rollbacks.count) return undefined;
    const tensors = snapshotTensors(this.#options.model.parameters, this.#options.optimizers);
    try {
      const protect = [this.#regularBefore(goodStep), ...(state.best ? [state.best.step] : [])];
      this.#remember(state, await this.#store.save({ state, ...tensors }, protect));
      return this.place;
    } finally {
      disposeCheckpoint(tensors);
    }
  }

  /** Marks the checkpoint of a step as the best so far. */
  async markBest(step: number): Promise<void> {
    await this.#store?.markBest?.(step);
  }

  #remember({ step, rollbacks }: CheckpointState, place: string): void {
    this.#saved = { step, rollbacks: rollbacks.count, place };
  }

  #regularBefore(step: number): number {
    return regularStepBefore(step, this.#options.checkpoint!.every);
  }
}
