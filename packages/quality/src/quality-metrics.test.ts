import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bestThreshold,
  binaryMetrics,
  calibration,
  confusion,
  meanAbsoluteError,
  rootMeanSquaredError,
} from './quality-metrics.ts';

const pairs = [
  { score: 4, truth: 5 },
  { score: 3, truth: 2 },
  { score: 2, truth: 3 },
  { score: 1, truth: 0 },
  { score: 5, truth: 4 },
];

describe('binaryMetrics', () => {
  it('counts what passes the threshold', () => {
    expect(binaryMetrics(pairs, 3)).toEqual({
      threshold: 3,
      truePositives: 2,
      falsePositives: 1,
      trueNegatives: 1,
      falseNegatives: 1,
      precision: 2 / 3,
      recall: 2 / 3,
      f1: 2 / 3,
      accuracy: 3 / 5,
    });
  });

  it('is 0 of nothing', () => {
    expect(binaryMetrics([], 3)).toMatchObject({ precision: 0, recall: 0, f1: 0, accuracy: 0 });
  });
});

describe('bestThreshold', () => {
  it('is as good as the best of trying them all', () => {
    const pair = fc.record({ score: fc.integer({ min: 0, max: 9 }), truth: fc.integer({ min: 0, max: 1 }) });
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1 }), (list) => {
        const slow = Math.max(...list.map(({ score }) => binaryMetrics(list, score, 1).f1));
        expect(bestThreshold(list, 1)!.f1).toBe(slow);
      }),
    );
    expect(bestThreshold([], 1)).toBeUndefined();
  });
});

describe('calibration', () => {
  it('compares what was said with what was true, bin by bin', () => {
    const { bins, error } = calibration(
      [
        { score: 0.9, truth: 1 },
        { score: 0.95, truth: 0 },
        { score: 0.1, truth: 0 },
      ],
      [0, 1],
      2,
    );
    expect(bins).toEqual([
      { from: 0, to: 0.5, count: 1, meanScore: 0.1, meanTruth: 0 },
      { from: 0.5, to: 1, count: 2, meanScore: 0.925, meanTruth: 0.5 },
    ]);
    expect(error).toBeCloseTo((0.1 + 2 * 0.425) / 3, 12);
  });

  it('keeps scores beyond the range in the outer bins', () => {
    expect(
      calibration(
        [
          { score: -1, truth: 0 },
          { score: 6, truth: 5 },
        ],
        [0, 5],
      ).bins.map(({ from }) => from),
    ).toEqual([0, 4.5]);
  });
});

describe('errors and confusion', () => {
  it('are the textbook’s', () => {
    expect(meanAbsoluteError(pairs)).toBe(1);
    expect(rootMeanSquaredError(pairs)).toBe(1);
    const rows = ['ab', 'aa', 'bb', 'ab'].map(([truth, predicted]) => ({ truth, predicted }));
    expect(confusion(rows, ['a', 'b', 'c'])).toEqual({
      labels: ['a', 'b', 'c'],
      counts: [
        [1, 2, 0],
        [0, 1, 0],
        [0, 0, 0],
      ],
      macroF1: 0.5,
      accuracy: 0.5,
    });
  });
});
