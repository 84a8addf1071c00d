import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestError, onWasm, randomValues, runKernel } from '../fixtures/engine-test.ts';
import { disposeEngine } from '../use-engine.ts';

beforeAll(() => onWasm(2));
afterAll(disposeEngine);

/** Sum over axes in f64: every element is added where its kept coordinates point. */
function sumReference(values: Float32Array, shape: number[], axes: number[]): number[] {
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const sums = Array<number>(kept.reduce((product, axis) => product * shape[axis], 1)).fill(0);
  values.forEach((value, flat) => {
    let target = 0;
    for (const axis of kept) {
      const stride = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      target = target * shape[axis] + (Math.floor(flat / stride) % shape[axis]);
    }
    sums[target] += value;
  });
  return sums;
}

describe('Sum', () => {
  it('equals the definition for any shape and axes', () => {
    const cases = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 }).chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.subarray(
          shape.map((_, axis) => axis),
          { minLength: 1 },
        ),
        fc.boolean(),
      ),
    );
    fc.assert(
      fc.property(cases, ([shape, axes, keepDims]) => {
        const values = randomValues(
          'x',
          shape.reduce((a, b) => a * b, 1),
        );
        tf.tidy(() => {
          const actual = tf.sum(tf.tensor(values, shape), axes, keepDims);
          expect(actual.rank).toBe(keepDims ? shape.length : shape.length - axes.length);
          expect(largestError(actual.dataSync(), sumReference(values, shape, axes))).toBeLessThan(1e-5);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('of many values keeps its precision by summing in blocks', () => {
    const sum = tf.tidy(() => tf.sum(tf.mul(tf.ones([3_000_000]), 0.1)).dataSync()[0]);
    expect(Math.abs(sum - 3_000_000 * Math.fround(0.1))).toBeLessThan(0.02);
  });
});

describe('Mean', () => {
  it('is the sum divided by the count', () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 9], [2, 3]);
    expect([...tf.mean(x).dataSync()]).toEqual([4]);
    expect([...tf.mean(x, 1).dataSync()]).toEqual([2, 6]);
    expect(tf.mean(x, 0, true).shape).toEqual([1, 3]);
  });
});

describe('Softmax', () => {
  it.each([1, 4, 7, 33])('over %i values equals the definition', (length) => {
    const values = randomValues('x', 5 * length, 9);
    const [actual] = runKernel('Softmax', { logits: tf.tensor2d(values, [5, length]) }, { dim: 1 });
    const expected = Array.from(values, (value, i) => {
      const row = values.subarray(i - (i % length), i - (i % length) + length);
      return Math.exp(value) / row.reduce((sum, other) => sum + Math.exp(other), 0);
    });
    expect(largestError(actual, expected)).toBeLessThan(1e-6);
  });
});
