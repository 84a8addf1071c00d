import { describe, expect, it } from 'vitest';
import { noise } from './fixtures/noise.ts';
import { Alarms } from './alarms.ts';
import { DivergenceDetector } from './divergence-detector.ts';

/** Losses like those of a healthy run: a power law with noise. */
const healthy = (step: number, seed: number) => 3 + 4 * step ** -0.3 + 0.15 * noise(seed, step);

describe('DivergenceDetector', () => {
  it('leaves healthy runs alone, whatever the noise', () => {
    for (const seed of [1, 2, 3]) {
      const detector = new DivergenceDetector();
      const found = Array.from({ length: 4000 }, (_, index) => detector.judge(index + 1, healthy(index + 1, seed)));
      expect(found.filter(Boolean)).toEqual([]);
    }
  });

  it('is not tripped by a spike that passes', () => {
    const detector = new DivergenceDetector();
    const seed = 1;
    for (let step = 1; step <= 1000; step++) {
      const loss = healthy(step, seed) + (step > 500 && step <= 506 ? 3 : 0);
      expect(detector.judge(step, loss)).toBeUndefined();
    }
  });

  it('finds a loss that rises and stays up, and knows the last step when all was well', () => {
    const detector = new DivergenceDetector();
    const seed = 1;
    let foundAt = 0;
    for (let step = 1; step <= 1000 && foundAt === 0; step++) {
      const divergence = detector.judge(step, healthy(step, seed) + (step > 600 ? 1 : 0));
      if (divergence) foundAt = step;
    }
    expect(foundAt).toBeGreaterThan(650);
    expect(foundAt).toBeLessThan(700);
    expect(detector.goodStep).toBeLessThanOrEqual(600);
    expect(detector.goodStep).toBeGreaterThan(500);
  });

  it('trips on the published failure blowup-4-alibi-bf16 (lowest 3.72, then up to 6.67)', () => {
    // iteration and mean loss of huggingface/datablations, stability_study/logs, rounded
    const curve = [9.5, 7.0, 5.9, 5.2, 4.8, 4.5, 4.3, 4.1, 4.0, 3.9, 3.8, 3.72, 3.9, 4.4, 5.2, 5.9, 6.3, 6.6, 6.67];
    const detector = new DivergenceDetector();
    const losses = curve.flatMap((loss) => Array.from({ length: 200 }, () => loss));
    const foundAt = losses.findIndex((loss, index) => detector.judge(index + 1, loss) !== undefined) + 1;
    expect(foundAt).toBeGreaterThan(2400); // the lowest point
    expect(foundAt).toBeLessThanOrEqual(2800);
  });

  it('goes on from a saved state, and forgets when told to', () => {
    const seed = 2;
    const [straight, first] = [new DivergenceDetector({ steps: 5 }), new DivergenceDetector({ steps: 5 })];
    const loss = (step: number) => healthy(step, seed) + (step > 200 ? 2 : 0);
    for (let step = 1; step <= 210; step++) for (const one of [straight, first]) one.judge(step, loss(step));
    const resumed = new DivergenceDetector({ steps: 5 });
    resumed.restore(JSON.parse(JSON.stringify(first.state())));
    for (let step = 211; step <= 230; step++)
      expect(resumed.judge(step, loss(step))).toEqual(straight.judge(step, loss(step)));
    resumed.reset(230);
    expect(resumed.judge(231, 100)).toBeUndefined();
  });

  it('refuses options out of range', () => {
    expect(() => new DivergenceDetector({ rise: 0 })).toThrow('guards.divergence.rise must be a number');
    expect(() => new DivergenceDetector({ steps: 0 })).toThrow('guards.divergence.steps must be an integer ≥ 1, got 0');
  });
});

describe('Alarms', () => {
  it('tell once that attention logits are too large, and again only after it was over', () => {
    const alarms = new Alarms();
    const logits = [50, 101, 300, 90, 120];
    const told = logits.map((maxLogit, index) => alarms.check(index + 1, { loss: 3, maxLogit }).length);
    expect(told).toEqual([0, 1, 0, 0, 1]);
    expect(alarms.state()).toEqual({ maxLogit: true, notLearning: false });
  });

  it('tell that a run does not learn: above the entropy of single tokens after its time', () => {
    const alarms = new Alarms({ notLearning: { steps: 100, loss: 7 } });
    expect(alarms.check(99, { loss: 9 })).toEqual([]);
    expect(alarms.check(100, { loss: 7.5 })).toMatchObject([{ quantity: 'loss', value: 7.5, threshold: 7 }]);
    expect(alarms.check(101, { loss: 7.5 })).toEqual([]);
  });
});
