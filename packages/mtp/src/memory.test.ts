import { describeEngines, disposeEngine, useEngine } from '@smol/engine';
import { variableGradients } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ParallelHeads } from './parallel-heads.ts';
import { residualBlock } from './residual-block.ts';
import { SequentialModules } from './sequential-modules.ts';
import { transformerBlock } from './transformer-block.ts';

const { engines } = await describeEngines();
const names = ['cpu', engines.native.available ? 'native' : 'wasm'] as const;

// B 2, T 16, D 16, V 2048: as in a real model, logits are what is large.
const [rows, time, dimension, vocabulary] = [2, 16, 16, 2048];
const random = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);
const blocks = {
  residual: residualBlock({ dimension }),
  transformer: transformerBlock({ dimension, queryHeads: 2, feedForward: 32, seed: 1 }),
};

describe.each(names)('peak memory of a step on the engine %s', (engine) => {
  beforeAll(() => useEngine(engine, { threads: 2 }));
  afterAll(() => disposeEngine());

  const given = () => ({
    hidden_BTD: random([rows, time, dimension], 1) as tf.Tensor3D,
    headWeight_VD: tf.variable(random([vocabulary, dimension], 2)) as tf.Variable,
    embedding_VD: tf.variable(random([vocabulary, dimension], 3)) as tf.Variable,
    inputs_BT: tf.ones([rows, time], 'int32') as tf.Tensor2D,
    targets_BT: tf.ones([rows, time], 'int32') as tf.Tensor2D,
  });
  const peakOf = async (loss: () => tf.Scalar, variables: tf.Variable[]): Promise<number> => {
    const before = tf.memory().numBytes;
    const step = () => tf.tidy(() => void variableGradients(loss, variables)) as unknown as tf.TensorContainer;
    const { peakBytes } = await tf.profile(step);
    return peakBytes - before;
  };
  const parallelPeak = (predictions: number, kind: keyof typeof blocks): Promise<number> => {
    const batch = given();
    const heads = new ParallelHeads({ predictions, block: blocks[kind] });
    return peakOf(() => heads.loss(batch), [batch.headWeight_VD, ...heads.parameters.values()]);
  };
  const sequentialPeak = (depth: number): Promise<number> => {
    const batch = given();
    const modules = new SequentialModules({ depth, dimension, block: blocks.transformer, seed: 1 });
    const variables = [batch.headWeight_VD, batch.embedding_VD, ...modules.parameters.values()];
    return peakOf(() => modules.loss(batch), variables);
  };

  it.each(['residual', 'transformer'] as const)(
    'of four parallel %s heads is within 1.3 times that of one',
    async (kind) => {
      expect((await parallelPeak(5, kind)) / (await parallelPeak(2, kind))).toBeLessThan(1.3);
    },
  );

  it('of four predictions is within 1.3 times that of the model’s own', async () => {
    expect((await parallelPeak(4, 'residual')) / (await parallelPeak(1, 'residual'))).toBeLessThan(1.3);
  });

  it('of four sequential modules is within 1.3 times that of one', async () => {
    expect((await sequentialPeak(4)) / (await sequentialPeak(1))).toBeLessThan(1.3);
  });

  it('of all heads recorded at once would be far larger', async () => {
    const batch = given();
    const heads = new ParallelHeads({ predictions: 5, block: blocks.residual });
    const atOnce = await peakOf(() => {
      const losses = heads.hidden(batch.hidden_BTD).map((own_BTD) => {
        const own_ND: tf.Tensor2D = tf.reshape(own_BTD, [-1, dimension]);
        return tf.logSumExp(tf.matMul(own_ND, batch.headWeight_VD as tf.Tensor as tf.Tensor2D, false, true));
      });
      return losses.reduce((sum, loss) => tf.add(sum, loss)) as tf.Scalar;
    }, [batch.headWeight_VD, ...heads.parameters.values()]);
    expect(atOnce / (await parallelPeak(5, 'residual'))).toBeGreaterThan(1.5);
  });
});
