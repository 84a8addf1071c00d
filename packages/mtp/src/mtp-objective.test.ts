import { useEngine } from '@smol/engine';
import { linearCrossEntropy } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mtpObjective, type MtpObjective } from './mtp-objective.ts';
import { ParallelHeads } from './parallel-heads.ts';
import { SequentialModules } from './sequential-modules.ts';
import { stagedHeadWeights } from './head-weights.ts';
import { transformerBlock } from './transformer-block.ts';

beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

// B 2, T 6, D 4, V 7
const dimension = 4;
const block = transformerBlock({ dimension, queryHeads: 2, feedForward: 6, seed: 1, initializerRange: 0.3 });
const makers = {
  parallel: () => new ParallelHeads({ predictions: 3, block, weight: 0.5 }),
  sequential: () => new SequentialModules({ depth: 2, dimension, block, lambda: 0.6, seed: 1 }),
};
const kinds = Object.keys(makers) as (keyof typeof makers)[];
const ids = (step: number) =>
  tf.tensor2d(
    Int32Array.from({ length: 12 }, (_, i) => (i * step + 1) % 7),
    [2, 6],
    'int32',
  );

function setting(kind: keyof typeof makers, options: { weights?: (progress: number) => readonly number[] } = {}) {
  const heads = makers[kind]();
  const table_VD = tf.variable(tf.randomNormal([7, dimension], 0, 1, 'float32', 3)) as tf.Variable;
  const hidden = tf.variable(tf.randomNormal([2, 6, dimension], 0, 1, 'float32', 4)) as tf.Variable;
  const batch = { inputs_BT: ids(3), targets_BT: ids(5), segmentIds_BT: tf.zeros([2, 6], 'int32') as tf.Tensor2D };
  const objective = mtpObjective({ heads, embedding_VD: table_VD, ...options });
  const reported: [string, number][] = [];
  const lossAt = (own: MtpObjective, step: number, totalSteps = 9): tf.Scalar =>
    own.loss({
      batch,
      hidden_BTD: hidden as tf.Tensor as tf.Tensor3D,
      headWeight_VD: table_VD,
      place: { step, totalSteps },
      report: (name, loss) => void reported.push([name, loss.dataSync()[0]]),
    });
  const nextToken = () =>
    linearCrossEntropy(tf.reshape(hidden, [12, dimension]), table_VD, tf.reshape(batch.targets_BT, [12]));
  const whole = (headWeights?: readonly number[]) => {
    const given = { ...batch, hidden_BTD: hidden as tf.Tensor as tf.Tensor3D, headWeight_VD: table_VD };
    return heads.loss({ ...given, embedding_VD: table_VD }, { headWeights });
  };
  const variables = [hidden, table_VD, ...heads.parameters.values()];
  return { heads, objective, reported, lossAt, nextToken, whole, variables };
}

describe.each(kinds)('looking ahead with %s heads as an objective', (kind) => {
  it('adds to the next token’s loss what the heads’ own loss adds, gradients too', () => {
    const { objective, lossAt, nextToken, whole, variables } = setting(kind);
    const sum = tf.variableGrads(() => tf.add(nextToken(), lossAt(objective, 1)), variables);
    const expected = tf.variableGrads(() => whole(), variables);
    expect(sum.value.dataSync()[0]).toBeCloseTo(expected.value.dataSync()[0], 5);
    for (const { name } of variables) {
      const difference = tf.max(tf.abs(tf.sub(sum.grads[name], expected.grads[name]))).dataSync()[0];
      expect(difference).toBeLessThan(1e-5);
    }
  });

  it('reports each further head by its own loss, and leaves no tensor behind', () => {
    const { objective, lossAt, reported, variables } = setting(kind);
    const before = tf.memory().numTensors;
    const { value, grads } = tf.variableGrads(() => lossAt(objective, 1), variables);
    expect(reported.map(([name]) => name)).toEqual(['mtp.2', 'mtp.3']);
    const weight = kind === 'parallel' ? 0.5 : 0.3;
    expect(value.dataSync()[0]).toBeCloseTo(weight * (reported[0][1] + reported[1][1]), 5);
    tf.dispose([value, grads]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('follows weights by stage of training; a head of weight 0 learns nothing and is reported as 0', () => {
    const stages = [
      { until: 1 / 3, weights: [1, 0.5, 0.25] },
      { until: 2 / 3, weights: [1, 0.5, 0] },
      { until: 1, weights: [1, 0, 0] },
    ];
    const { objective, lossAt, reported, variables, heads } = setting(kind, {
      weights: (progress) => stagedHeadWeights(stages, progress),
    });
    const values = [1, 5, 9].map((step) => {
      const { value, grads } = tf.variableGrads(() => lossAt(objective, step), variables);
      const last = [...heads.parameters.values()].at(-1) as tf.Variable;
      return { loss: value.dataSync()[0], last: tf.sum(tf.abs(grads[last.name])).dataSync()[0] };
    });
    const [second, third] = [reported[0][1], reported[1][1]];
    expect(reported.map(([, loss]) => loss)).toEqual([second, third, second, 0, 0, 0]);
    expect(values[0].loss).toBeCloseTo(0.5 * second + 0.25 * third, 5);
    expect(values[1].loss).toBeCloseTo(0.5 * second, 5);
    expect(values[2].loss).toBe(0);
    expect(values.map(({ last }) => last > 0)).toEqual([true, false, false]);
  });
});

it('asks for the embedding that sequential modules need', () => {
  expect(() => mtpObjective({ heads: makers.sequential() })).toThrow('need embedding_VD');
});
