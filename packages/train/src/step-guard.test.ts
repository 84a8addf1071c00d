import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutlierDetector } from './outlier-detector.ts';
import { StepGuard } from './step-guard.ts';

describe('OutlierDetector', () => {
  it('has no score until its window has been full once', () => {
    const detector = new OutlierDetector(3);
    expect([1, 2, 3].map((value) => detector.score(value))).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(detector.score(4)).toBeCloseTo(1 / Math.sqrt(2 / 3), 12); // of 2, 3, 4
  });

  it('scores 0 when nothing varies', () => {
    const detector = new OutlierDetector(2);
    expect([5, 5, 5].map((value) => detector.score(value))[2]).toBe(0);
  });

  /** The definition, for a window of four. */
  const scoreOf = ([a, b, c, value]: number[]): number => {
    const mean = (a + b + c + value) / 4;
    const deviation = Math.sqrt(((a - mean) ** 2 + (b - mean) ** 2 + (c - mean) ** 2 + (value - mean) ** 2) / 4);
    return (value - mean) / deviation;
  };

  it('equals the definition over the last values, after any restart', () => {
    const value = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(fc.uniqueArray(value, { minLength: 5, maxLength: 30 }), fc.nat(30), (values, restartAt) => {
        let detector = new OutlierDetector(4);
        const scores = values.map((value, index) => {
          const restarted = new OutlierDetector(4);
          restarted.restore(JSON.parse(JSON.stringify(detector.state())));
          if (index === restartAt) detector = restarted;
          return detector.score(value);
        });
        expect(scores.slice(0, 4).every(Number.isNaN)).toBe(true);
        scores
          .slice(4)
          .forEach((score, index) => expect(score).toBeCloseTo(scoreOf(values.slice(index + 1, index + 5)), 9));
      }),
    );
  });
});

describe('StepGuard', () => {
  /** Lets the guard see ordinary steps; returns its verdicts other than "good". */
  const calm = (guard: StepGuard, steps: number) =>
    Array.from({ length: steps }, (_, index) =>
      guard.judge(index + 1, { loss: 3 + 0.01 * (index % 3), gradientNorm: 1 }),
    ).filter(({ skip, failure }) => skip || failure);

  it('skips a spike of the loss or of the gradient norm, and says which', () => {
    const guard = new StepGuard({ window: 16, spikeThreshold: 3 });
    expect(calm(guard, 20)).toEqual([]);
    expect(guard.judge(21, { loss: 9, gradientNorm: 1 }).skip).toMatchObject({
      reason: 'spike',
      quantity: 'loss',
      value: 9,
      threshold: 3,
    });
    expect(guard.judge(22, { loss: 3, gradientNorm: 50 }).skip).toMatchObject({
      reason: 'spike',
      quantity: 'gradientNorm',
      value: 50,
    });
    expect(guard.judge(23, { loss: 3, gradientNorm: 1 })).toEqual({ alarms: [] });
  });

  it('lets drops through, and everything when it is turned off', () => {
    const guard = new StepGuard({ window: 16, spikeThreshold: 3 });
    calm(guard, 20);
    expect(guard.judge(21, { loss: 0.1, gradientNorm: 0.001 })).toEqual({ alarms: [] });
    const off = new StepGuard({ window: 2, spikeThreshold: Infinity });
    calm(off, 5);
    expect(off.judge(6, { loss: 1e9, gradientNorm: 1e9 })).toEqual({ alarms: [] });
  });

  it('counts NaN steps one after another and gives up when patience ends', () => {
    const guard = new StepGuard({ patience: 3 });
    const broken = { loss: 1, gradientNorm: Infinity };
    expect(guard.judge(1, broken).skip).toEqual({ reason: 'not-finite', quantity: 'gradientNorm', value: Infinity });
    expect(guard.judge(2, broken).skip?.reason).toBe('not-finite');
    expect(guard.judge(3, { loss: 1, gradientNorm: 1 })).toEqual({ alarms: [] });
    guard.judge(4, broken);
    guard.judge(5, broken);
    expect(guard.judge(6, broken).failure).toMatchObject({
      reason: 'not-finite',
      meaning: 'gradientNorm is Infinity, for the 3rd step in a row',
    });
  });
});
