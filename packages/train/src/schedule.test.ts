import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constant, wsd, type DecayShape } from './schedule.ts';

describe('wsd', () => {
  it("is SmolLM3's learning rate (golden vectors)", () => {
    const rate = wsd({ peak: 2e-4, totalSteps: 4_720_000, warmupSteps: 2000, decaySteps: 522_000 });
    const golden: [number, number][] = [
      [1, 1e-7],
      [1000, 1e-4],
      [2000, 2e-4],
      [4_198_000, 2e-4],
      [4_198_001, 2e-4],
      [4_459_001, 1e-4],
      [4_719_999, 7.66e-10],
      [4_720_001, 0],
      [5_000_000, 0],
    ];
    for (const [step, expected] of golden) expect(rate(step)).toBeCloseTo(expected, 12);
  });

  it.each([
    ['linear', 0.5],
    ['1-sqrt', 1 - Math.sqrt(0.5)],
    ['cosine', 0.5],
  ] as const)('has lost, half way through a %s decay, all but %f', (decayShape, expected) => {
    const scale = wsd({ totalSteps: 20, decaySteps: 10, decayShape, minimum: 0.1 });
    expect(scale(11)).toBe(1);
    expect(scale(16)).toBeCloseTo(0.1 + 0.9 * expected, 12);
    expect(scale(21)).toBe(0.1);
  });

  it('rises, stays, falls, and never leaves [minimum, peak] after the warm-up', () => {
    const shapes = fc.constantFrom<DecayShape>('linear', '1-sqrt', 'cosine');
    fc.assert(
      fc.property(
        fc.nat(50),
        fc.nat(50),
        fc.nat(50),
        shapes,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (warmupSteps, plateau, decaySteps, decayShape, minimum) => {
          const totalSteps = warmupSteps + plateau + decaySteps + 1;
          const scale = wsd({ totalSteps, warmupSteps, decaySteps, decayShape, minimum });
          const scales = Array.from({ length: totalSteps + 2 }, (_, index) => scale(index + 1));
          const rise = scales.slice(0, warmupSteps);
          const rest = scales.slice(warmupSteps);
          expect(rise).toEqual(rise.map((_, index) => (index + 1) / warmupSteps));
          expect(
            rest.every(
              (value, index) =>
                value >= minimum - 1e-12 && value <= 1 && (index === 0 || value <= rest[index - 1] + 1e-12),
            ),
          ).toBe(true);
        },
      ),
    );
  });

  it('refuses what cannot be', () => {
    expect(() => wsd({ totalSteps: 10, warmupSteps: 6, decaySteps: 5 })).toThrow(
      'warmupSteps 6 and decaySteps 5 must fit into totalSteps 10',
    );
    expect(() => wsd({ totalSteps: 0 })).toThrow('totalSteps must be an integer ≥ 1, got 0');
    expect(() => wsd({ totalSteps: 5, decayShape: 'step' as DecayShape })).toThrow(
      'decayShape must be one of linear, 1-sqrt, cosine, got step',
    );
    expect(() => wsd({ totalSteps: 5, peak: 0.1, minimum: 0.2 })).toThrow(
      'peak must be a number in [0.2, Infinity], got 0.1',
    );
  });
});

it('constant is the same at every step', () => {
  expect([1, 100, 1e9].map(constant(0.3))).toEqual([0.3, 0.3, 0.3]);
});
