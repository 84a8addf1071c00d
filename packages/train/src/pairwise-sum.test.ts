import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { PairwiseSum } from './pairwise-sum.ts';

beforeAll(() => useEngine('cpu'));

/** Sum of f32 values as a tree, in any number of equal pieces that are summed as a tree themselves. */
function treeSum(values: number[], pieces = 1): number {
  const length = values.length / pieces;
  const outer = new PairwiseSum();
  for (let piece = 0; piece < pieces; piece++) {
    const inner = new PairwiseSum();
    for (const value of values.slice(piece * length, (piece + 1) * length)) inner.add([tf.scalar(value)]);
    outer.add(inner.total());
  }
  const [total] = outer.total();
  const [result] = total.dataSync();
  total.dispose();
  return result;
}

it('gives the same bits for any number of processes', () => {
  const eight = fc.array(fc.float({ min: -1e3, max: 1e3, noNaN: true, noDefaultInfinity: true }), {
    minLength: 8,
    maxLength: 8,
  });
  fc.assert(
    fc.property(eight, (values) => {
      for (const processes of [2, 4, 8]) expect(treeSum(values, processes)).toBe(treeSum(values));
    }),
    { numRuns: 50 },
  );
});

it('adds in the order ((0+1)+(2+3))+4', () => {
  const [a, b, c, d, e] = [0.1, 0.2, 0.3, 1e7, -1e7].map(Math.fround);
  const f = Math.fround;
  expect(treeSum([a, b, c, d, e])).toBe(f(f(f(a + b) + f(c + d)) + e));
});

it('sums lists term by term and leaves no tensors behind', () => {
  const before = tf.memory().numTensors;
  const sum = new PairwiseSum();
  for (let term = 1; term <= 5; term++) sum.add([tf.scalar(term), tf.tensor1d([term, -term])]);
  expect(tf.memory().numTensors - before).toBe(4); // 4 + 1 terms: two lists
  const total = sum.total();
  expect(total.map((tensor) => Array.from(tensor.dataSync()))).toEqual([[15], [15, -15]]);
  tf.dispose(total);
  expect(tf.memory().numTensors).toBe(before);
});
