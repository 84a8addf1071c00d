import { describe, expect, it } from 'vitest';
import { RandomError, RandomStream } from './random-stream.ts';

describe('RandomStream', () => {
  it('gives the same number for the same (seed, purpose, index), in any order', () => {
    const forwards = new RandomStream(7, 'shuffle');
    const backwards = new RandomStream(7, 'shuffle');
    const indices = [...Array(100).keys()];
    const first = indices.map((index) => forwards.uint32(index));
    const second = [...indices].reverse().map((index) => backwards.uint32(index));
    expect(second.reverse()).toEqual(first);
  });

  it('keeps purposes and seeds apart', () => {
    const first = [0, 1, 2, 3].map((index) => new RandomStream(7, 'a').uint32(index));
    expect([0, 1, 2, 3].map((index) => new RandomStream(7, 'b').uint32(index))).not.toEqual(first);
    expect([0, 1, 2, 3].map((index) => new RandomStream(8, 'a').uint32(index))).not.toEqual(first);
  });

  it('draws normals with mean 0, variance 1 and the kurtosis of a normal', () => {
    const values = new RandomStream(1, 'normal').normals(100_000, 1);
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    expect(moment(1)).toBeCloseTo(0, 1.7);
    expect(moment(2)).toBeCloseTo(1, 1.7);
    expect(moment(4)).toBeCloseTo(3, 0.7);
  });

  it('draws integers uniformly', () => {
    const stream = new RandomStream(3, 'integers');
    const counts = Array.from({ length: 10 }, () => 0);
    for (let index = 0; index < 20_000; index++) counts[stream.integer(index, 10)]++;
    // Chi-squared with 9 degrees of freedom stays below 27.9 with probability 0.999.
    expect(counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0)).toBeLessThan(27.9);
  });

  it.each([1, 2, 3, 10, 97, 1000])('permutes [0, %i) without repeats', (length) => {
    const stream = new RandomStream(5, 'permutation');
    const images = [...Array(length).keys()].map((index) => stream.permute(index, length));
    expect(images.toSorted((a, b) => a - b)).toEqual([...Array(length).keys()]);
  });

  it('moves elements: a permutation of a thousand is not the identity', () => {
    const stream = new RandomStream(5, 'permutation');
    const fixed = [...Array(1000).keys()].filter((index) => stream.permute(index, 1000) === index);
    // A random permutation has one fixed point on average; more than nine has a probability of about 1e-7.
    expect(fixed.length).toBeLessThan(10);
  });

  it('refuses seeds and indices that are out of range', () => {
    expect(() => new RandomStream(-1, 'x')).toThrow(RandomError);
    expect(() => new RandomStream(1.5, 'x')).toThrow('seed must be an integer in [0, 2^53), got 1.5');
    expect(() => new RandomStream(1, 'x').permute(3, 3)).toThrow('index must be an integer in [0, 3), got 3');
  });
});
