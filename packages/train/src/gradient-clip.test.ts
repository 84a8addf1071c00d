import { describe, expect, it } from 'vitest';
import { globalClip, ZClip } from './gradient-clip.ts';

describe('globalClip', () => {
  it('lets norms up to the maximum through and scales larger ones down to it', () => {
    const clip = globalClip(2);
    expect(clip.factor(1.9)).toBe(1);
    expect(clip.factor(8) * 8).toBeCloseTo(2, 5);
    expect(() => globalClip(0)).toThrow('maximum must be a number');
  });
});

describe('ZClip', () => {
  const seasoned = (maximumNorm: number | null = null) => {
    const clip = new ZClip({ maximumNorm, warmupSteps: 1 });
    clip.restore({ warmup: [1], mean: 1, variance: 0.01 });
    return clip;
  };

  // golden vectors: μ 1, σ 0.1, α 0.97, z* 2.5
  it.each([
    [1.2, 1.2, { mean: 1.006, variance: 0.01082908 }],
    [1.3, 1.208335, { mean: 1.00625006 }],
    [2, 1.062501, { mean: 1.00187502, variance: 0.00981026 }],
    [10, 1.006945, {}],
  ])('brings a norm of %f to %f', (norm, clipped, statistics) => {
    const clip = seasoned();
    expect(clip.factor(norm) * norm).toBeCloseTo(clipped, 5);
    const close = Object.entries(statistics).map(([name, value]) => [name, expect.closeTo(value, 7)]);
    expect(clip.state()).toMatchObject(Object.fromEntries(close));
  });

  it('also keeps to the cap', () => {
    expect(seasoned(1).factor(1.2) * 1.2).toBeCloseTo(1, 5);
  });

  it('gathers mean and population variance while it warms up', () => {
    const clip = new ZClip({ warmupSteps: 4, maximumNorm: null });
    expect([1, 2, 3, 6].map((norm) => clip.factor(norm))).toEqual([1, 1, 1, 1]);
    expect(clip.state()).toEqual({ warmup: [1, 2, 3, 6], mean: 3, variance: 3.5 });
    expect(clip.factor(100) * 100).toBeLessThan(4);
  });

  it('goes on from a saved state', () => {
    const clip = new ZClip({ warmupSteps: 2, maximumNorm: null });
    const norms = [1, 1.2, 1.1, 5, 1, 2];
    const resumed = new ZClip({ warmupSteps: 2, maximumNorm: null });
    norms.slice(0, 3).forEach((norm) => clip.factor(norm));
    resumed.restore(JSON.parse(JSON.stringify(clip.state())));
    expect(norms.slice(3).map((norm) => resumed.factor(norm))).toEqual(norms.slice(3).map((norm) => clip.factor(norm)));
  });
});
