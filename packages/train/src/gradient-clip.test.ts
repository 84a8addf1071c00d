import { describe, expect, it } from 'vitest';
import { clippedNorm, globalClip } from './gradient-clip.ts';
import { ZClip } from './zclip.ts';
import { AdaGC } from './adagc.ts';

const norm = (global: number) => ({ global, each: new Map<string, number>() });

describe('globalClip', () => {
  it('lets norms up to the maximum through and scales larger ones down to it', () => {
    const clip = globalClip(2);
    expect(clip.factor(norm(1.9))).toBe(1);
    expect((clip.factor(norm(8)) as number) * 8).toBeCloseTo(2, 5);
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
  ])('brings a norm of %f to %f', (size, clipped, statistics) => {
    const clip = seasoned();
    expect(clip.factor(norm(size)) * size).toBeCloseTo(clipped, 5);
    const close = Object.entries(statistics).map(([name, value]) => [name, expect.closeTo(value, 7)]);
    expect(clip.state()).toMatchObject(Object.fromEntries(close));
  });

  it('also keeps to the cap', () => {
    expect(seasoned(1).factor(norm(1.2)) * 1.2).toBeCloseTo(1, 5);
  });

  it('gathers mean and population variance while it warms up', () => {
    const clip = new ZClip({ warmupSteps: 4, maximumNorm: null });
    expect([1, 2, 3, 6].map((size) => clip.factor(norm(size)))).toEqual([1, 1, 1, 1]);
    expect(clip.state()).toEqual({ warmup: [1, 2, 3, 6], mean: 3, variance: 3.5 });
    expect(clip.factor(norm(100)) * 100).toBeLessThan(4);
  });

  it('goes on from a saved state', () => {
    const clip = new ZClip({ warmupSteps: 2, maximumNorm: null });
    const norms = [1, 1.2, 1.1, 5, 1, 2];
    const resumed = new ZClip({ warmupSteps: 2, maximumNorm: null });
    norms.slice(0, 3).forEach((size) => clip.factor(norm(size)));
    resumed.restore(JSON.parse(JSON.stringify(clip.state())));
    expect(norms.slice(3).map((size) => resumed.factor(norm(size)))).toEqual(
      norms.slice(3).map((size) => clip.factor(norm(size))),
    );
  });
});

describe('AdaGC', () => {
  const norms = (each: Record<string, number>) => ({
    global: Math.hypot(...Object.values(each)),
    each: new Map(Object.entries(each)),
  });

  it('clips the global norm at first and remembers the smallest norm of each parameter', () => {
    const clip = new AdaGC({ warmupSteps: 2, absoluteLimit: 5 });
    expect([...clip.factor(norms({ a: 3, b: 4 })).values()]).toEqual([expect.closeTo(1, 5), expect.closeTo(1, 5)]);
    const [a] = clip.factor(norms({ a: 6, b: 8 })).values();
    expect(a).toBeCloseTo(0.5, 6);
    expect(clip.state()).toEqual({ steps: 2, norms: { a: expect.closeTo(3, 5), b: expect.closeTo(4, 5) } });
  });

  it('then lets a gradient grow by a few per cent over its running norm', () => {
    const clip = new AdaGC({ relativeLimit: 1.05, beta: 0.98 });
    clip.restore({ steps: 100, norms: { a: 1, b: 2 } });
    const factors = clip.factor(norms({ a: 10, b: 1 }));
    expect(factors.get('a')).toBeCloseTo(0.105, 12); // h = λγ/‖g‖ = 1.05·1/10
    expect(factors.get('b')).toBe(1);
    // γ ← 0.98·1 + 0.02·1.05 and 0.98·2 + 0.02·1
    expect(clip.state().norms).toEqual({ a: expect.closeTo(1.001, 12), b: expect.closeTo(1.98, 12) });
    expect(clippedNorm(norms({ a: 10, b: 1 }), factors)).toBeCloseTo(Math.hypot(1.05, 1), 12);
  });

  it('is stricter after a rollback that says so, and does not mind a gradient of zero', () => {
    const clip = new AdaGC();
    clip.restore({ steps: 100, norms: { a: 1, b: 0 } });
    const factors = clip.factor(norms({ a: 2, b: 0 }), 0.5);
    expect([...factors.values()]).toEqual([expect.closeTo(0.5125, 12), 1]);
  });

  it('refuses limits below the running norm', () => {
    expect(() => new AdaGC({ relativeLimit: 0.9 })).toThrow('relativeLimit must be a number in [1, Infinity], got 0.9');
  });
});

it('a tightness below 1 lowers the limits of the other clips too', () => {
  expect((globalClip(2).factor(norm(8), 0.5) as number) * 8).toBeCloseTo(1, 5);
  const clip = new ZClip({ warmupSteps: 1, maximumNorm: 2 });
  expect(clip.factor(norm(10), 0.5) * 10).toBeCloseTo(1, 5);
});
