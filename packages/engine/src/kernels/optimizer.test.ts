import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestError, onWasm, randomValues, runKernel, weighted } from '../fixtures/engine-test.ts';
import { disposeEngine } from '../use-engine.ts';

beforeAll(() => onWasm(2));
afterAll(disposeEngine);

describe('SmolAdamwStep', () => {
  it.each([1, 17, 5000])('equals the formula for %i parameters', (length) => {
    const [weight, gradient, m] = ['weight', 'gradient', 'm'].map((name) => randomValues(name, length));
    const v = randomValues('v', length).map(Math.abs);
    const settings = {
      learningRate: 0.01,
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      weightDecay: 0.1,
      correction1: 0.271,
      correction2: 0.143,
    };
    const inputs = {
      parameter: tf.tensor1d(weight),
      m: tf.tensor1d(m),
      v: tf.tensor1d(v),
      gradient: tf.tensor1d(gradient),
    };
    const [newWeight, newM, newV] = runKernel('SmolAdamwStep', inputs, settings);
    const expectedM = Array.from(m, (value, i) => 0.9 * value + 0.1 * gradient[i]);
    const expectedV = Array.from(v, (value, i) => 0.95 * value + 0.05 * gradient[i] ** 2);
    expect(largestError(newM, expectedM)).toBeLessThan(1e-6);
    expect(largestError(newV, expectedV)).toBeLessThan(1e-6);
    const update = expectedM.map((value, i) => value / 0.271 / (Math.sqrt(expectedV[i] / 0.143) + 1e-8));
    expect(
      largestError(
        newWeight,
        update.map((value, i) => weight[i] * (1 - 0.01 * 0.1) - 0.01 * value),
      ),
    ).toBeLessThan(1e-6);
  });
});

describe('SmolGlobalNorm', () => {
  it.each([1, 3, 4096, 100_001])('equals √Σ x² of %i values to f32 precision', (length) => {
    const x = randomValues('x', length, 3);
    const [[norm]] = runKernel('SmolGlobalNorm', { x0: tf.tensor1d(x) });
    expect(Math.abs(norm / Math.sqrt(weighted(x, x)) - 1)).toBeLessThan(1e-7);
  });
});
