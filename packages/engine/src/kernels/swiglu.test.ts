import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestError, numericGradient, onWasm, randomValues, runKernel, weighted } from '../fixtures/engine-test.ts';
import { disposeEngine } from '../use-engine.ts';

beforeAll(() => onWasm(2));
afterAll(disposeEngine);

const swiglu = (gate: ArrayLike<number>, up: ArrayLike<number>) =>
  Array.from(gate, (g, i) => (g / (1 + Math.exp(-g))) * up[i]);

describe.each([1, 16, 37])('SmolSwiglu of %i values', (length) => {
  const gate = randomValues('gate', length, 5);
  const up = randomValues('up', length);
  const dy = randomValues('dy', length);
  const tensors = () => ({ gate: tf.tensor1d(gate), up: tf.tensor1d(up) });

  it('equals silu(gate)·up', () => {
    expect(largestError(runKernel('SmolSwiglu', tensors())[0], swiglu(gate, up))).toBeLessThan(1e-6);
  });

  it('has the gradient of the definition', () => {
    const [dgate, dup] = runKernel('SmolSwigluGrad', { dy: tf.tensor1d(dy), ...tensors() });
    expect(
      largestError(
        dgate,
        numericGradient((at) => weighted(swiglu(at, up), dy), gate),
      ),
    ).toBeLessThan(1e-6);
    expect(
      largestError(
        dup,
        numericGradient((at) => weighted(swiglu(gate, at), dy), up),
      ),
    ).toBeLessThan(1e-6);
  });
});

it('SmolSwiglu stays finite for huge gates', () => {
  const [y] = runKernel('SmolSwiglu', { gate: tf.tensor1d([-1e4, -100, 100, 1e4]), up: tf.tensor1d([1, 1, 1, 1]) });
  expect(y).toEqual([-0, expect.closeTo(0, 30), 100, 1e4]);
});
