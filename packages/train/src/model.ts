import type * as tf from '@tensorflow/tfjs-core';

// B batch, T time, H query heads.

/** Tokens that follow each other in one shard. */
export interface Stretch {
  readonly shard: string;
  /** the first one's position in the shard */
  readonly start: number;
  readonly length: number;
}

/** A batch as tensors. */
export interface BatchTensors {
  /** int32 [B, T] */
  inputs_BT: tf.Tensor2D;
  /** int32 [B, T], the token after each input, -100 where there is no loss */
  targets_BT: tf.Tensor2D;
  /** int32 [B, T], which document of its row an input belongs to */
  segmentIds_BT: tf.Tensor2D;
  /** where the inputs of each row lie in the shards, if the loader says so */
  origins?: readonly (readonly Stretch[])[];
}

/** Where in training a loss is asked for. */
export interface StepPlace {
  /** from 1 */
  step: number;
  totalSteps: number;
}

/** The part of a loss that is the plain mean of −ln p of the next token: what a model is compared by. */
export const NEXT_TOKEN = 'nextToken';

/** What the Trainer asks of a loss beside its value. */
export interface LossOptions {
  maxLogits?: tf.Tensor1D[];
  onActivation?: (name: string, activation: tf.Tensor) => void;
  /** receives parts of the loss by name, for the metrics: means over the batch, the same names in the same order each time */
  onLoss?: (name: string, loss: tf.Scalar) => void;
  place?: StepPlace;
  /** what `prepare` gave for this batch */
  prepared?: tf.TensorContainer;
}

/** What the Trainer needs of a model. `SmolLM` of @smol/model is one. */
export interface TrainableModel {
  /** trainable variables by name; names are those in checkpoints */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /**
   * Mean loss in nats over the targets that count.
   *
   * @param options.maxLogits receives one [H] tensor per attention layer, the largest attention logit of every head
   * @param options.onActivation a model may show it activations by name, [..., units], for the metrics of an inspection
   */
  loss(batch: BatchTensors, options: LossOptions): tf.Scalar;
  /**
   * Gets ready for a batch what needs no gradient, such as a teacher's opinion: runs before the forward pass, outside of
   * any recording, and may wait for others. Its tensors are freed after the backward pass.
   */
  prepare?(batch: BatchTensors, place: StepPlace): tf.TensorContainer | Promise<tf.TensorContainer>;
}

/** Rows of token ids, row-major [rows, sequenceLength]. `Batch` of @smol/dataset is one. */
export interface Batch {
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
  readonly segments: Int32Array;
  readonly rows: number;
  readonly sequenceLength: number;
  /** the loader's stage: when it changes, so may the loss */
  readonly stage?: number;
  /** where the inputs of each row lie in the shards */
  readonly origins?: readonly (readonly Stretch[])[];
}

/** Gives this process's batch of each step. `BatchLoader` of @smol/dataset is one. */
export interface BatchSource {
  next(): Batch | Promise<Batch>;
  /** plain JSON; independent of the number of processes */
  state(): unknown;
  restore(state: unknown): void;
  /** Passes over the data of so many steps without moving the step; a rollback needs it. */
  skip?(steps: number): void;
}

/** The target that counts for nothing. */
const ignoredTarget = -100;

/** Targets that count. */
export function countTargets(batch: Batch): number {
  return batch.targets.reduce((count, target) => count + (target === ignoredTarget ? 0 : 1), 0);
}
