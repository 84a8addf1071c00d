import { useEngine } from '@smol/engine';
import { SmolLM } from '@smol/model';
import { linearCrossEntropy } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HeadBlockFactory } from './head-block.ts';
import { ParallelHeads, type HeadBatch } from './parallel-heads.ts';
import { residualBlock } from './residual-block.ts';
import { shiftTargets } from './shift-targets.ts';
import { transformerBlock } from './transformer-block.ts';
import { withParallelHeads } from './with-parallel-heads.ts';
import { countingConfig, rowsOfCounting, trainOnCounting } from './fixtures/counting-model.ts';

beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

// B 2, T 5, D 4, V 6
const dimension = 4;
const blocks: Record<string, HeadBlockFactory> = {
  residual: residualBlock({ dimension }),
  transformer: transformerBlock({
    dimension,
    queryHeads: 2,
    keyValueHeads: 1,
    feedForward: 6,
    seed: 1,
    initializerRange: 0.3,
  }),
};
const hidden = () => tf.randomNormal([2, 5, dimension], 0, 1, 'float32', 1) as tf.Tensor3D;
const headWeight = () => tf.randomNormal([6, dimension], 0, 1, 'float32', 2) as tf.Tensor2D;
const targets = () =>
  tf.tensor2d(
    [
      [1, 2, 3, -100, 4],
      [5, 0, 1, 2, 3],
    ],
    undefined,
    'int32',
  );
const segments = () =>
  tf.tensor2d(
    [
      [0, 0, 0, 0, 1],
      [0, 0, 0, 0, 0],
    ],
    undefined,
    'int32',
  );
const batch = (): HeadBatch => ({
  hidden_BTD: hidden(),
  headWeight_VD: headWeight(),
  targets_BT: targets(),
  segmentIds_BT: segments(),
});
const numberOf = (tensor: tf.Tensor) => tensor.dataSync()[0];
const rows = (x_BTD: tf.Tensor) => tf.reshape(x_BTD, [-1, dimension]) as tf.Tensor2D;

/** Gives the weights that start at zero some values, so that every path carries a gradient. */
function stir(heads: ParallelHeads): ParallelHeads {
  let seed = 10;
  for (const variable of heads.parameters.values())
    variable.assign(tf.add(variable, tf.randomNormal(variable.shape, 0, 0.3, 'float32', seed++)));
  return heads;
}

/** The definition, recorded as tfjs does it: everything at once. */
function plainLoss(
  heads: ParallelHeads,
  { hidden_BTD, headWeight_VD, targets_BT, segmentIds_BT }: HeadBatch,
  weight: number,
): tf.Scalar {
  const losses = heads.hidden(hidden_BTD, segmentIds_BT).map((own_BTD, index) => {
    const shifted_N = tf.reshape(shiftTargets(targets_BT, index, segmentIds_BT), [-1]) as tf.Tensor1D;
    return tf.mul(linearCrossEntropy(rows(own_BTD), headWeight_VD, shifted_N), index === 0 ? 1 : weight) as tf.Scalar;
  });
  return losses.reduce((sum, loss) => tf.add(sum, loss));
}

describe('one head', () => {
  it('is the plain loss, and has its gradients, to the bit', () => {
    const heads = new ParallelHeads({ predictions: 1, block: blocks.residual });
    expect(heads.parameters.size).toBe(0);
    const { hidden_BTD, headWeight_VD, targets_BT } = batch();
    const plain = (z: tf.Tensor, w: tf.Tensor) =>
      linearCrossEntropy(rows(z), w, tf.reshape(targets_BT, [-1]) as tf.Tensor1D);
    const ours = (z: tf.Tensor, w: tf.Tensor) =>
      heads.loss({ ...batch(), hidden_BTD: z as tf.Tensor3D, headWeight_VD: w });
    expect(numberOf(ours(hidden_BTD, headWeight_VD))).toBe(numberOf(plain(hidden_BTD, headWeight_VD)));
    const [expected, found] = [plain, ours].map((f) =>
      tf
        .grads(f)([hidden_BTD, headWeight_VD])
        .map((gradient) => Array.from(gradient.dataSync())),
    );
    expect(found).toEqual(expected);
  });
});

describe.each(Object.keys(blocks))('three heads of %s blocks', (name) => {
  const make = () => new ParallelHeads({ predictions: 3, block: blocks[name], weight: 0.5 });

  it('start by saying what the trunk says', () => {
    const z = hidden();
    const [first, ...others] = make().hidden(z, segments());
    expect(Array.from(first.dataSync())).toEqual(Array.from(z.dataSync()));
    const normalized = tf.div(z, tf.sqrt(tf.add(tf.mean(tf.square(z), -1, true), 1e-6)));
    for (const other of others) expect(tf.max(tf.abs(tf.sub(other, normalized))).dataSync()[0]).toBeLessThan(1e-6);
  });

  it('have the summed loss and its gradients, though run one at a time', () => {
    const heads = stir(make());
    const variables = [...heads.parameters.values()];
    const inputs = [hidden(), headWeight(), ...variables];
    const given = (z: tf.Tensor, w: tf.Tensor) => ({ ...batch(), hidden_BTD: z as tf.Tensor3D, headWeight_VD: w });
    const value = (f: (b: HeadBatch) => tf.Scalar) =>
      tf.valueAndGrads((...xs: tf.Tensor[]) => f(given(xs[0], xs[1])))(inputs);
    const plain = value((b) => plainLoss(heads, b, 0.5));
    const ours = value((b) => heads.loss(b));
    expect(numberOf(ours.value)).toBeCloseTo(numberOf(plain.value), 6);
    expect(numberOf(heads.loss(given(inputs[0], inputs[1])))).toBeCloseTo(numberOf(plain.value), 6);
    plain.grads.forEach((gradient, index) => {
      expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBeGreaterThan(0);
      expect(tf.max(tf.abs(tf.sub(ours.grads[index], gradient))).dataSync()[0]).toBeLessThan(1e-6);
    });
  });

  it('have the gradients that finite differences give', () => {
    const heads = stir(make());
    for (const variable of heads.parameters.values()) {
      const { grads } = tf.variableGrads(() => heads.loss(batch()), [variable]);
      const slopes = grads[variable.name].dataSync();
      const start = variable.dataSync().slice();
      const h = 0.02;
      for (const index of [0, slopes.length - 1]) {
        const at = (delta: number) => {
          variable.assign(
            tf.tensor(
              start.map((value, place) => (place === index ? value + delta : value)),
              variable.shape,
            ),
          );
          return numberOf(heads.loss(batch()));
        };
        expect(slopes[index]).toBeCloseTo((at(h) - at(-h)) / (2 * h), 2);
      }
      variable.assign(tf.tensor(start, variable.shape));
    }
  });

  it('pass the gradient on through what lies before them', () => {
    const heads = stir(make());
    const w = tf.variable(tf.eye(dimension) as tf.Tensor2D);
    const through = (f: (b: HeadBatch) => tf.Scalar) =>
      tf.variableGrads(() => {
        const hidden_BTD = tf.reshape(tf.matMul(rows(hidden()), w), [2, 5, dimension]) as tf.Tensor3D;
        return tf.mul(f({ ...batch(), hidden_BTD }), 3) as tf.Scalar;
      }, [w]).grads[w.name];
    const [ours, plain] = [through((b) => heads.loss(b)), through((b) => plainLoss(heads, b, 0.5))];
    expect(tf.max(tf.abs(tf.sub(ours, plain))).dataSync()[0]).toBeLessThan(1e-5);
  });

  it('report the loss of each head and leak nothing', () => {
    const heads = stir(make());
    const given = batch();
    const parameters = [...heads.parameters.values()];
    const run = () => {
      const headLosses: tf.Scalar[] = [];
      const { value, grads } = tf.variableGrads(() => heads.loss(given, { headLosses }), parameters);
      const numbers = headLosses.map(numberOf);
      expect(numberOf(value)).toBeCloseTo(numbers[0] + 0.5 * (numbers[1] + numbers[2]), 5);
      tf.dispose([...headLosses, value, ...Object.values(grads)]);
    };
    run();
    const before = tf.memory().numTensors;
    run();
    expect(tf.memory().numTensors).toBe(before);
    heads.dispose();
    expect(tf.memory().numTensors).toBe(before - parameters.length);
  });

  it('do not see the next document', () => {
    const heads = stir(make());
    const lastOfFirstRow = tf.reshape(tf.oneHot(tf.tensor1d([4], 'int32'), 10), [2, 5, 1]); // the second document
    const changed = tf.add(hidden(), tf.mul(lastOfFirstRow, tf.tensor1d([5, -3, 1, 2]))) as tf.Tensor3D;
    const [before, after] = [hidden(), changed].map((z) => heads.hidden(z, segments())[2].dataSync());
    expect(Array.from(after.slice(0, 4 * dimension))).toEqual(Array.from(before.slice(0, 4 * dimension)));
    expect(Array.from(after.slice(4 * dimension, 5 * dimension))).not.toEqual(
      Array.from(before.slice(4 * dimension, 5 * dimension)),
    );
  });
});

describe('withParallelHeads', () => {
  it('trains a real SmolLM with its heads: all losses fall', () => {
    const model = SmolLM.initialize(countingConfig, { seed: 1 });
    const heads = new ParallelHeads({
      predictions: 2,
      block: transformerBlock({ dimension: 8, queryHeads: 2, feedForward: 12, seed: 2 }),
    });
    const both = withParallelHeads(model, heads);
    expect([...both.parameters.keys()].filter((name) => name.startsWith('mtp.heads.2.'))).toHaveLength(10);
    const { before, after } = trainOnCounting(both);
    after.forEach((loss, index) => expect(loss).toBeLessThan(before[index] - 0.5));
  });

  it("with one head is the model's own loss", () => {
    const model = SmolLM.initialize(countingConfig, { seed: 1 });
    const alone = withParallelHeads(
      model,
      new ParallelHeads({ predictions: 1, block: residualBlock({ dimension: 8 }) }),
    );
    expect(numberOf(alone.loss(rowsOfCounting()))).toBe(numberOf(model.loss(rowsOfCounting())));
  });

  it('refuses a model that caps its logits', () => {
    const model = SmolLM.initialize({ ...countingConfig, final_logit_softcapping: 3 }, { seed: 1 });
    const heads = new ParallelHeads({ predictions: 2, block: residualBlock({ dimension: 8 }) });
    expect(() => withParallelHeads(model, heads)).toThrow('the model caps its logits at 3');
  });
});

it('says what cannot be', () => {
  expect(() => new ParallelHeads({ predictions: 0, block: blocks.residual })).toThrow(
    'predictions must be an integer ≥ 1, got 0',
  );
  expect(() => new ParallelHeads({ predictions: 2, block: blocks.residual, weight: -1 })).toThrow(
    'weight must be a number ≥ 0, got -1',
  );
  expect(() => transformerBlock({ dimension: 8, queryHeads: 3, feedForward: 8, seed: 1 })).toThrow(
    'headDimension must be an integer ≥ 1',
  );
  expect(() => transformerBlock({ dimension: 8, queryHeads: 4, keyValueHeads: 3, feedForward: 8, seed: 1 })).toThrow(
    'must be a multiple of keyValueHeads, got 4 and 3',
  );
  const heads = new ParallelHeads({ predictions: 2, block: blocks.residual });
  expect(() => heads.loss({ ...batch(), headWeight_VD: tf.ones([6, 3]) })).toThrow(
    'needs hidden [B, T, D], head weight [V, D] and targets [B, T], got [2,5,4], [6,3] and [2,5]',
  );
});
