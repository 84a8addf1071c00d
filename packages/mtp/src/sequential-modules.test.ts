import { useEngine } from '@smol/engine';
import { SmolLM } from '@smol/model';
import { linearCrossEntropy } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { headTensors, isHeadParameter, restoreHeadTensors } from './head-tensors.ts';
import { deepSeekLambda, sequentialHeadWeights, speedrunHeadWeights, stagedHeadWeights } from './head-weights.ts';
import { ParallelHeads } from './parallel-heads.ts';
import { SequentialModules, type SequentialBatch } from './sequential-modules.ts';
import { shiftTargets } from './shift-targets.ts';
import { transformerBlock } from './transformer-block.ts';
import { withSequentialModules } from './with-sequential-modules.ts';
import { countingConfig, rowsOfCounting, trainOnCounting } from './fixtures/counting-model.ts';

beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

// B 2, T 5, D 4, V 6
const dimension = 4;
const block = (width = dimension) =>
  transformerBlock({ dimension: width, queryHeads: 2, feedForward: 6, seed: 1, initializerRange: 0.3 });
const make = (depth: number, lambda = 0.6) =>
  new SequentialModules({ depth, dimension, block: block(), lambda, seed: 3, initializerRange: 0.3 });
const ids = (rows: number[][]) => tf.tensor2d(rows, undefined, 'int32');
const random = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);
const batch = (): SequentialBatch => ({
  hidden_BTD: random([2, 5, dimension], 1) as tf.Tensor3D,
  headWeight_VD: random([6, dimension], 2),
  embedding_VD: random([6, dimension], 4),
  inputs_BT: ids([
    [0, 1, 2, 3, 5],
    [4, 5, 0, 1, 2],
  ]),
  targets_BT: ids([
    [1, 2, 3, -100, 4],
    [5, 0, 1, 2, 3],
  ]),
  segmentIds_BT: ids([
    [0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0],
  ]),
});
const numberOf = (tensor: tf.Tensor) => tensor.dataSync()[0];
const largest = (x: tf.Tensor) => tf.max(tf.abs(x)).dataSync()[0];

function stir(modules: SequentialModules): SequentialModules {
  let seed = 10;
  for (const variable of modules.parameters.values())
    variable.assign(tf.add(variable, tf.randomNormal(variable.shape, 0, 0.3, 'float32', seed++)));
  return modules;
}

/** The definition of the paper, recorded all at once; tokens written out by hand. */
function plainLoss(modules: SequentialModules, given: SequentialBatch, weights: readonly number[]): tf.Scalar {
  const next = [
    [
      [1, 2, 3, 5, 0],
      [5, 0, 1, 2, 0],
    ],
    [
      [2, 3, 5, 0, 0],
      [0, 1, 2, 0, 0],
    ],
  ];
  let state = given.hidden_BTD;
  const losses = weights.map((weight, module) => {
    if (module > 0)
      state = modules.apply(module, state, ids(next[module - 1]), given.embedding_VD, given.segmentIds_BT);
    const targets_N = tf.reshape(shiftTargets(given.targets_BT, module, given.segmentIds_BT), [-1]);
    return tf.mul(
      linearCrossEntropy(tf.reshape(state, [-1, dimension]), given.headWeight_VD, targets_N),
      weight,
    ) as tf.Scalar;
  });
  return losses.reduce((sum, loss) => tf.add(sum, loss));
}

describe('sequential modules', () => {
  it('with depth 0 are the plain loss', () => {
    const { hidden_BTD, headWeight_VD, targets_BT } = batch();
    const plain = linearCrossEntropy(
      tf.reshape(hidden_BTD, [-1, dimension]),
      headWeight_VD,
      tf.reshape(targets_BT, [-1]),
    );
    expect(numberOf(make(0).loss(batch()))).toBe(numberOf(plain));
  });

  it.each([1, 2])('%i deep have the loss of the paper, and its gradients, though run one at a time', (depth) => {
    const modules = stir(make(depth));
    const { hidden_BTD, headWeight_VD, embedding_VD } = batch();
    const inputs = [hidden_BTD, headWeight_VD, embedding_VD, ...modules.parameters.values()];
    const measure = (f: (given: SequentialBatch) => tf.Scalar) =>
      tf.valueAndGrads((...xs: tf.Tensor[]) =>
        f({ ...batch(), hidden_BTD: xs[0] as tf.Tensor3D, headWeight_VD: xs[1], embedding_VD: xs[2] }),
      )(inputs);
    const plain = measure((given) => plainLoss(modules, given, sequentialHeadWeights(0.6, depth)));
    const ours = measure((given) => modules.loss(given));
    expect(numberOf(ours.value)).toBeCloseTo(numberOf(plain.value), 5);
    expect(numberOf(modules.loss(batch()))).toBeCloseTo(numberOf(plain.value), 5);
    plain.grads.forEach((gradient, index) => {
      expect(largest(gradient)).toBeGreaterThan(0);
      expect(largest(tf.sub(ours.grads[index], gradient))).toBeLessThan(2e-6);
    });
  });

  it('add the gradients of embedding and unembedding when they are tied', () => {
    const modules = stir(make(2));
    const table = tf.variable(random([6, dimension], 2));
    const tied = (f: (given: SequentialBatch) => tf.Scalar) =>
      tf.variableGrads(() => f({ ...batch(), headWeight_VD: table, embedding_VD: table }), [table]).grads[table.name];
    const plain = tied((given) => plainLoss(modules, given, sequentialHeadWeights(0.6, 2)));
    expect(
      largest(
        tf.sub(
          tied((given) => modules.loss(given)),
          plain,
        ),
      ),
    ).toBeLessThan(2e-6);
  });

  it('have the gradients that finite differences give', () => {
    const modules = stir(make(2));
    for (const variable of modules.parameters.values()) {
      const slopes = tf.variableGrads(() => modules.loss(batch()), [variable]).grads[variable.name].dataSync();
      const start = variable.dataSync().slice();
      const index = start.length - 1;
      const at = (delta: number) => {
        variable.assign(
          tf.tensor(
            start.map((value, place) => (place === index ? value + delta : value)),
            variable.shape,
          ),
        );
        return numberOf(modules.loss(batch()));
      };
      expect(slopes[index]).toBeCloseTo((at(0.02) - at(-0.02)) / 0.04, 2);
      variable.assign(tf.tensor(start, variable.shape));
    }
  });

  it('keep the causal chain: no state sees a token beyond the one it was given', () => {
    const modules = stir(make(1));
    const { hidden_BTD, embedding_VD } = batch();
    const states = [4, 0].map((last) =>
      modules
        .apply(
          1,
          hidden_BTD,
          ids([
            [1, 2, 3, 5, last],
            [5, 0, 1, 2, last],
          ]),
          embedding_VD,
        )
        .dataSync(),
    );
    expect(Array.from(states[1].slice(0, 16))).toEqual(Array.from(states[0].slice(0, 16)));
    expect(Array.from(states[1].slice(16, 20))).not.toEqual(Array.from(states[0].slice(16, 20)));
  });

  it('report their losses, leave out what has weight 0, and leak nothing', () => {
    const modules = stir(make(2));
    const given = batch();
    const run = (headWeights: number[]) => {
      const headLosses: tf.Scalar[] = [];
      const { value, grads } = tf.variableGrads(
        () => modules.loss(given, { headLosses, headWeights }),
        [...modules.parameters.values()],
      );
      const numbers = headLosses.map(numberOf);
      expect(numberOf(value)).toBeCloseTo(
        numbers.reduce((sum, loss, head) => sum + headWeights[head] * loss, 0),
        5,
      );
      tf.dispose([...headLosses, value, ...Object.values(grads)]);
      return numbers;
    };
    run([1, 0.5, 0.25]);
    const before = tf.memory().numTensors;
    expect(run([1, 0.5, 0])[2]).toBe(0);
    expect(run([1, 0, 0.5])[2]).toBeGreaterThan(0);
    expect(run([1, 0, 0])[1]).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuse what cannot be', () => {
    expect(() => make(-1)).toThrow('depth must be an integer ≥ 1, got -1');
    expect(() => make(1, -1)).toThrow('lambda must be a number ≥ 0');
    expect(() => make(1).loss({ ...batch(), embedding_VD: tf.ones([5, 4]) })).toThrow('needs hidden [B, T, D]');
    expect(() => make(1).loss(batch(), { headWeights: [1] })).toThrow('headWeights must be 2 numbers');
  });
});

describe('weights by stage', () => {
  it('fade out target after target, by thirds (speedrun)', () => {
    const at = (progress: number) => stagedHeadWeights(speedrunHeadWeights, progress);
    expect(at(0)).toEqual([1, 0.5, 0.25]);
    expect(at(1 / 6)).toEqual([1, 0.5, 0.125]);
    expect(at(1 / 2)[1]).toBeCloseTo(0.25, 9);
    expect(at(0.8)).toEqual([1, 0, 0]);
    expect(at(1)).toEqual([1, 0, 0]);
  });

  it("are DeepSeek-V3's: λ / D, 0.3 and then 0.1", () => {
    expect(sequentialHeadWeights(0.3, 2)).toEqual([1, 0.15, 0.15]);
    expect([0, 0.67, 0.68, 1].map(deepSeekLambda)).toEqual([0.3, 0.3, 0.1, 0.1]);
  });

  it('must rise to the end of training', () => {
    expect(() => stagedHeadWeights([{ until: 0.5, weights: [1] }], 0.2)).toThrow('must rise to until: 1, got 0.5');
    expect(() => stagedHeadWeights([{ until: 1, weights: [1, -1] }], 0.2)).toThrow('headWeights must be 2 numbers');
  });

  it('hold for parallel heads too', () => {
    const heads = new ParallelHeads({ predictions: 3, block: block() });
    const weigh = (headWeights: number[]) => numberOf(heads.loss(batch(), { headWeights }));
    expect(weigh([1, 0, 0])).toBeCloseTo(numberOf(make(0).loss(batch())), 6);
    const variables = [...heads.parameters.values()];
    const { grads } = tf.variableGrads(() => heads.loss(batch(), { headWeights: [1, 0.5, 0] }), variables);
    const last = heads.parameters.get('mtp.heads.3.norm.weight')!;
    expect(largest(grads[last.name])).toBe(0);
    expect(() => weigh([1, 0])).toThrow('headWeights must be 3 numbers');
  });
});

describe('on a model', () => {
  const modulesOf = (seed: number) => new SequentialModules({ depth: 1, dimension: 8, block: block(8), seed });

  it('train with it, tied embedding and all: both losses fall', () => {
    const both = withSequentialModules(SmolLM.initialize(countingConfig, { seed: 1 }), modulesOf(2));
    const { before, after } = trainOnCounting(both);
    after.forEach((loss, index) => expect(loss).toBeLessThan(before[index] - 0.5));
  });

  it('are saved by name beside it, come back the same, and are not in what the model exports', () => {
    const model = SmolLM.initialize(countingConfig, { seed: 1 });
    const [first, second] = [modulesOf(2), modulesOf(3)];
    const both = withSequentialModules(model, first);
    expect([...both.parameters.keys()].filter((name) => !isHeadParameter(name))).toEqual([...model.toTensors().keys()]);
    const saved = headTensors(first);
    expect([...saved.keys()].every(isHeadParameter)).toBe(true);
    restoreHeadTensors(second, saved);
    const losses = [first, second].map((modules) =>
      numberOf(withSequentialModules(model, modules).loss(rowsOfCounting())),
    );
    expect(losses[1]).toBe(losses[0]);
    saved.delete('mtp.modules.1.join.weight');
    expect(() => restoreHeadTensors(second, saved)).toThrow('mtp.modules.1.join.weight must be [8,16], got none');
  });

  it('needs an embedding to share, and logits that are not capped', () => {
    const model = SmolLM.initialize(countingConfig, { seed: 1 });
    expect(() => withSequentialModules(model, modulesOf(2), 'wte')).toThrow('has no parameter wte');
    const capped = SmolLM.initialize({ ...countingConfig, final_logit_softcapping: 3 }, { seed: 1 });
    expect(() => withSequentialModules(capped, modulesOf(2))).toThrow('the model caps its logits at 3');
  });
});
