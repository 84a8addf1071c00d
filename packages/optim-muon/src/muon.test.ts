import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Muon, type MuonOptions } from './muon.ts';
import { OptimizerError } from './optimizer-error.ts';
import { orthogonalize } from './orthogonalize.ts';
import { updateScale } from './update-scale.ts';

beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const base: MuonOptions = { learningRate: 0.02, scaling: 'keller' };
const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);
const makeParameters = (shapes: Record<string, number[]>) =>
  new Map(Object.entries(shapes).map(([name, shape], index) => [name, tf.variable(normal(shape, index + 1))]));
const gradientsFor = (parameters: Map<string, tf.Variable>, seed: number) =>
  new Map([...parameters].map(([name, parameter], index) => [name, normal(parameter.shape, 100 * seed + index)]));
const valuesOf = (tensors: ReadonlyMap<string, tf.Tensor>) =>
  [...tensors].map(([name, tensor]) => [name, Array.from(tensor.dataSync())]);
const shapes = { a: [4, 6], b: [6, 4], c: [4, 6], d: [4, 4], e: [4, 6] };

describe('Muon', () => {
  it('moves a weight by learning rate × scale × orthogonalised gradient in its first step', () => {
    const parameters = makeParameters({ w: [8, 4] });
    const gradients = gradientsFor(parameters, 1);
    const before = parameters.get('w')!.clone();
    const orthogonal = tf.squeeze(
      orthogonalize(tf.expandDims(gradients.get('w')!) as tf.Tensor3D, 'newton-schulz'),
      [0],
    );
    new Muon(parameters, base).step(gradients);
    const expected = tf.sub(before, tf.mul(orthogonal, 0.02 * updateScale('keller', 8, 4)));
    expect(tf.max(tf.abs(tf.sub(parameters.get('w')!, expected))).arraySync()).toBeLessThan(1e-6);
  });

  it('gives the same update for the lerp form and the sum form of Nesterov momentum', () => {
    const gradients = [1, 2, 3].map((seed) => normal([4, 6], seed));
    const parameters = makeParameters({ w: [4, 6] });
    const muon = new Muon(parameters, base);
    for (const gradient of gradients.slice(0, 2)) muon.step(new Map([['w', gradient]]));
    const before = parameters.get('w')!.clone();
    muon.step(new Map([['w', gradients[2]]]));
    const sum = gradients.reduce(
      (buffer: tf.Tensor, gradient) => tf.add(tf.mul(buffer, 0.95), gradient),
      tf.zeros([4, 6]),
    );
    const direction = tf.add(gradients[2], tf.mul(sum, 0.95));
    const update = tf.squeeze(orthogonalize(tf.expandDims(direction) as tf.Tensor3D, 'newton-schulz'), [0]);
    const moved = tf.div(tf.sub(before, parameters.get('w')!), 0.02);
    expect(tf.max(tf.abs(tf.sub(moved, update))).arraySync()).toBeLessThan(2e-5);
  });

  it('does not depend on how matrices are stacked', () => {
    const run = (maximumStackElements: number) => {
      const parameters = makeParameters(shapes);
      const muon = new Muon(parameters, { ...base, maximumStackElements });
      for (const seed of [1, 2]) muon.step(gradientsFor(parameters, seed));
      return valuesOf(parameters);
    };
    expect(run(2 ** 24)).toEqual(run(1));
  });

  it('decays weights apart from the gradient, and cautiously only where the update shrinks them', () => {
    const weights = [
      [1, -1],
      [-1, 1],
    ];
    const gradient = new Map<string, tf.Tensor>([
      [
        'w',
        tf.tensor2d([
          [1, 0],
          [0, 1],
        ]),
      ],
    ]);
    const step = (options: Partial<MuonOptions>) => {
      const parameters = new Map([['w', tf.variable(tf.tensor2d(weights))]]);
      new Muon(parameters, { ...base, ...options }).step(gradient);
      return parameters.get('w')!.arraySync() as number[][];
    };
    const plain = step({});
    const decayed = step({ weightDecay: 0.5 });
    weights
      .flat()
      .forEach((weight, index) => expect(decayed.flat()[index] - plain.flat()[index]).toBeCloseTo(-weight * 0.01, 6));
    const opposed = new Map<string, tf.Tensor>([
      [
        'w',
        tf.tensor2d([
          [-1, 0],
          [0, 1],
        ]),
      ],
    ]);
    const parameters = new Map([
      [
        'w',
        tf.variable(
          tf.tensor2d([
            [1, 0],
            [0, 1],
          ]),
        ),
      ],
    ]);
    new Muon(parameters, { ...base, weightDecay: 0.5, cautious: true, learningRate: 1 }).step(opposed);
    const [[grown], [, shrunk]] = parameters.get('w')!.arraySync() as number[][];
    expect(grown - 1).toBeCloseTo(1 - (shrunk + 0.5), 5); // the growing weight is not decayed, the shrinking one by 0.5
  });

  it('follows the schedule: scale 0 changes nothing but the momentum', () => {
    const parameters = makeParameters({ w: [3, 5] });
    const before = valuesOf(parameters);
    const muon = new Muon(parameters, { ...base, weightDecay: 0.1 });
    muon.step(gradientsFor(parameters, 1), { learningRateScale: 0 });
    expect(valuesOf(parameters)).toEqual(before);
    expect(valuesOf(muon.state())[1]).not.toEqual(['w.momentum', Array.from({ length: 15 }, () => 0)]);
  });

  it('continues from a saved state bit for bit', () => {
    const straight = makeParameters(shapes);
    const muon = new Muon(straight, { ...base, weightDecay: 0.1 });
    muon.step(gradientsFor(straight, 1));
    const halfway = new Map([...straight].map(([name, parameter]) => [name, tf.variable(parameter.clone())]));
    const saved = muon.state();
    muon.step(gradientsFor(straight, 2));

    const resumed = new Muon(halfway, { ...base, weightDecay: 0.1 });
    resumed.restore(saved);
    resumed.step(gradientsFor(halfway, 2));
    expect(valuesOf(halfway)).toEqual(valuesOf(straight));
    expect(valuesOf(resumed.state())).toEqual(valuesOf(muon.state()));
  });

  it('leaks no tensor and frees all of its own', () => {
    const parameters = makeParameters(shapes);
    const gradients = gradientsFor(parameters, 1);
    const before = tf.memory().numTensors;
    const muon = new Muon(parameters, { ...base, weightDecay: 0.1, cautious: true });
    expect(tf.memory().numTensors).toBe(before + 5);
    for (let step = 0; step < 3; step++) muon.step(gradients);
    expect(tf.memory().numTensors).toBe(before + 5);
    muon.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('brings down a real loss: a linear map is learned', () => {
    const target = normal([6, 4], 1);
    const x = normal([32, 4], 2);
    const y = tf.matMul(x, target, false, true);
    const parameters = new Map([['w', tf.variable(tf.zeros([6, 4]) as tf.Tensor)]]);
    const muon = new Muon(parameters, { learningRate: 0.1, scaling: 'keller' });
    const loss = () =>
      tf.mean(tf.square(tf.sub(tf.matMul(x, parameters.get('w')!, false, true), y))).arraySync() as number;
    const first = loss();
    for (let step = 0; step < 120; step++) {
      const error = tf.sub(tf.matMul(x, parameters.get('w')!, false, true), y);
      muon.step(new Map([['w', tf.matMul(error, x, true, false)]]), { learningRateScale: 1 - step / 120 });
    }
    expect(loss()).toBeLessThan(first / 100);
  });
});

describe('Muon says what is wrong', () => {
  const codeOf = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof OptimizerError) return error.code;
      throw error;
    }
    return 'no error';
  };

  it('with options', () => {
    const parameters = makeParameters({ w: [2, 3] });
    expect(codeOf(() => new Muon(parameters, { learningRate: 0.02 } as MuonOptions))).toBe('BAD_OPTION');
    expect(codeOf(() => new Muon(parameters, { ...base, learningRate: Number.NaN }))).toBe('BAD_OPTION');
    expect(codeOf(() => new Muon(parameters, { ...base, momentum: 1 }))).toBe('BAD_OPTION');
    expect(() => new Muon(parameters, { learningRate: 1 } as MuonOptions)).toThrow(
      'scaling must be one of keller, moonlight, got undefined',
    );
  });

  it('with parameters, gradients and states', () => {
    expect(codeOf(() => new Muon(makeParameters({ gain: [4] }), base))).toBe('BAD_PARAMETER');
    const muon = new Muon(makeParameters({ w: [2, 3] }), base);
    expect(() => muon.step(new Map())).toThrow('w: no gradient was given; it needs one of shape [2,3]');
    expect(codeOf(() => muon.step(new Map([['w', tf.zeros([3, 2])]])))).toBe('BAD_GRADIENT');
    expect(codeOf(() => muon.restore(new Map()))).toBe('BAD_STATE');
    expect(
      codeOf(() =>
        muon.restore(
          new Map([
            ['step', tf.scalar(1)],
            ['w.momentum', tf.zeros([3, 2])],
          ]),
        ),
      ),
    ).toBe('BAD_STATE');
    expect(codeOf(() => muon.restore(new Map([['w.m', tf.zeros([2, 3])]])))).toBe('BAD_STATE');
  });
});
