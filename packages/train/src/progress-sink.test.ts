import { expect, it } from 'vitest';
import type { StepRecord } from './metrics.ts';
import { formatDuration, progressSink } from './progress-sink.ts';

const record = (step: number, more: Partial<StepRecord> = {}): StepRecord => ({
  step,
  loss: 3.2109,
  gradientNorm: 0.5,
  clippedGradientNorm: 0.5,
  learningRateScale: 0.25,
  learningRate: { adamw: 1 },
  tokens: 100 * step,
  timing: { seconds: 2, tokensPerSecond: 12_345 },
  ...more,
});

it('tells step, share, loss, rate and time left, every so often and at the end', () => {
  const lines: string[] = [];
  const sink = progressSink((line) => lines.push(line), { totalSteps: 5, every: 2 });
  for (let step = 1; step <= 5; step++) sink.write(record(step));
  expect(lines).toEqual([
    'step 2/5 (40%)  loss 3.2109  lr ×0.25  grad 0.500  12.3k tok/s  6s left',
    'step 4/5 (80%)  loss 3.2109  lr ×0.25  grad 0.500  12.3k tok/s  2s left',
    'step 5/5 (100%)  loss 3.2109  lr ×0.25  grad 0.500  12.3k tok/s',
  ]);
});

it('tells skipped steps and evaluations', () => {
  const lines: string[] = [];
  const sink = progressSink((line) => lines.push(line), { totalSteps: 2 });
  sink.write(record(1, { loss: null, gradientNorm: null, skipped: 'not-finite' }));
  sink.write({ step: 1, evaluation: { loss: 2.5, bitsPerByte: 1.123456 }, timing: { seconds: 1 } });
  expect(lines).toEqual([
    'step 1/2 (50%)  loss not finite  lr ×0.25  grad not finite  12.3k tok/s  skipped: not-finite  2s left',
    'step 1/2 evaluation  loss 2.5  bitsPerByte 1.1235',
  ]);
});

it.each([
  [0.4, '0s'],
  [59, '59s'],
  [190, '3m10s'],
  [7500, '2h05m'],
])('writes %f seconds as %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
