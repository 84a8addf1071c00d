import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memorySink, stepsOf, tinyRun, weightsOf } from './fixtures/tiny-run.ts';
import { tinySetting } from './fixtures/tiny-setting.ts';
import { constant, wsd } from './schedule.ts';
import { piecewise } from './schedule-shapes.ts';
import { placeStages, stageOf, stageScale } from './stages.ts';
import type { TrainerOptions } from './trainer-options.ts';

const setting = tinySetting();

describe('stages', () => {
  const stages = placeStages([
    { name: 'broad', steps: 3 },
    { name: 'long', steps: 2, schedule: wsd({ totalSteps: 2, warmupSteps: 2 }) },
  ]);

  it('lie end to end', () => {
    expect([1, 3, 4, 5, 6].map((step) => stageOf(stages, step)?.name)).toEqual([
      'broad',
      'broad',
      'long',
      'long',
      'long',
    ]);
    expect([3, 4, 5].map((step) => stageScale(stages, step))).toEqual([1, 0.5, 1]);
    expect(stageOf([], 1)).toBeUndefined();
    expect(() => placeStages([{ name: 'none', steps: 0 }])).toThrow(
      'steps of stage "none" must be an integer ≥ 1, got 0',
    );
  });

  it('must add up', () => {
    expect(() => tinyRun(setting.shard, { stages: [{ name: 'a', steps: 3 }] })).toThrow(
      'the stages have 3 steps, totalSteps is 8',
    );
  });
});

describe('a run in stages', () => {
  /** Two stages; says what was entered and when. */
  function stagedRun(entered: string[], options: Partial<TrainerOptions> = {}, resetOptimizer = true) {
    const enter = (name: string) => () => void entered.push(name);
    return tinyRun(setting.shard, {
      schedule: constant(),
      stages: [
        { name: 'short', steps: 5, enter: enter('short') },
        { name: 'long', steps: 3, schedule: constant(0.1), resetOptimizer, enter: enter('long') },
      ],
      ...options,
    });
  }

  it('enters each once, with its learning rate, and tells it', async () => {
    const [entered, sink] = [[] as string[], memorySink()];
    const run = stagedRun(entered, { sinks: [sink] });
    await run.trainer.run();
    expect(entered).toEqual(['short', 'long']);
    expect(stepsOf(sink.records).map(({ learningRateScale }) => learningRateScale)).toEqual([
      1, 1, 1, 1, 1, 0.1, 0.1, 0.1,
    ]);
    expect(sink.events.filter(({ type }) => type === 'stage')).toEqual([
      { type: 'stage', step: 0, name: 'short', steps: 5, optimizer: 'kept' },
      { type: 'stage', step: 5, name: 'long', steps: 3, optimizer: 'reset' },
    ]);
    const stepsDone = run.optimizers[1].state().get('step')!.dataSync()[0];
    expect(stepsDone).toBe(3);
    run.dispose();
  });

  it('keeps the running averages unless told otherwise', async () => {
    const run = stagedRun([], {}, false);
    await run.trainer.run();
    expect(run.optimizers[1].state().get('step')!.dataSync()[0]).toBe(8);
    run.dispose();
  });

  it.each([3, 5, 6])('that stops after step %i resumes inside its stage, bit for bit', async (stopAfter) => {
    const straight = stagedRun([]);
    await straight.trainer.run();
    const controller = new AbortController();
    const stop = {
      name: 'stop',
      write: ({ step }: { step: number }) => void (step === stopAfter && controller.abort()),
    };
    const checkpoint = { folder: setting.folder, every: 100 };
    const first = stagedRun([], { checkpoint, signal: controller.signal, sinks: [stop] });
    await first.trainer.run();
    const entered: string[] = [];
    const second = stagedRun(entered, { checkpoint });
    await second.trainer.run();
    expect(weightsOf(second.model)).toEqual(weightsOf(straight.model));
    expect(entered).toEqual(stopAfter <= 5 ? ['short', 'long'] : ['long']);
    for (const run of [straight, first, second]) run.dispose();
  });
});

describe('a run whose second stage has another RoPE base', () => {
  /** Every second step is evaluated; the evaluation gives the base that the model has then. */
  function ropeRun(options: Partial<TrainerOptions> = {}) {
    const sink = memorySink();
    const bases = (theta: number) => ({ enter: () => run.model.setRopeTheta(theta) });
    const run = tinyRun(setting.shard, {
      stages: [
        { name: 'short', steps: 4, ...bases(500) },
        { name: 'long', steps: 4, ...bases(20) },
      ],
      evaluate: { every: 2, run: () => ({ loss: run.model.config.rope_theta }) },
      ...options,
      sinks: [sink, ...(options.sinks ?? [])],
    });
    return { ...run, sink };
  }
  const basesOf = ({ sink }: ReturnType<typeof ropeRun>) =>
    sink.records.flatMap((record) => ('evaluation' in record ? [[record.step, record.evaluation.loss]] : []));

  it('trains and evaluates each stage with its own, and differs from one that has one base', async () => {
    const run = ropeRun();
    await run.trainer.run();
    expect(basesOf(run)).toEqual([
      [2, 500],
      [4, 500],
      [6, 20],
      [8, 20],
    ]);
    const same = tinyRun(setting.shard);
    same.model.setRopeTheta(500);
    await same.trainer.run();
    expect(weightsOf(same.model)).not.toEqual(weightsOf(run.model));
    for (const one of [run, same]) one.dispose();
  });

  it.each([2, 3, 4, 5, 6, 8])('that breaks down at step %i goes on bit for bit, its evaluations too', async (at) => {
    const straight = ropeRun();
    await straight.trainer.run();
    const checkpoint = { folder: setting.folder, every: 1 };
    const breakDown = () => {
      throw new Error('killed');
    };
    const evaluate = { every: 2, run: (step: number) => (step === at ? breakDown() : { loss: 0 }) };
    const write = ({ step }: { step: number }) => void (step === at && at % 2 === 1 && breakDown());
    const broken = ropeRun({ checkpoint, evaluate, sinks: [{ name: 'killer', write }] });
    await expect(broken.trainer.run()).rejects.toThrow('killed');
    const resumed = ropeRun({ checkpoint });
    await resumed.trainer.run();
    expect(weightsOf(resumed.model)).toEqual(weightsOf(straight.model));
    // A checkpoint comes before the evaluation of its step, which is done again.
    expect(basesOf(resumed)).toEqual(basesOf(straight).filter(([step]) => step >= at - 1));
    expect(resumed.model.config.rope_theta).toBe(20);
    for (const one of [straight, broken, resumed]) one.dispose();
  });
});

describe('schedules of single optimizers', () => {
  it('change momentum, weight decay and learning rate, and are in the metrics', async () => {
    const sink = memorySink();
    const momentum = piecewise([
      { step: 1, value: 0.8 },
      { step: 8, value: 0.94 },
    ]);
    const run = tinyRun(setting.shard, {
      schedule: constant(),
      sinks: [sink],
      optimizerSchedules: { muon: { momentum, weightDecay: constant(0.3) }, adamw: { learningRate: constant(0.5) } },
    });
    await run.trainer.run();
    const records = stepsOf(sink.records);
    expect(records.map((record) => record.momentum!.muon)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((step) => expect.closeTo(0.8 + 0.02 * step, 10)),
    );
    expect(records[0]).toMatchObject({ weightDecay: { muon: 0.3 }, learningRate: { muon: 0.02, adamw: 0.005 } });
    run.dispose();
    expect(() => tinyRun(setting.shard, { optimizerSchedules: { lion: {} } })).toThrow(
      'optimizerSchedules names "lion"; the optimizers are muon, adamw',
    );
  });
});

describe('metrics', () => {
  it('have the utilisation of the engine, and an inspection when it is due', async () => {
    const sink = memorySink();
    const run = tinyRun(setting.shard, {
      sinks: [sink],
      flopsPerToken: (sequenceLength) => 100 * sequenceLength,
      peakFlops: 1e9,
      inspect: { every: 4 },
    });
    const loss = run.model.loss.bind(run.model);
    run.model.loss = (
      batch,
      options: Parameters<typeof loss>[1] & { onActivation?: (name: string, x: unknown) => void } = {},
    ) => {
      options.onActivation?.('embedded', run.model.parameters.get('model.embed_tokens.weight'));
      return loss(batch, options);
    };
    await run.trainer.run();
    const records = stepsOf(sink.records);
    for (const { timing } of records) expect(timing.mfu).toBeCloseTo((timing.tokensPerSecond! * 800) / 1e9, 12);
    expect(records.map(({ inspection }) => inspection !== undefined)).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((step) => step % 4 === 0),
    );
    const { inspection } = records[3];
    const q = 'model.layers.0.self_attn.q_proj.weight';
    expect(inspection!.updateRatio[q]).toBeGreaterThan(0);
    expect(inspection!.stableRank[q]).toBeGreaterThan(1);
    expect(inspection!.effectiveRank[q]).toBeGreaterThan(inspection!.stableRank[q]);
    expect(inspection!.activationRms!.embedded).toBeGreaterThan(0);
    expect(inspection!.silentUnits).toEqual({ embedded: 0 });
    run.dispose();
  });
});

describe('checkpoints', () => {
  it('are written before each evaluation, when asked for, and the best one stays', async () => {
    const sink = memorySink();
    const losses = [3, 1, 2, 4];
    const run = tinyRun(setting.shard, {
      checkpoint: { folder: setting.folder, every: 3, keep: 1 },
      evaluate: { every: 2, run: (step) => ({ loss: losses[step / 2 - 1] }) },
      sinks: [sink, { name: 'ask', write: ({ step }) => void (step === 5 && run.trainer.requestCheckpoint()) }],
    });
    await run.trainer.run();
    expect(
      sink.events
        .filter(({ type }) => ['checkpoint', 'best'].includes(type))
        .map(({ type, step }) => `${type} ${step}`),
    ).toEqual([
      'checkpoint 2',
      'best 2',
      'checkpoint 3',
      'checkpoint 4',
      'best 4',
      'checkpoint 5',
      'checkpoint 6',
      'checkpoint 8',
    ]);
    expect(readFileSync(join(setting.folder, 'best'), 'utf8')).toBe('step-00000004\n');
    expect(readdirSync(setting.folder)).toContain('step-00000004');
    run.dispose();
  });
});

describe('a branch', () => {
  it('decays from a checkpoint of a longer run and ends with the bits of a run of its own length', async () => {
    const straight = tinyRun(setting.shard);
    await straight.trainer.run();
    const controller = new AbortController();
    const stop = { name: 'stop', write: ({ step }: { step: number }) => void (step === 5 && controller.abort()) };
    const checkpoint = { folder: setting.folder, every: 100 };
    const endless = wsd({ totalSteps: 100, warmupSteps: 2 });
    const trunk = tinyRun(setting.shard, {
      totalSteps: 100,
      schedule: endless,
      checkpoint,
      signal: controller.signal,
      sinks: [stop],
    });
    await trunk.trainer.run();
    const sink = memorySink();
    const branch = tinyRun(setting.shard, { checkpoint, sinks: [sink] });
    await branch.trainer.run();
    expect(weightsOf(branch.model)).toEqual(weightsOf(straight.model));
    expect(sink.events[0]).toMatchObject({
      type: 'settings-changed',
      setting: 'schedule',
      before: { totalSteps: 100 },
    });
    for (const run of [straight, trunk, branch]) run.dispose();
  });
});
