import { linear, rmsNorm } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { newGain, newMatrix, type HeadBlock } from './head-block.ts';

/** Options of {@link residualBlock}. */
export interface ResidualBlockOptions {
  /** D */
  dimension: number;
  /** of RMSNorm, default 1e-6 */
  epsilon?: number;
}

/**
 * The cheapest head: RMSNorm(z + W·RMSNorm(z)), D² weights. W starts at zero, so that a new head says what the trunk says.
 *
 * @returns a factory for `ParallelHeads`
 */
export function residualBlock({ dimension, epsilon = 1e-6 }: ResidualBlockOptions): () => HeadBlock {
  return () => {
    const norm_D = newGain(dimension);
    const projection_DD = newMatrix([dimension, dimension]);
    const outputNorm_D = newGain(dimension);
    return {
      parameters: new Map([
        ['norm.weight', norm_D],
        ['projection.weight', projection_DD],
        ['output_norm.weight', outputNorm_D],
      ]),
      apply: (hidden_BTD) =>
        tf.tidy(() => {
          const update_BTD = linear(rmsNorm(hidden_BTD, norm_D, epsilon), projection_DD);
          return rmsNorm(tf.add(hidden_BTD, update_BTD) as tf.Tensor3D, outputNorm_D, epsilon);
        }),
    };
  };
}
