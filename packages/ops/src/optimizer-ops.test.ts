import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { adamwStep, adamwUpdate, globalNorm, newtonSchulz } from './index.ts';
import { peakBytes } from './fixtures/live-bytes.ts';
import { registerReferenceKernels } from './fixtures/register-kernels.ts';
import { describeBothPaths, difference, randomValues, tensor } from './fixtures/testing.ts';

describeBothPaths('globalNorm', () => {
  it('is the Euclidean norm of all tensors together', () => {
    expect(globalNorm([tf.tensor1d([1, 2]), tf.tensor2d([[2], [4]]), tf.scalar(0)]).dataSync()[0]).toBeCloseTo(5, 6);
  });

  it('refuses an empty list', () => {
    expect(() => globalNorm([])).toThrow('needs at least one tensor');
  });
});

describeBothPaths('adamwStep', () => {
  it('moves a fresh parameter by the learning rate against the sign of the gradient, after decay', () => {
    const options = {
      learningRate: 0.1,
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 0,
      weightDecay: 0.5,
      correction1: 0.1,
      correction2: 0.05,
    };
    const tensors = {
      parameter: tf.tensor1d([2, -2]),
      m: tf.zeros([2]),
      v: tf.zeros([2]),
      gradient: tf.tensor1d([3, -0.01]),
    };
    const next = adamwStep(tensors, options);
    expect(difference(next.parameter, [2 * 0.95 - 0.1, -2 * 0.95 + 0.1])).toBeLessThan(1e-6);
    expect(difference(next.m, [0.3, -0.001])).toBeLessThan(1e-6);
    expect(difference(next.v, [0.45, 5e-6])).toBeLessThan(1e-6);
  });

  it('follows the recurrences over several steps', () => {
    const [beta1, beta2, epsilon, learningRate, weightDecay] = [0.9, 0.95, 1e-8, 1e-2, 0.1];
    let [w, m, v] = [0.5, 0, 0];
    let state = { parameter: tf.scalar(w) as tf.Tensor, m: tf.scalar(0) as tf.Tensor, v: tf.scalar(0) as tf.Tensor };
    for (let t = 1; t <= 5; t++) {
      const gradient = Math.sin(t);
      [m, v] = [beta1 * m + (1 - beta1) * gradient, beta2 * v + (1 - beta2) * gradient ** 2];
      const [correction1, correction2] = [1 - beta1 ** t, 1 - beta2 ** t];
      w =
        w * (1 - learningRate * weightDecay) -
        (learningRate * m) / correction1 / (Math.sqrt(v / correction2) + epsilon);
      const options = { learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2 };
      state = adamwStep({ ...state, gradient: tf.scalar(gradient) }, options);
    }
    expect(difference(state.parameter, [w])).toBeLessThan(1e-6);
  });
});

describeBothPaths('adamwUpdate', () => {
  const numbers = {
    learningRate: 0.1,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0.5,
    correction1: 0.1,
    correction2: 0.05,
  };
  const shapes = [[3], [2, 2], [70, 70], [5]];
  const make = () =>
    shapes.map((shape, index) => {
      const random = (seed: number) => tensor(randomValues(tf.util.sizeFromShape(shape), 10 * index + seed), shape);
      const [parameter, m, v] = [random(1), random(2), tf.square(random(3))].map((x) => tf.variable(x));
      return { parameter, m, v, gradient: random(4) };
    });
  const valuesOf = (items: ReturnType<typeof make>) =>
    items.flatMap(({ parameter, m, v }) => [parameter, m, v].map((x) => Array.from(x.dataSync())));

  it('moves every parameter and its running means as adamwStep does, bit for bit', () => {
    const [items, alone] = [tf.tidy(() => make()), make()];
    adamwUpdate(items, numbers);
    for (const item of alone) {
      const next = adamwStep(item, numbers);
      for (const slot of ['parameter', 'm', 'v'] as const) item[slot].assign(next[slot]);
    }
    expect(valuesOf(items)).toEqual(valuesOf(alone));
  });

  it('leaves clones their values, and makes no tensors', () => {
    const items = tf.tidy(() => make());
    const before = valuesOf(items);
    const clones = items.flatMap(({ parameter, m, v }) => [parameter, m, v].map((x) => tf.clone(x as tf.Tensor)));
    const { numTensors } = tf.memory();
    adamwUpdate(items, numbers);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(clones.map((x) => Array.from(x.dataSync()))).toEqual(before);
    expect(valuesOf(items)).not.toEqual(before);
  });
});

it('adamwUpdate allocates nothing where a kernel writes over the old values', async () => {
  await tf.setBackend('cpu');
  const unregister = registerReferenceKernels();
  const item = tf.tidy(() => {
    const [parameter, m, v] = [1, 2, 3].map((value) => tf.variable(tf.fill([4], value)));
    return { parameter, m, v, gradient: tf.keep(tf.ones([4])) };
  });
  const numbers = {
    learningRate: 0.1,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0,
    correction1: 1,
    correction2: 1,
  };
  const before = item.parameter.dataSync()[0];
  expect(peakBytes(() => adamwUpdate([item], numbers) as unknown as tf.TensorContainer)).toBe(0);
  expect(item.parameter.dataSync()[0]).toBeLessThan(before);
  unregister();
});

describe('newtonSchulz', () => {
  const SIGMAS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9];

  /** Singular value σ of a matrix of Frobenius norm 1: a second one fills up the norm. */
  function map(sigma: number, shape: [number, number]): number {
    const x = tf.buffer(shape);
    x.set(sigma, 0, 0);
    x.set(Math.sqrt(1 - sigma ** 2), 1, 1);
    return newtonSchulz(x.toTensor() as tf.Tensor2D).dataSync()[0];
  }

  it.each([
    [2, 2],
    [5, 2],
    [2, 5],
  ] as [number, number][])('maps singular values of a %i × %i matrix as Keller Jordan’s five steps do', (...shape) => {
    const golden = [0.4705, 1.1104, 0.6989, 1.1223, 0.7121, 1.0796, 0.7654, 1.1203, 0.682];
    SIGMAS.forEach((sigma, index) => expect(map(sigma, shape)).toBeCloseTo(golden[index], 3));
  });

  it('makes random matrices nearly orthogonal, wide or tall alike', () => {
    const x: tf.Tensor2D = tensor(randomValues(8 * 24, 70), [8, 24]);
    const wide = newtonSchulz(x);
    const gram = tf.matMul(wide, wide, false, true).arraySync() as number[][];
    gram.forEach((row, i) => expect(row[i]).toBeGreaterThan(0.682 ** 2));
    gram.forEach((row, i) => expect(row[i]).toBeLessThan(1.134 ** 2));
    expect(difference(newtonSchulz(tf.transpose(x)), tf.transpose(wide).dataSync())).toBeLessThan(1e-5);
  });

  it('takes one triple per step', () => {
    const identity = newtonSchulz(
      tf.tensor2d([
        [3, 0],
        [0, 4],
      ]),
      {
        steps: 4,
        coefficients: [
          [2, 0, 0],
          [1, 0, 0],
        ],
      },
    );
    expect(difference(identity, [1.2, 0, 0, 1.6])).toBeLessThan(1e-5);
  });

  it('refuses what is not a matrix', () => {
    expect(() => newtonSchulz(tf.ones([3]) as unknown as tf.Tensor2D)).toThrow('x must be a matrix, got [3]');
  });
});
