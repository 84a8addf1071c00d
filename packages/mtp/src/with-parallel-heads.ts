import * as tf from '@tensorflow/tfjs-core';
import { MtpError } from './mtp-error.ts';
import type { ParallelHeads } from './parallel-heads.ts';

// B batch, T time, D model width, V vocabulary, H query heads.

/** What heads need of a model. `SmolLM` of @smol/model is one. */
export interface Trunk {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** [V, D] */
  readonly headWeight: tf.Variable;
  /** Losses take head · hidden for the logits: a model that caps them is refused. */
  readonly config?: { readonly final_logit_softcapping?: number | null };
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

/**
 * Puts parallel heads on a model, for training; the model alone is what is kept afterwards.
 *
 * @throws MtpError `BAD_OPTION` when the model caps its logits
 */
export function withParallelHeads(trunk: Trunk, heads: ParallelHeads): ModelWithHeads {
  checkHead(trunk);
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

/** Throws `BAD_OPTION` when the logits of the model are not just head · hidden. */
export function checkHead({ config }: Trunk): void {
  const cap = config?.final_logit_softcapping ?? null;
  if (cap === null) return;
  throw new MtpError(
    'BAD_OPTION',
    `the model caps its logits at ${cap} (final_logit_softcapping), and further heads cannot; train it on its own loss`,
  );
}
