import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatchLoader } from '@smol/dataset';
import type { SmolLM } from '@smol/model';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { memorySink, stepsOf, tinyRun, weightsOf } from './fixtures/tiny-run.ts';
import { tinySetting } from './fixtures/tiny-setting.ts';
import { jsonlSink } from './jsonl-sink.ts';
import { adjusted, noRollbacks, regularStepBefore, rollbackScale } from './rollback.ts';
import type { GuardOptions } from './step-guard.ts';
import type { TrainerOptions } from './trainer-options.ts';

const setting = tinySetting();

/** The loss is spoiled for the rows [from, to) that the loader draws, whatever step they come in. */
function poison(
  model: SmolLM,
  loader: BatchLoader,
  [from, to]: [number, number],
  spoil: (loss: tf.Scalar) => tf.Scalar,
) {
  const next = loader.next.bind(loader);
  const loss = model.loss.bind(model);
  let isPoisoned = false;
  loader.next = () => {
    const { rows } = loader.state();
    isPoisoned = rows >= from && rows < to;
    return next();
  };
  model.loss = (batch, options) => (isPoisoned ? spoil(loss(batch, options)) : loss(batch, options));
}

const twelveSteps = { totalSteps: 12 };
const guards: GuardOptions = { patience: 2, rollback: {} };
const nan = (loss: tf.Scalar) => tf.mul(loss, Number.NaN) as tf.Scalar;

async function train(
  options: Partial<TrainerOptions>,
  rows: [number, number],
  spoil: (loss: tf.Scalar) => tf.Scalar = nan,
) {
  const sink = memorySink();
  const run = tinyRun(setting.shard, {
    ...twelveSteps,
    guards,
    checkpoint: { folder: setting.folder, every: 3 },
    sinks: [sink, jsonlSink(join(setting.folder, 'metrics.jsonl'))],
    ...options,
  });
  poison(run.model, run.loader, rows, spoil);
  try {
    return { sink, run, result: await run.trainer.run(), weights: weightsOf(run.model) };
  } finally {
    run.dispose();
  }
}

const typesOf = (sink: ReturnType<typeof memorySink>) => sink.events.map(({ type, step }) => `${type} ${step}`);

describe('a run whose loss is NaN for several batches', () => {
  it('goes back to its last good checkpoint, leaves out that data, and comes to its end', async () => {
    const { sink, result, weights } = await train({}, [20, 28]); // the batches of steps 6 and 7, four rows each
    expect(typesOf(sink)).toEqual([
      'start 0',
      'checkpoint 0',
      'checkpoint 3',
      'skip 6',
      'checkpoint 6',
      'skip 7',
      'rollback 3',
      'checkpoint 3',
      'checkpoint 6',
      'checkpoint 9',
      'checkpoint 12',
      'end 12',
    ]);
    expect(sink.events[6]).toEqual({
      type: 'rollback',
      step: 3,
      failedStep: 7,
      skippedData: 4,
      reason: 'not-finite',
      quantity: 'loss',
      value: 'NaN',
      meaning: 'loss is NaN, for the 2nd step in a row',
    });
    expect(result).toMatchObject({ step: 12, rollbacks: 1, skippedSteps: 0, tokens: 12 * 32 });
    expect(Object.values(weights).flat().every(Number.isFinite)).toBe(true);
    expect(readdirSync(setting.folder).sort()).toEqual([
      'latest',
      'metrics.jsonl',
      'step-00000009-r1',
      'step-00000012-r1',
    ]);
  });

  it('trains as if that data had never been there', async () => {
    const { weights } = await train({}, [20, 28]);
    setting.freshFolder();
    const run = tinyRun(setting.shard, { ...twelveSteps, checkpoint: { folder: setting.folder, every: 3 } });
    const next = run.loader.next.bind(run.loader);
    run.loader.next = () => {
      if (run.loader.state().rows === 12) run.loader.skip(4);
      return next();
    };
    await run.trainer.run();
    expect(weightsOf(run.model)).toEqual(weights);
    run.dispose();
  });

  it('has metrics without the steps that were undone', async () => {
    await train({}, [20, 28]);
    const lines = readFileSync(join(setting.folder, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const records = lines.map((line) => JSON.parse(line) as { step: number; skipped?: string });
    expect(records.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(records.some(({ skipped }) => skipped)).toBe(false);
  });

  it('ends with a clear message when that does not help', async () => {
    const everything: [number, number] = [20, 1e9];
    await expect(train({ guards: { ...guards, rollback: { maximum: 2 } } }, everything)).rejects.toMatchObject({
      code: 'DIVERGED',
      message: expect.stringMatching(
        /^step \d+: loss is NaN, for the 2nd step in a row, after 2 rollbacks; go back to an earlier checkpoint/,
      ),
    });
    setting.freshFolder();
    await expect(train({ guards: { patience: 2 } }, everything)).rejects.toThrow('allow a rollback (guards.rollback)');
    setting.freshFolder();
    await expect(train({ guards: { notFinite: 'stop' } }, everything)).rejects.toThrow(
      'step 6: loss is NaN, for the 1st step in a row',
    );
  });

  it('may lower the learning rate, warm up again and clip tighter, when that is allowed', async () => {
    const adjust = { learningRate: 0.5, warmupSteps: 2, clip: 0.1 };
    const { sink } = await train({ guards: { ...guards, rollback: { adjust } }, schedule: undefined }, [20, 28]);
    const adjustment = sink.events.find(({ type }) => type === 'adjust');
    expect(adjustment).toEqual({
      type: 'adjust',
      step: 3,
      allowed: adjust,
      now: { count: 1, learningRate: 0.5, clip: 0.1, warmupFrom: 3 },
    });
    const scales = stepsOf(sink.records).map(({ learningRateScale }) => learningRateScale);
    expect(scales).toEqual([1, 1, 1, 1, 1, 1, 1, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(stepsOf(sink.records).at(-1)!.clippedGradientNorm).toBeCloseTo(0.1, 3);
  });
});

describe('a run that trains on poisoned batches', () => {
  const risen: GuardOptions = {
    spikeThreshold: Infinity,
    divergence: { rise: 0.5, steps: 2, decay: 0.5, warmupSteps: 2 },
    rollback: {},
  };
  const raise = (loss: tf.Scalar) => tf.add(tf.mul(loss, -1), 6) as tf.Scalar; // learns the wrong thing, at a high loss

  it('goes back to before its loss began to rise', async () => {
    const { sink, result } = await train({ totalSteps: 16, guards: risen }, [28, 48], raise);
    const rollback = sink.events.find(({ type }) => type === 'rollback');
    expect(rollback).toMatchObject({ reason: 'divergence', quantity: 'loss', step: 6 });
    expect(rollback!.meaning).toMatch(/^the smoothed loss has risen from 2\.\d+ to \d\.\d+ and stays there$/);
    expect(result).toMatchObject({ step: 16, stopped: false });
    expect(result.loss!).toBeLessThan(2.5);
  });

  it('stops when no rollback is allowed, and trains on when nobody looks', async () => {
    const { rollback: _, ...alone } = risen;
    await expect(train({ totalSteps: 16, guards: alone }, [28, 48], raise)).rejects.toMatchObject({ code: 'DIVERGED' });
    setting.freshFolder();
    const { result } = await train({ totalSteps: 16, guards: { ...alone, divergence: false } }, [28, 48], raise);
    expect(result.step).toBe(16);
  });
});

describe('a rolled-back run that is stopped', () => {
  it.each([4, 7, 9])('after %i batches ends with the bits of one that was not', async (stopAfter) => {
    const adjust = { learningRate: 0.5 };
    const options = { guards: { ...guards, rollback: { adjust } } };
    const straight = await train(options, [20, 28]);
    setting.freshFolder();
    const controller = new AbortController();
    let written = 0;
    const stop = { name: 'stop', write: () => void (++written === stopAfter && controller.abort()) };
    const sinks = () => [jsonlSink(join(setting.folder, 'metrics.jsonl'))];
    const first = await train({ ...options, signal: controller.signal, sinks: [...sinks(), stop] }, [20, 28]);
    expect(first.result.stopped).toBe(true);
    const second = await train({ ...options, sinks: sinks() }, [20, 28]);
    expect(second.weights).toEqual(straight.weights);
    expect(second.result).toMatchObject({ rollbacks: 1, step: 12 });
    expect(existsSync(join(setting.folder, 'step-00000012-r1'))).toBe(true);
  });
});

describe('rollbacks', () => {
  it('need checkpoints and a loader that can leave out data', () => {
    expect(() => tinyRun(setting.shard, { guards: { rollback: {} } })).toThrow(
      'guards.rollback needs checkpoints to go back to',
    );
    const loader = { next: () => ({}) as never, state: () => 0, restore: () => {} };
    const options = { guards: { rollback: {} }, checkpoint: { folder: setting.folder, every: 3 }, loader };
    expect(() => tinyRun(setting.shard, options)).toThrow('guards.rollback needs a loader with skip(steps)');
    expect(() => tinyRun(setting.shard, { guards: { rollback: { adjust: { clip: 2 } } } })).toThrow('guards.rollback');
  });

  it('add up, one by one', () => {
    const twice = adjusted(adjusted(noRollbacks, { learningRate: 0.5, clip: 0.5 }, 10), { learningRate: 0.5 }, 20);
    expect(twice).toEqual({ count: 2, learningRate: 0.25, clip: 0.5, warmupFrom: null });
    expect(rollbackScale({ ...twice, warmupFrom: 20 }, { warmupSteps: 10 }, 25)).toBe(0.125);
    expect([0, 2, 3, 11].map((step) => regularStepBefore(step, 3))).toEqual([0, 0, 3, 9]);
  });
});
