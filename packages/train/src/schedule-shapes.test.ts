import { describe, expect, it } from 'vitest';
import { constant, wsd } from './schedule.ts';
import { batchRampScale, cosine, piecewise, product, sequence, trapezoid, warmRestarts } from './schedule-shapes.ts';

const values = (schedule: (step: number) => number, steps: number) =>
  Array.from({ length: steps }, (_, index) => schedule(index + 1));
const close = (numbers: number[]) => numbers.map((number) => expect.closeTo(number, 10));

describe('cosine', () => {
  it('rises in a line and falls over all of the rest', () => {
    const scale = cosine({ totalSteps: 12, warmupSteps: 4, minimum: 0.1 });
    expect(values(scale, 4)).toEqual([0.25, 0.5, 0.75, 1]);
    expect(scale(5)).toBe(1);
    expect(scale(9)).toBeCloseTo(0.55, 12);
    expect(scale(13)).toBe(0.1);
    expect(scale.settings).toMatchObject({ kind: 'cosine', totalSteps: 12 });
  });
});

describe('trapezoid', () => {
  it('is a linear WSD', () => {
    const options = { totalSteps: 10, warmupSteps: 2, decaySteps: 4 };
    expect(values(trapezoid(options), 11)).toEqual(values(wsd(options), 11));
  });
});

describe('warmRestarts', () => {
  it('falls over each cycle and starts again at the top', () => {
    const scale = warmRestarts({ cycleSteps: 4 });
    const cycle = [0, 1, 2, 3].map((step) => (1 + Math.cos((Math.PI * step) / 4)) / 2);
    expect(values(scale, 8)).toEqual(close([...cycle, ...cycle]));
  });

  it('has longer and lower cycles when asked, after its warm-up', () => {
    const scale = warmRestarts({ cycleSteps: 2, lengthen: 2, shrink: 0.5, warmupSteps: 2, minimum: 0.1 });
    expect(values(scale, 9)).toEqual(
      close([0.5, 1, 1, 0.55, 0.5, ...[1, 2, 3].map((step) => 0.1 + 0.2 * (1 + Math.cos((Math.PI * step) / 4))), 0.25]),
    );
  });

  it('refuses what cannot be', () => {
    expect(() => warmRestarts({ cycleSteps: 0 })).toThrow('cycleSteps must be an integer ≥ 1, got 0');
    expect(() => warmRestarts({ cycleSteps: 3, lengthen: 0.5 })).toThrow('lengthen must be a number in [1, Infinity]');
  });
});

describe('piecewise', () => {
  it('draws straight lines between its points', () => {
    const momentum = piecewise([
      { step: 2, value: 0.85 },
      { step: 4, value: 0.95 },
    ]);
    expect(values(momentum, 6)).toEqual(close([0.85, 0.85, 0.9, 0.95, 0.95, 0.95]));
  });

  it('wants points in order', () => {
    const point = { step: 1, value: 1 };
    expect(() => piecewise([point, point])).toThrow('points must ascend by step');
    expect(() => piecewise([])).toThrow('points must ascend by step, got []');
    expect(() => piecewise([{ step: 1, value: -1 }])).toThrow(
      'value at step 1 must be a number in [0, Infinity], got -1',
    );
  });
});

describe('sequence and product', () => {
  it('put schedules one after the other, and on top of one another', () => {
    const parts = [
      { steps: 2, schedule: constant(0.5) },
      { steps: 3, schedule: wsd({ totalSteps: 3, warmupSteps: 2 }) },
    ];
    expect(values(sequence(parts), 7)).toEqual([0.5, 0.5, 0.5, 1, 1, 1, 1]);
    expect(values(product(sequence(parts), constant(2)), 3)).toEqual([1, 1, 1]);
    expect(() => sequence([])).toThrow('a sequence needs at least one schedule');
  });

  it("describe SmolLM3's stages: 4k with WSD, then 32k with a cosine of its own", () => {
    const longContext = cosine({ peak: 0.1, totalSteps: 20_000, warmupSteps: 1000 });
    const whole = sequence([
      { steps: 4_720_000, schedule: wsd({ totalSteps: 4_720_000, warmupSteps: 2000, decaySteps: 522_000 }) },
      { steps: 20_000, schedule: longContext },
    ]);
    expect(whole(4_720_000 + 1000) * 2e-4).toBeCloseTo(2e-5, 12);
    expect(whole(4_720_000 + 10_501) * 2e-4).toBeCloseTo(1e-5, 9);
  });
});

describe('batchRampScale', () => {
  it('follows the root of the batch size', () => {
    const ramp = [
      { fromStep: 0, rows: 4 },
      { fromStep: 2, rows: 8 },
      { fromStep: 3, rows: 16 },
    ];
    expect(values(batchRampScale(ramp), 4)).toEqual(close([1, 1, Math.SQRT2, 2]));
    expect(values(batchRampScale(ramp, 0), 4)).toEqual([1, 1, 1, 1]);
    expect(() => batchRampScale([])).toThrow('a batch ramp must begin at step 0');
  });
});
