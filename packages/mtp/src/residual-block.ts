import { linear, rmsNorm } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { newGain, newMatrix, type HeadBlock, type HeadBlockFactory } from './head-block.ts';
import { lastRows, type StackedHeads } from './stacked-heads.ts';

// C heads, D model width.

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
export function residualBlock({ dimension, epsilon = 1e-6 }: ResidualBlockOptions): HeadBlockFactory {
  const create = (): HeadBlock => {
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
  return Object.assign(create, { stack: (blocks: readonly HeadBlock[]) => stackResidual(blocks, dimension, epsilon) });
}

/** All heads' matrices in one product; the gains before them are part of it. */
function stackResidual(blocks: readonly HeadBlock[], dimension: number, epsilon: number): StackedHeads {
  const weight = (block: HeadBlock, name: string) => block.parameters.get(`${name}.weight`) as tf.Variable;
  const folded = tf.tidy(() => ({
    one_D: tf.ones([dimension]) as tf.Tensor1D,
    projection: tf.concat(
      blocks.map((block) => tf.mul(weight(block, 'projection'), weight(block, 'norm')) as tf.Tensor2D),
      0,
    ),
    outputNorm_CD: tf.stack(blocks.map((block) => weight(block, 'output_norm'))),
  }));
  const { one_D, projection, outputNorm_CD } = folded;
  return {
    read(hidden_ND) {
      const last_1D = lastRows(hidden_ND, 1);
      const update_CD = tf.reshape(linear(rmsNorm(last_1D, one_D, epsilon), projection), [blocks.length, dimension]);
      return tf.mul(rmsNorm(tf.add(last_1D, update_CD), one_D, epsilon), outputNorm_CD);
    },
    dispose: () => tf.dispose({ ...folded }),
  };
}
