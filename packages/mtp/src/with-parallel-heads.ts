import * as tf from '@tensorflow/tfjs-core';
import type { ParallelHeads } from './parallel-heads.ts';

// B batch, T time, D model width, V vocabulary, H query heads.

/** What heads need of a model. `SmolLM` of @smol/model is one. */
export interface Trunk {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** [V, D] */
  readonly headWeight: tf.Variable;
  /** [B, T, D] after the final norm */
  hidden(ids_BT: tf.Tensor2D, options: { segmentIds_BT?: tf.Tensor2D; maxLogits?: tf.Tensor1D[] }): tf.Tensor3D;
}

/** A batch of training rows, int32 [B, T] each. */
export interface TrainingBatch {
  inputs_BT: tf.Tensor2D;
  targets_BT: tf.Tensor2D;
  segmentIds_BT?: tf.Tensor2D;
}

/** A model with further heads, as a trainer takes it: parameters of both, and the summed loss. */
export interface ModelWithHeads {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  loss(
    batch: TrainingBatch,
    options?: { maxLogits?: tf.Tensor1D[]; headLosses?: tf.Scalar[]; headWeights?: readonly number[]; zLoss?: number },
  ): tf.Scalar;
}

/** Puts parallel heads on a model, for training; the model alone is what is kept afterwards. */
export function withParallelHeads(trunk: Trunk, heads: ParallelHeads): ModelWithHeads {
  return {
    parameters: new Map([...trunk.parameters, ...heads.parameters]),
    loss({ inputs_BT, targets_BT, segmentIds_BT }, { maxLogits, ...options } = {}) {
      return tf.tidy(() => {
        const hidden_BTD = trunk.hidden(inputs_BT, { segmentIds_BT, maxLogits });
        return heads.loss({ hidden_BTD, headWeight_VD: trunk.headWeight, targets_BT, segmentIds_BT }, options);
      });
    },
  };
}
