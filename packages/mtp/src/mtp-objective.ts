import * as tf from '@tensorflow/tfjs-core';
import { MtpError } from './mtp-error.ts';
import { ParallelHeads } from './parallel-heads.ts';
import type { SequentialModules } from './sequential-modules.ts';

// B batch, T time, D model width, V vocabulary.

/** What one forward pass of a trunk shows: that of `withObjectives` of @smol/train, as far as heads need it. */
export interface ObjectivePass {
  readonly batch: { inputs_BT: tf.Tensor2D; targets_BT: tf.Tensor2D; segmentIds_BT?: tf.Tensor2D };
  /** [B, T, D] after the final norm */
  readonly hidden_BTD: tf.Tensor3D;
  /** [V, D] */
  readonly headWeight_VD: tf.Tensor;
  /** steps are counted from 1 */
  readonly place: { step: number; totalSteps: number };
  /** tells the metrics a part of the loss */
  report(name: string, loss: tf.Scalar): void;
}

/** One of the things that a run learns, as `withObjectives` of @smol/train takes it. */
export interface MtpObjective {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** the weighted sum over the heads that look further than the next token */
  loss(pass: ObjectivePass): tf.Scalar;
}

/** Options of {@link mtpObjective}. */
export interface MtpObjectiveOptions {
  heads: ParallelHeads | SequentialModules;
  /** weights by share of training that is done, such as `stagedHeadWeights` gives; that of head 1, the first, is not used */
  weights?: (progress: number) => readonly number[];
  /** [V, D], the trunk's embedding table; sequential modules read tokens with it */
  embedding_VD?: tf.Tensor;
}

/**
 * Looking further ahead as an objective beside the next token's: heads 2 to n alone, each with its weight. Their own losses,
 * unweighted, are reported as `mtp.2`, `mtp.3`, …; that of a head of weight 0, which is not computed, as 0.
 *
 * @throws MtpError `BAD_OPTION` when sequential modules are given no embedding
 */
export function mtpObjective({ heads, weights, embedding_VD }: MtpObjectiveOptions): MtpObjective {
  const lossOf = headLoss(heads, embedding_VD);
  return {
    name: 'multi-token prediction',
    parameters: heads.parameters,
    loss: (pass) =>
      tf.tidy(() => {
        const { step, totalSteps } = pass.place;
        const [, ...further] = weights?.((step - 1) / totalSteps) ?? heads.weights;
        const headLosses: tf.Scalar[] = [];
        const loss = lossOf(pass, { headWeights: [0, ...further], headLosses });
        for (const [index, own] of headLosses.entries()) {
          if (index > 0) pass.report(`mtp.${index + 1}`, own);
          own.dispose();
        }
        return loss;
      }),
  };
}

type HeadLoss = (
  pass: ObjectivePass,
  options: { headWeights: readonly number[]; headLosses: tf.Scalar[] },
) => tf.Scalar;

function headLoss(heads: ParallelHeads | SequentialModules, embedding_VD?: tf.Tensor): HeadLoss {
  if (heads instanceof ParallelHeads)
    return ({ batch, ...pass }, options) => heads.loss({ ...pass, ...batch }, options);
  if (embedding_VD) return ({ batch, ...pass }, options) => heads.loss({ ...pass, ...batch, embedding_VD }, options);
  throw new MtpError('BAD_OPTION', 'sequential modules need embedding_VD, the embedding table of the model; give it');
}
