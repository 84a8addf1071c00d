import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestError, numericGradient, onWasm, randomValues, runKernel, weighted } from '../fixtures/engine-test.ts';
import { disposeEngine } from '../use-engine.ts';

beforeAll(() => onWasm(2));
afterAll(disposeEngine);

const EPSILON = 1e-6;

function inverseRms(row: ArrayLike<number>): number {
  return 1 / Math.sqrt(weighted(row, row) / row.length + EPSILON);
}

function rmsNorm(x: ArrayLike<number>, gain: ArrayLike<number>): number[] {
  const values = Array.from(x);
  return values.map((value, i) => {
    const first = i - (i % gain.length);
    return value * inverseRms(values.slice(first, first + gain.length)) * gain[i % gain.length];
  });
}

describe.each([
  [3, 8],
  [5, 13],
  [2, 3],
  [21, 16],
])('SmolRmsNorm of %i rows of %i', (rows, length) => {
  const x = randomValues('x', rows * length);
  const gain = randomValues('gain', length);
  const dy = randomValues('dy', rows * length);
  const inverse = Array.from({ length: rows }, (_, row) => inverseRms(x.slice(row * length, (row + 1) * length)));

  it('equals the definition', () => {
    const [y, actualInverse] = runKernel(
      'SmolRmsNorm',
      { x: tf.tensor2d(x, [rows, length]), gain: tf.tensor1d(gain) },
      { epsilon: EPSILON },
    );
    expect(largestError(y, rmsNorm(x, gain))).toBeLessThan(1e-6);
    expect(largestError(actualInverse, inverse)).toBeLessThan(1e-6);
  });

  it('has the gradient of the definition', () => {
    const inputs = {
      dy: tf.tensor2d(dy, [rows, length]),
      x: tf.tensor2d(x, [rows, length]),
      gain: tf.tensor1d(gain),
      inverseRms: tf.tensor1d(inverse),
    };
    const [dx, dgain] = runKernel('SmolRmsNormGrad', inputs);
    expect(
      largestError(
        dgain,
        numericGradient((g) => weighted(rmsNorm(x, g), dy), gain),
      ),
    ).toBeLessThan(2e-6);
    const expected = numericGradient((at) => weighted(rmsNorm(at, gain), dy), x);
    expect(largestError(dx, expected)).toBeLessThan(2e-6);
  });
});
