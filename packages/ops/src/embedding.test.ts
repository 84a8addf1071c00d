import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { embedding, scatterAdd } from './index.ts';
import { difference, gradientDifference, randomValues, tensor } from './fixtures/testing.ts';

const table = randomValues(7 * 3, 8);
const ids = [2, 0, 2, 6, 2, 1];

function definition(weight: Float64Array): Float64Array {
  return Float64Array.from(ids.flatMap((id) => Array.from(weight.subarray(id * 3, id * 3 + 3))));
}

describe('embedding', () => {
  it('gives the row of every id, in the shape of the ids', () => {
    const y = embedding(tensor(table, [7, 3]), tf.tensor(ids, [2, 3], 'int32'));
    expect(y.shape).toEqual([2, 3, 3]);
    expect(difference(y, definition(table))).toBeLessThan(2e-5);
  });

  it('adds up the gradients of repeated ids', () => {
    expect(
      gradientDifference((weight) => embedding(weight, tf.tensor1d(ids, 'int32')), definition, [[table, [7, 3]]]),
    ).toBeLessThan(1e-4);
  });

  it('takes time in the number of ids, not of the vocabulary', () => {
    const gradient = tf.grad((weight: tf.Tensor) => tf.sum(embedding(weight, tf.zeros([2048], 'int32'))));
    const started = performance.now();
    expect(gradient(tf.ones([20_000, 8])).dataSync()[0]).toBe(2048);
    // tfjs's own kernel takes minutes for this.
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('refuses ids that are not int32', () => {
    expect(() => embedding(tensor(table, [7, 3]), tf.tensor1d([1, 2]))).toThrow('ids must be int32, got float32');
  });
});

describe('scatterAdd', () => {
  it('sums rows by id and leaves other rows at zero', () => {
    const sums = scatterAdd(
      tf.tensor2d([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      tf.tensor1d([2, 0, 2], 'int32'),
      4,
    );
    expect(sums.arraySync()).toEqual([
      [3, 4],
      [0, 0],
      [6, 8],
      [0, 0],
    ]);
  });

  it('leaves integers integers where it replaces tfjs’s kernel', () => {
    const sums = tf.unsortedSegmentSum(
      tf.tensor2d([[1], [2], [3]], [3, 1], 'int32'),
      tf.tensor1d([1, 1, 0], 'int32'),
      2,
    );
    expect([sums.dtype, ...sums.dataSync()]).toEqual(['int32', 3, 3]);
  });
});
