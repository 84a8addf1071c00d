import { describe, expect, it } from 'vitest';
import { rehydrationWeight } from './rehydration-weight.ts';

describe('rehydrationWeight', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 3],
    [5, 5],
    [99, 5],
    [100, 8],
    [999, 8],
    [1000, 1],
    [1_000_000, 1],
  ])('repeats the kept document of %i as FineWeb2 does: %i times', (size, weight) => {
    expect(rehydrationWeight(size)).toBe(weight);
  });

  it('takes other weights', () => {
    expect([1, 9, 10].map((size) => rehydrationWeight(size, { 1: 1, 10: 4 }))).toEqual([1, 1, 4]);
  });

  it('refuses sizes that no cluster has, and weights that leave one out', () => {
    expect(() => rehydrationWeight(0)).toThrow('size must be a positive integer, got 0');
    expect(() => rehydrationWeight(1, { 2: 1 })).toThrow('weights must begin with size 1');
  });
});
