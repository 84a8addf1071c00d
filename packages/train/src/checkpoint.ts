import * as tf from '@tensorflow/tfjs-core';
import type { TrainOptimizer } from './optimizer.ts';
import type { RollbackState } from './rollback.ts';
import { TrainError } from './train-error.ts';

/** Everything of a run that is not a tensor: plain JSON. */
export interface CheckpointState {
  version: 2;
  /** the last finished step */
  step: number;
  /** tokens trained on */
  tokens: number;
  /** steps that were not applied */
  skippedSteps: number;
  /** the loss of the last step */
  loss: number | null;
  /** the last step that was evaluated */
  evaluatedStep: number;
  /** the evaluated step with the lowest value, if any */
  best: { step: number; value: number } | null;
  /** rollbacks so far, and what they changed */
  rollbacks: RollbackState;
  loader: unknown;
  /** the loader's stage in the last step */
  loaderStage: number | null;
  guard: unknown;
  clip: unknown;
  /** position of each sink, by its name */
  sinks: Record<string, unknown>;
  /** schedule, clip and optimizer settings that the run had */
  settings: Record<string, unknown>;
  /** the resolved config of the run, as it was given to the Trainer */
  config: unknown;
}

/** A run at one step. Tensors are stored by name, whatever the number of processes. */
export interface Checkpoint {
  state: CheckpointState;
  model: ReadonlyMap<string, tf.Tensor>;
  /** named `OPTIMIZER/PARAMETER.SLOT` */
  optimizer: ReadonlyMap<string, tf.Tensor>;
}

/** A checkpoint that was read, and where it was. */
export interface StoredCheckpoint extends Checkpoint {
  place: string;
}

/** Keeps checkpoints somewhere. */
export interface CheckpointStore {
  /**
   * Keeps a checkpoint; when it returns its place, the checkpoint is safe and is the newest. Tensors stay the caller's.
   *
   * @param protect steps whose checkpoints must stay, however many came after them
   */
  save(checkpoint: Checkpoint, protect?: readonly number[]): Promise<string>;
  /**
   * The newest checkpoint, or undefined when there is none. Tensors are the caller's to dispose.
   *
   * @param onDamage told of checkpoints that cannot be read, and passed over for older ones; without it they are errors
   */
  load(onDamage?: (error: Error) => void): Promise<StoredCheckpoint | undefined>;
  /** The newest checkpoint of one step. */
  loadStep(step: number): Promise<StoredCheckpoint>;
  /** Marks the checkpoint of a step as the best. */
  markBest?(step: number): Promise<void>;
}

/** Clones of all tensors of a run, sharing their values. */
export function snapshotTensors(
  model: ReadonlyMap<string, tf.Tensor>,
  optimizers: readonly TrainOptimizer[],
): Omit<Checkpoint, 'state'> {
  const optimizer = new Map<string, tf.Tensor>();
  for (const one of optimizers) {
    for (const [slot, tensor] of one.state()) optimizer.set(`${one.name}/${slot}`, tensor);
  }
  return { model: new Map([...model].map(([name, parameter]) => [name, tf.clone(parameter)])), optimizer };
}

/**
 * Puts the tensors of a checkpoint into a model and its optimizers.
 *
 * @throws TrainError `CHECKPOINT_MISMATCH` naming the tensor; OptimizerError `BAD_STATE`
 */
export function restoreTensors(
  checkpoint: Checkpoint,
  parameters: ReadonlyMap<string, tf.Variable>,
  optimizers: readonly TrainOptimizer[],
): void {
  checkSameTensors(checkpoint.model, parameters);
  for (const optimizer of optimizers) {
    const prefix = `${optimizer.name}/`;
    const own = [...checkpoint.optimizer].filter(([name]) => name.startsWith(prefix));
    optimizer.restore(new Map(own.map(([name, tensor]) => [name.slice(prefix.length), tensor])));
  }
  for (const [name, parameter] of parameters)
    tf.tidy(() => parameter.assign(tf.clone(checkpoint.model.get(name) as tf.Tensor)));
}

/** Frees the tensors of a checkpoint. */
export function disposeCheckpoint({ model, optimizer }: Omit<Checkpoint, 'state'>): void {
  tf.dispose([...model.values(), ...optimizer.values()]);
}

function checkSameTensors(saved: ReadonlyMap<string, tf.Tensor>, parameters: ReadonlyMap<string, tf.Variable>): void {
  for (const name of saved.keys()) {
    if (!parameters.has(name))
      throw new TrainError('CHECKPOINT_MISMATCH', `the checkpoint has "${name}", which the model has not`);
  }
  for (const [name, parameter] of parameters) {
    const tensor = saved.get(name);
    if (!tensor) throw new TrainError('CHECKPOINT_MISMATCH', `the checkpoint has no "${name}", which the model has`);
    if (tensor.shape.join() === parameter.shape.join()) continue;
    throw new TrainError(
      'CHECKPOINT_MISMATCH',
      `"${name}" has shape [${tensor.shape}] in the checkpoint and [${parameter.shape}] in the model`,
    );
  }
}
