import type * as tf from '@tensorflow/tfjs-core';

// B batch, T time, H query heads.

/** A batch as tensors. */
export interface BatchTensors {
  /** int32 [B, T] */
  inputs_BT: tf.Tensor2D;
  /** int32 [B, T], the token after each input, -100 where there is no loss */
  targets_BT: tf.Tensor2D;
  /** int32 [B, T], which document of its row an input belongs to */
  segmentIds_BT: tf.Tensor2D;
}

/** What the Trainer asks of a loss beside its value. */
export interface LossOptions {
  maxLogits?: tf.Tensor1D[];
  onActivation?: (name: string, activation: tf.Tensor) => void;
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
