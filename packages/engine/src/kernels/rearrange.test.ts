import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestError, onWasm, randomValues } from '../fixtures/engine-test.ts';
import { disposeEngine } from '../use-engine.ts';

beforeAll(() => onWasm(2));
afterAll(disposeEngine);

function transposeReference(values: Float32Array, shape: number[], permutation: number[]): number[] {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const result = permutation.map((axis) => shape[axis]);
  return Array.from(values, (_, flat) => {
    let rest = flat;
    let source = 0;
    for (let i = result.length - 1; i >= 0; i--) {
      source += (rest % result[i]) * strides[permutation[i]];
      rest = Math.floor(rest / result[i]);
    }
    return values[source];
  });
}

describe('Transpose', () => {
  it('moves every value to its place for any shape and order', () => {
    const cases = fc
      .array(fc.integer({ min: 1, max: 19 }), { minLength: 1, maxLength: 5 })
      .filter((shape) => shape.reduce((a, b) => a * b, 1) < 20_000)
      .chain((shape) =>
        fc.tuple(
          fc.constant(shape),
          fc.shuffledSubarray(
            shape.map((_, axis) => axis),
            { minLength: shape.length },
          ),
        ),
      );
    fc.assert(
      fc.property(cases, ([shape, permutation]) => {
        const values = randomValues(
          'x',
          shape.reduce((a, b) => a * b, 1),
        );
        const actual = tf.tidy(() => tf.transpose(tf.tensor(values, shape), permutation).dataSync());
        expect([...actual]).toEqual(transposeReference(values, shape, permutation));
      }),
      { numRuns: 200 },
    );
  });
});

describe('GatherV2', () => {
  it('copies the rows asked for, along any axis', () => {
    tf.tidy(() => {
      const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
      expect([...tf.gather(x, tf.tensor2d([2, 0], [1, 2], 'int32')).dataSync()]).toEqual([5, 6, 1, 2]);
      expect([...tf.gather(x, tf.tensor1d([1, 1, 0], 'int32'), 1).dataSync()]).toEqual([2, 2, 1, 4, 4, 3, 6, 6, 5]);
    });
  });

  it('refuses an index outside the table', () => {
    const gather = (index: number) => tf.tidy(() => tf.gather(tf.zeros([3, 2]), tf.tensor1d([index], 'int32')));
    expect(() => gather(3)).toThrow(/value 3 is not in \[0, 2\]/);
    expect(() => gather(-1)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
  });
});

describe('UnsortedSegmentSum', () => {
  it('adds every row to its segment and drops rows outside', () => {
    const cases = fc.tuple(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.integer({ min: -1, max: 6 }), { minLength: 1, maxLength: 60 }),
    );
    fc.assert(
      fc.property(cases, ([length, segments]) => {
        const values = randomValues('x', segments.length * length);
        const expected = Array<number>(6 * length).fill(0);
        segments.forEach((segment, row) => {
          if (segment < 0 || segment >= 6) return;
          for (let i = 0; i < length; i++) expected[segment * length + i] += values[row * length + i];
        });
        const actual = tf.tidy(() =>
          tf
            .unsortedSegmentSum(tf.tensor2d(values, [segments.length, length]), tf.tensor1d(segments, 'int32'), 6)
            .dataSync(),
        );
        expect(largestError(actual, expected)).toBeLessThan(1e-6);
      }),
    );
  });
});
