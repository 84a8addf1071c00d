import { describe, expect, it } from 'vitest';
import { matchProbability, similarityThreshold } from './match-probability.ts';
import { MIN_HASH_PRESETS } from './min-hash-options.ts';

describe('matchProbability', () => {
  it.each([
    ['fineweb', 0.7, 0.56],
    ['fineweb', 0.75, 0.77],
    ['fineweb', 0.8, 0.924],
    ['fineweb', 0.85, 0.988],
    ['finepdfs', 0.7, 0.6],
    ['finepdfs', 0.75, 0.844],
    ['finepdfs', 0.8, 0.974],
    ['finepdfs', 0.85, 0.999],
  ] as const)('of %s at %d is the published %d', (preset, similarity, expected) => {
    expect(matchProbability(similarity, MIN_HASH_PRESETS[preset])).toBeCloseTo(expected, 2);
  });

  it('is steep at the threshold', () => {
    expect(similarityThreshold(MIN_HASH_PRESETS.fineweb)).toBeCloseTo(0.72, 2);
  });
});
