import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { noise } from './fixtures/noise.ts';
import { ActivationProbe, inspectUpdate } from './inspection.ts';
import { measurePeakFlops } from './measure-peak.ts';
import { effectiveRank, stableRank, svdEntropy, symmetricEigenvalues } from './singular-values.ts';

beforeAll(() => useEngine('cpu'));

describe('ranks', () => {
  it('have their golden values', () => {
    expect(effectiveRank([4, 2, 1, 1])).toBeCloseTo(3.36358566, 8);
    expect(stableRank([4, 2, 1, 1])).toBeCloseTo(1.375, 12);
    expect(svdEntropy([4, 2, 1, 1])).toBeCloseTo(0.59335217, 8);
    expect([effectiveRank([0, 0]), stableRank([0, 0]), svdEntropy([0])]).toEqual([0, 0, 0]);
  });
});

describe('symmetricEigenvalues', () => {
  it('finds those of matrices made from known ones', () => {
    // Q diag(λ) Qᵀ with Q a product of reflections
    for (const order of [1, 2, 3, 8, 33]) {
      const seed = order;
      const eigenvalues = Array.from({ length: order }, (_, index) => (index % 3 === 0 ? 0 : 1) * noise(seed, index));
      const matrix = rotated(eigenvalues, seed);
      const found = symmetricEigenvalues(matrix, order);
      expect(found).toEqual(eigenvalues.toSorted((a, b) => a - b).map((value) => expect.closeTo(value, 10)));
    }
  });

  it('takes matrices of zeros, ones and diagonals', () => {
    expect(symmetricEigenvalues(new Float64Array(9), 3)).toEqual([0, 0, 0]);
    expect(symmetricEigenvalues(new Float64Array(9).fill(1), 3)).toEqual(
      [0, 0, 3].map((value) => expect.closeTo(value, 10)),
    );
    expect(symmetricEigenvalues([2, 0, 0, -1], 2)).toEqual([-1, 2].map((value) => expect.closeTo(value, 10)));
  });
});

/** diag(values) between reflections at random vectors. */
function rotated(values: number[], seed: number): Float64Array {
  const order = values.length;
  const matrix = new Float64Array(order * order);
  values.forEach((value, index) => void (matrix[index * order + index] = value));
  for (let round = 0; round < 3; round++) {
    const v = Array.from({ length: order }, (_, index) => noise(seed, 1000 + round * order + index));
    const norm = Math.hypot(...v);
    const h = (row: number, column: number) => (row === column ? 1 : 0) - (2 * v[row] * v[column]) / norm ** 2;
    const product = (a: (r: number, c: number) => number, b: (r: number, c: number) => number) =>
      Float64Array.from({ length: order * order }, (_, index) => {
        const [row, column] = [Math.floor(index / order), index % order];
        return Array.from({ length: order }, (__, k) => a(row, k) * b(k, column)).reduce((x, y) => x + y, 0);
      });
    const left = product(h, (row, column) => matrix[row * order + column]);
    matrix.set(product((row, column) => left[row * order + column], h));
  }
  return matrix;
}

describe('inspectUpdate', () => {
  it('measures weights, updates, ranks and dead units by parameter, and leaves nothing behind', () => {
    const tensors = tf.memory().numTensors;
    tf.tidy(() => {
      const weight = tf.tensor2d([
        [3, 0],
        [0, 4],
        [0, 0],
      ]);
      const gain = tf.tensor1d([1, 1]);
      const before = new Map<string, tf.Tensor>([
        ['w', tf.mul(weight, 0.8)],
        ['gain', gain],
      ]);
      const after = new Map<string, tf.Tensor>([
        ['w', weight],
        ['gain', gain],
      ]);
      const gradients = new Map<string, tf.Tensor>([
        [
          'w',
          tf.tensor2d([
            [1, 0],
            [0, 0],
            [2, 2],
          ]),
        ],
        ['gain', gain],
      ]);
      const found = inspectUpdate({ before, after, gradients }, { every: 1 });
      expect(found.updateRatio).toEqual({ w: expect.closeTo(0.25, 6), gain: 0 });
      expect(found.weightRms).toEqual({ w: expect.closeTo(5 / Math.sqrt(6), 5), gain: expect.closeTo(1, 6) });
      expect(found.gradientNorm).toEqual({ w: expect.closeTo(3, 6), gain: expect.closeTo(Math.SQRT2, 6) });
      expect(found.stableRank).toEqual({ w: expect.closeTo(25 / 16, 5) });
      expect(found.effectiveRank.w).toBeCloseTo(effectiveRank([3, 4]), 5);
      expect(found.deadUnits).toEqual({ w: expect.closeTo(1 / 3, 6) });
      expect(inspectUpdate({ before, after, gradients }, { every: 1, maximumRankSize: 1 }).stableRank).toEqual({});
    });
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

describe('ActivationProbe', () => {
  it('joins the activations of micro-batches', () => {
    const before = tf.memory().numTensors;
    const probe = new ActivationProbe();
    tf.tidy(() => {
      probe.take('mlp', tf.tensor3d([[[1, 0, 0]], [[1, 0, 0]]]));
      probe.take('mlp', tf.tensor2d([[-1, 0, 3]]));
    });
    const mean = (2 / 6 + 10 / 3) / 2;
    expect(probe.read()).toEqual({
      activationRms: { mlp: expect.closeTo(Math.sqrt(mean), 6) },
      silentUnits: { mlp: expect.closeTo(1 / 3, 6) },
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(new ActivationProbe().read()).toEqual({});
  });
});

it('measurePeakFlops gives a rate that a processor may have', async () => {
  const peak = await measurePeakFlops(64, 2);
  expect(peak).toBeGreaterThan(1e6);
  expect(peak).toBeLessThan(1e15);
});
