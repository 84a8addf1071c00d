import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AdamW } from './adamw.ts';

beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const valuesOf = (tensors: ReadonlyMap<string, tf.Tensor>) =>
  [...tensors].map(([name, tensor]) => [name, Array.from(tensor.dataSync())]);
const make = () =>
  new Map<string, tf.Variable>([
    ['w', tf.variable(tf.tensor2d([[1, -2]]))],
    ['gain', tf.variable(tf.tensor1d([1, 1]))],
  ]);
const gradients = (step: number) =>
  new Map<string, tf.Tensor>([
    ['w', tf.tensor2d([[0.5, -step]])],
    ['gain', tf.tensor1d([step, 0.1])],
  ]);

/** The published formulas for one number, in f64. */
function adamwInF64(weight: number, gradientOfStep: (step: number) => number, steps: number, decay: number): number {
  let [m, v] = [0, 0];
  for (let step = 1; step <= steps; step++) {
    const gradient = gradientOfStep(step);
    m = 0.9 * m + 0.1 * gradient;
    v = 0.95 * v + 0.05 * gradient ** 2;
    weight =
      weight * (1 - 0.01 * decay) - (0.01 * (m / (1 - 0.9 ** step))) / (Math.sqrt(v / (1 - 0.95 ** step)) + 1e-8);
  }
  return weight;
}

describe('AdamW', () => {
  it('follows the formulas, and decays matrices but not gains', () => {
    const parameters = make();
    const adamw = new AdamW(parameters, { learningRate: 0.01, weightDecay: 0.1 });
    for (let step = 1; step <= 5; step++) adamw.step(gradients(step));
    const [[first, second]] = parameters.get('w')!.arraySync() as number[][];
    expect(first).toBeCloseTo(
      adamwInF64(1, () => 0.5, 5, 0.1),
      6,
    );
    expect(second).toBeCloseTo(
      adamwInF64(-2, (step) => -step, 5, 0.1),
      6,
    );
    expect((parameters.get('gain')!.arraySync() as number[])[0]).toBeCloseTo(
      adamwInF64(1, (step) => step, 5, 0),
      6,
    );
    expect(adamw.settings).toMatchObject({ decayed: ['w'], beta2: 0.95 });
  });

  it('equals tf.train.adam when nothing is decayed', () => {
    const ours = make();
    const theirs = make();
    const adamw = new AdamW(ours, { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
    const adam = tf.train.adam(0.01, 0.9, 0.999, 1e-8);
    for (let step = 1; step <= 3; step++) {
      adamw.step(gradients(step));
      adam.applyGradients([...gradients(step)].map(([name, tensor]) => ({ name: theirs.get(name)!.name, tensor })));
    }
    const expected = valuesOf(theirs).flatMap(([, values]) => values as number[]);
    valuesOf(ours)
      .flatMap(([, values]) => values as number[])
      .forEach((value, index) => expect(value).toBeCloseTo(expected[index], 5));
  });

  it('continues from a saved state bit for bit and leaks nothing', () => {
    const straight = make();
    const adamw = new AdamW(straight, { learningRate: 0.01, weightDecay: 0.1 });
    const before = tf.memory().numTensors;
    for (let step = 1; step <= 2; step++) tf.tidy(() => adamw.step(gradients(step)));
    expect(tf.memory().numTensors).toBe(before);
    const halfway = new Map([...straight].map(([name, parameter]) => [name, tf.variable(parameter.clone())]));
    const resumed = new AdamW(halfway, { learningRate: 0.01, weightDecay: 0.1 });
    resumed.restore(adamw.state());
    adamw.step(gradients(3));
    resumed.step(gradients(3));
    expect(valuesOf(halfway)).toEqual(valuesOf(straight));
    expect(valuesOf(resumed.state())).toEqual(valuesOf(adamw.state()));
  });

  it('refuses options out of range', () => {
    expect(() => new AdamW(make(), { learningRate: -1 })).toThrow('learningRate must be a number ≥ 0, got -1');
    expect(() => new AdamW(make(), { learningRate: 1, beta2: 1 })).toThrow('beta2 must be a number in [0, 1), got 1');
  });
});
