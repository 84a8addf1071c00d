import { truncateSync } from 'node:fs';
import { BatchLoader, TokenShard } from '@smol/dataset';
import { SmolLM } from '@smol/model';
import { AdamW, Muon, MuonClip, splitParameters, type MuonOptions } from '@smol/optim-muon';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  memorySink,
  stepsOf,
  temporaryFolder,
  tinyConfig,
  tinyRun,
  weightsOf,
  writeTinyShard,
} from './fixtures/tiny-run.ts';
import { tinySetting } from './fixtures/tiny-setting.ts';
import { constant } from './schedule.ts';
import { piecewise } from './schedule-shapes.ts';
import { Trainer } from './trainer.ts';
import type { TrainerOptions } from './trainer-options.ts';

// Whatever goes wrong, a run recovers or stops with a clear message; it never trains on silently.

const setting = tinySetting();

const allFinite = (model: SmolLM) => Object.values(weightsOf(model)).flat().every(Number.isFinite);

describe('a learning rate that explodes', () => {
  const exploding = piecewise([
    { step: 10, value: 1 },
    { step: 11, value: 400 },
    { step: 14, value: 400 },
    { step: 15, value: 1 },
  ]);
  const guards = { spikeThreshold: Infinity, divergence: { rise: 0.5, steps: 2, decay: 0.5, warmupSteps: 4 } };

  it('is survived by going back, with a lower rate', { tags: ['slow'] }, async () => {
    const sink = memorySink();
    const run = tinyRun(setting.shard, {
      totalSteps: 30,
      schedule: exploding,
      guards: { ...guards, rollback: { maximum: 8, adjust: { learningRate: 0.1 } } },
      checkpoint: { folder: setting.folder, every: 5 },
      sinks: [sink],
    });
    const result = await run.trainer.run();
    expect(result).toMatchObject({ step: 30, stopped: false });
    expect(result.rollbacks).toBeGreaterThan(0);
    expect(sink.events.find(({ type }) => type === 'rollback')).toMatchObject({ reason: 'divergence', step: 10 });
    expect(result.loss!).toBeLessThan(2.5);
    expect(allFinite(run.model)).toBe(true);
    run.dispose();
  });

  it('stops a run that may not go back, and says why', async () => {
    const sink = memorySink();
    const run = tinyRun(setting.shard, { totalSteps: 30, schedule: exploding, guards, sinks: [sink] });
    await expect(run.trainer.run()).rejects.toThrow(
      /step 1\d: the smoothed loss has risen from [\d.]+ to [\d.]+ and stays there; allow a rollback \(guards\.rollback\)/,
    );
    expect(sink.events.at(-1)).toMatchObject({ type: 'failure', reason: 'divergence' });
    run.dispose();
  });
});

describe('a gradient that is NaN under a finite loss', () => {
  /** The number itself; its gradient is NaN. */
  const poisoned = tf.customGrad((x) => ({
    value: tf.clone(x as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.mul(dy, Number.NaN),
  }));

  /** A run whose backward pass, one micro-batch in two, gives NaN at these steps. */
  function poisonedRun(badSteps: readonly number[], options: Partial<TrainerOptions> = {}) {
    const sink = memorySink();
    const weights: Record<string, number[]>[] = [];
    const look = { name: 'look', write: () => void weights.push(weightsOf(run.model)) };
    const run = tinyRun(setting.shard, { totalSteps: 8, sinks: [sink, look], ...options });
    const loss = run.model.loss.bind(run.model);
    let microBatches = 0;
    run.model.loss = (batch, lossOptions) => {
      const step = Math.ceil(++microBatches / 2);
      const isPoisoned = microBatches % 2 === 0 && badSteps.includes(step);
      const value = loss(batch, lossOptions);
      return isPoisoned ? (poisoned(value) as tf.Scalar) : value;
    };
    return { ...run, sink, weights };
  }

  it('is not applied: the step is skipped and written down, and the run goes on', async () => {
    const run = poisonedRun([4]);
    const result = await run.trainer.run();
    expect(result).toMatchObject({ step: 8, stopped: false, skippedSteps: 1 });
    const records = stepsOf(run.sink.records);
    expect(records[3]).toMatchObject({ loss: expect.any(Number), gradientNorm: null, skipped: 'not-finite' });
    expect(run.sink.events.filter(({ type }) => type === 'skip')).toEqual([
      { type: 'skip', step: 4, reason: 'not-finite', quantity: 'gradientNorm', value: 'NaN' },
    ]);
    expect(run.weights[3]).toEqual(run.weights[2]);
    expect(run.weights[4]).not.toEqual(run.weights[3]);
    expect(allFinite(run.model)).toBe(true);
    expect(records[7].loss!).toBeLessThan(records[0].loss!);
    run.dispose();
  });

  it.each([
    ['every step, when patience ends', { patience: 3 }, /step 6: gradientNorm is NaN, for the 3rd step in a row; /],
    ['the first, when a recipe wants to stop', { notFinite: 'stop' }, /step 4: gradientNorm is NaN, for the 1st step /],
  ] as const)('stops the run at %s, and says why', async (_, guards, message) => {
    const run = poisonedRun([4, 5, 6, 7, 8], { guards });
    await expect(run.trainer.run()).rejects.toMatchObject({
      code: 'DIVERGED',
      message: expect.stringMatching(message),
    });
    expect(allFinite(run.model)).toBe(true);
    expect(run.weights.at(-1)).toEqual(run.weights[2]);
    run.dispose();
  });
});

describe('a damaged shard', () => {
  it('stops the run, naming the file', async () => {
    const other = temporaryFolder();
    const damaged = await writeTinyShard(other.folder);
    truncateSync(damaged.path, 100);
    expect(() => TokenShard.open(damaged.path)).toThrow(
      /tiny\.ds must have \d+ bytes .*, got 100; tokenize the documents again/,
    );
    const run = tinyRun(damaged);
    await expect(run.trainer.run()).rejects.toMatchObject({
      code: 'READ_FAILED',
      message: expect.stringContaining(damaged.path),
    });
    run.dispose();
    other.remove();
  });

  it('whose tokens are not of the vocabulary stops the run too', async () => {
    const stages = [{ steps: 4, mixture: { tiny: 1 } }];
    const loader = new BatchLoader({
      sources: { tiny: [setting.shard] },
      stages,
      batchSize: 4,
      sequenceLength: 8,
      seed: 3,
      vocabularySize: 5,
    });
    const run = tinyRun(setting.shard, { loader });
    await expect(run.trainer.run()).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
    run.dispose();
  });
});

describe('attention logits that grow without end', () => {
  /** Trains with far too high a learning rate on the query and key projections. */
  async function blowUp(make: (parameters: ConstructorParameters<typeof MuonClip>[0], options: MuonOptions) => Muon) {
    const model = SmolLM.initialize(tinyConfig, { seed: 1 });
    const { muon, adamw } = splitParameters(model.parameters);
    const optimizers = [make(muon, { learningRate: 1.5, scaling: 'keller' }), new AdamW(adamw, { learningRate: 0.01 })];
    const sink = memorySink();
    const stages = [{ steps: 60, mixture: { tiny: 1 } }];
    const trainer = new Trainer({
      model,
      optimizers,
      loader: new BatchLoader({ sources: { tiny: [setting.shard] }, stages, batchSize: 4, sequenceLength: 8, seed: 3 }),
      totalSteps: 60,
      schedule: constant(),
      guards: { spikeThreshold: Infinity, divergence: false },
      sinks: [sink],
    });
    await trainer.run();
    model.dispose();
    for (const optimizer of optimizers) optimizer.dispose();
    return { records: stepsOf(sink.records), events: sink.events };
  }

  it('are bounded by MuonClip, and are not without it', { tags: ['slow'] }, async () => {
    const threshold = 20;
    const bare = await blowUp((parameters, options) => new Muon(parameters, options));
    const clipped = await blowUp(
      (parameters, options) => new MuonClip(parameters, { ...options, headDimension: 4, threshold }),
    );
    const largest = (records: typeof bare.records) => Math.max(...records.slice(20).map(({ maxLogit }) => maxLogit!));
    expect(largest(bare.records)).toBeGreaterThan(1000); // the literature's mark of a run that diverges
    expect(bare.records.at(-1)!.maxLogit!).toBeGreaterThan(bare.records[20].maxLogit!);
    expect(largest(clipped.records)).toBeLessThan(10 * threshold); // one step's growth above τ, then clipped again
    expect(clipped.records.some(({ clippedHeads }) => clippedHeads! > 0)).toBe(true);
    expect(bare.events.some(({ type, quantity }) => type === 'alarm' && quantity === 'maxLogit')).toBe(true);
  });
});
