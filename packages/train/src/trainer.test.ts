import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TokenShard } from '@smol/dataset';
import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ZClip } from './zclip.ts';
import { eventLog, jsonlSink } from './jsonl-sink.ts';
import type { MetricRecord, TrainEvent } from './metrics.ts';
import {
  memorySink,
  stepsOf,
  temporaryFolder,
  tinyRun,
  totalSteps,
  weightsOf,
  writeTinyShard,
} from './fixtures/tiny-run.ts';
import type { TrainerOptions } from './trainer-options.ts';
import { TrainError } from './train-error.ts';

const base = temporaryFolder();
let shard: TokenShard;
let runs = 0;
let folder: string;

beforeAll(async () => {
  await useEngine('cpu');
  shard = await writeTinyShard(base.folder);
});
afterAll(() => base.remove());
beforeEach(() => {
  folder = join(base.folder, `run-${runs++}`);
});

const withoutTiming = (records: MetricRecord[]) => records.map((record) => ({ ...record, timing: undefined }));
const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as MetricRecord);

async function trainToEnd(options: Partial<TrainerOptions> = {}) {
  const run = tinyRun(shard, options);
  const result = await run.trainer.run();
  const weights = weightsOf(run.model);
  run.dispose();
  return { result, weights };
}

describe('a run', () => {
  it('writes one record a step, in which the loss falls', async () => {
    const sink = memorySink();
    const { result } = await trainToEnd({ sinks: [sink] });
    const records = stepsOf(sink.records);
    expect(records.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(records[0].loss).toBeCloseTo(Math.log(16), 0); // a fresh model knows nothing
    expect(records[7].loss!).toBeLessThan(records[0].loss! - 0.1);
    expect(result).toMatchObject({
      step: 8,
      stopped: false,
      loss: records[7].loss,
      tokens: 8 * 4 * 8,
      skippedSteps: 0,
    });
    expect(records.map(({ learningRateScale }) => learningRateScale)).toEqual(
      [0.5, 1, 1, 1, 1, 1, 2 / 3, 1 / 3].map((scale) => expect.closeTo(scale, 12)),
    );
    expect(records[0].learningRate).toEqual({ muon: 0.01, adamw: 0.005 });
    expect(records[0].bitsPerByte).toBeCloseTo(records[0].loss! / Math.LN2 / 2, 12);
    for (const record of records) {
      expect(record.clippedGradientNorm).toBeLessThanOrEqual(1);
      expect(record.maxLogit).toBeGreaterThan(0);
      expect(record.timing.tokensPerSecond).toBeGreaterThan(0);
    }
    expect(sink.events.map(({ type }) => type)).toEqual(['start', 'end']);
  });

  it('does not depend on the number of micro-batches but for rounding', async () => {
    const [whole, quarters] = await Promise.all([trainToEnd({ accumulation: 1 }), trainToEnd({ accumulation: 4 })]);
    expect(quarters.result.loss).toBeCloseTo(whole.result.loss!, 3);
  });

  it('gives the same bits each time', async () => {
    const [one, two] = [await trainToEnd(), await trainToEnd()];
    expect(two.weights).toEqual(one.weights);
  });

  it('leaves no tensors behind', async () => {
    await trainToEnd();
    const before = tf.memory().numTensors;
    await trainToEnd({ checkpoint: { folder, every: 3 } });
    await trainToEnd({ checkpoint: { folder, every: 3 } });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('lets timers and signals have their turn between steps', async () => {
    const controller = new AbortController();
    const run = tinyRun(shard, { signal: controller.signal, totalSteps: 8 });
    setTimeout(() => controller.abort(), 0);
    const result = await run.trainer.run();
    expect(result.stopped).toBe(true);
    expect(result.step).toBeLessThan(8);
    run.dispose();
  });

  it('writes the checkpoint before the evaluation of the same step', async () => {
    const run = (step: number) => ({ checkpointIsThere: existsSync(join(folder, `step-0000000${step}`)) ? 1 : 0 });
    const sink = memorySink();
    await trainToEnd({ checkpoint: { folder, every: 4 }, evaluate: { every: 4, run }, sinks: [sink] });
    const evaluations = sink.records.filter((record) => 'evaluation' in record);
    expect(withoutTiming(evaluations)).toEqual(
      [4, 8].map((step) => ({ step, evaluation: { checkpointIsThere: 1 }, timing: undefined })),
    );
  });
});

describe('a resumed run', () => {
  const evaluate = { every: 4, run: (step: number) => ({ step }) };

  /** Trains to the end in one go and, in another folder, in pieces stopped by `stopAfter`. */
  async function compare(options: () => Partial<TrainerOptions>, stopAfter: number[]) {
    const files = (name: string) => ({
      checkpoints: join(folder, name, 'checkpoints'),
      metrics: join(folder, name, 'metrics.jsonl'),
    });
    const [straight, pieces] = [files('straight'), files('pieces')];
    const start = (place: typeof straight, signal?: AbortSignal) =>
      tinyRun(shard, {
        ...options(),
        evaluate,
        signal,
        checkpoint: { folder: place.checkpoints, every: 3, keep: 9 },
        sinks: [jsonlSink(place.metrics)],
      });
    const whole = start(straight);
    await whole.trainer.run();
    for (const stop of stopAfter) {
      const controller = new AbortController();
      const piece = start(pieces, controller.signal);
      const next = piece.loader.next.bind(piece.loader);
      piece.loader.next = () => {
        const batch = next();
        if (batch.step + 1 === stop) controller.abort();
        return batch;
      };
      expect(await piece.trainer.run()).toMatchObject({ step: stop, stopped: true });
      piece.dispose();
    }
    const last = start(pieces);
    const result = await last.trainer.run();
    return { straight, pieces, whole, last, result };
  }

  it.each([[[4]], [[3]], [[1, 2, 7]]])(
    'stopped after steps %j ends bit for bit like a straight one',
    async (stopAfter) => {
      const { straight, pieces, whole, last } = await compare(() => ({}), stopAfter);
      expect(weightsOf(last.model)).toEqual(weightsOf(whole.model));
      expect(withoutTiming(linesOf(pieces.metrics))).toEqual(withoutTiming(linesOf(straight.metrics)));
      for (const file of ['model.safetensors', 'optimizer.safetensors']) {
        const bytes = [straight, pieces].map(({ checkpoints }) =>
          readFileSync(join(checkpoints, 'step-00000008', file)),
        );
        expect(bytes[1].equals(bytes[0])).toBe(true);
      }
      whole.dispose();
      last.dispose();
    },
  );

  it('is as exact on the wasm engine, with several threads', async () => {
    const engine = await useEngine('wasm', { threads: 2 });
    const { whole, last } = await compare(() => ({}), [5]);
    expect(weightsOf(last.model)).toEqual(weightsOf(whole.model));
    engine.close();
    await useEngine('cpu');
  });

  it('keeps the memory of its guards and of ZClip', async () => {
    const options = () => ({
      guards: { window: 4, spikeThreshold: 1 },
      gradientClip: new ZClip({ warmupSteps: 2, threshold: 0.1, maximumNorm: null }),
    });
    const { straight, pieces, whole, last, result } = await compare(options, [6]);
    expect(withoutTiming(linesOf(pieces.metrics))).toEqual(withoutTiming(linesOf(straight.metrics)));
    expect(stepsOf(linesOf(straight.metrics)).some(({ skipped }) => skipped === 'spike')).toBe(true);
    expect(
      stepsOf(linesOf(straight.metrics)).some((record) => record.clippedGradientNorm! < record.gradientNorm!),
    ).toBe(true);
    expect(result.skippedSteps).toBeGreaterThan(0);
    whole.dispose();
    last.dispose();
  });

  it('killed between checkpoints goes on from the last one and cuts the metrics back to it', async () => {
    const metrics = join(folder, 'metrics.jsonl');
    const killed = tinyRun(shard, { checkpoint: { folder, every: 3 }, sinks: [jsonlSink(metrics)] });
    const next = killed.loader.next.bind(killed.loader);
    killed.loader.next = () => {
      if (killed.loader.state().step === 5) throw new Error('killed');
      return next();
    };
    await expect(killed.trainer.run()).rejects.toThrow('killed');
    killed.dispose();
    expect(linesOf(metrics)).toHaveLength(5);
    const events = join(folder, 'events.jsonl');
    const { result } = await trainToEnd({
      checkpoint: { folder, every: 3 },
      sinks: [jsonlSink(metrics), eventLog(events)],
    });
    expect(linesOf(metrics).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((linesOf(events) as unknown as TrainEvent[]).map(({ type, step }) => [type, step])).toEqual([
      ['resume', 3],
      ['checkpoint', 6],
      ['checkpoint', 8],
      ['end', 8],
    ]);
    expect(result.checkpoint).toBe(join(folder, 'step-00000008'));
  });

  it('tells which settings have changed', async () => {
    await trainToEnd({ totalSteps: 4, checkpoint: { folder, every: 4 } });
    const sink = memorySink();
    await trainToEnd({ checkpoint: { folder, every: 4 }, gradientClip: 0.5, sinks: [sink] });
    expect(sink.events[0]).toEqual({
      type: 'settings-changed',
      step: 4,
      setting: 'gradientClip',
      before: { kind: 'global', maximum: 1 },
      now: { kind: 'global', maximum: 0.5 },
    });
  });

  it('that is stopped at once has nothing to save again', async () => {
    const first = await trainToEnd({ totalSteps: 4, checkpoint: { folder, every: 4 } });
    const sink = memorySink();
    const { result } = await trainToEnd({
      checkpoint: { folder, every: 4 },
      signal: AbortSignal.abort(),
      sinks: [sink],
    });
    expect(sink.events.map(({ type }) => type)).toEqual(['resume', 'stop']);
    expect(result).toMatchObject({ step: 4, stopped: true, checkpoint: first.result.checkpoint });
  });

  it('starts anew when told to', async () => {
    await trainToEnd({ totalSteps: 4, checkpoint: { folder, every: 4 } });
    const sink = memorySink();
    await trainToEnd({ checkpoint: { folder, every: 4, resume: false }, sinks: [sink] });
    expect(stepsOf(sink.records)).toHaveLength(totalSteps);
    expect(readdirSync(folder).sort()).toEqual(['latest', 'step-00000004', 'step-00000008']);
  });

  it('refuses a checkpoint of another model, or metrics that have lost lines', async () => {
    const metrics = join(folder, 'metrics.jsonl');
    const options = { checkpoint: { folder, every: 4 }, sinks: [jsonlSink(metrics)] };
    await trainToEnd({ ...options, totalSteps: 4 });
    writeFileSync(metrics, '');
    await expect(trainToEnd(options)).rejects.toThrow(
      /metrics\.jsonl has 0 bytes but had \d+ when the checkpoint was written/,
    );
    const other = tinyRun(shard, { checkpoint: options.checkpoint });
    const parameters = other.model.parameters as Map<string, tf.Variable>;
    parameters.delete('model.norm.weight');
    await expect(other.trainer.run()).rejects.toMatchObject({
      code: 'CHECKPOINT_MISMATCH',
      message: 'the checkpoint has "model.norm.weight", which the model has not',
    });
  });
});

describe('guards', () => {
  it('skip a step whose loss is not finite, tell it, and give up when it goes on', async () => {
    const sink = memorySink();
    const run = tinyRun(shard, { sinks: [sink], guards: { patience: 2 } });
    const loss = run.model.loss.bind(run.model);
    let calls = 0;
    run.model.loss = (batch, options) =>
      (Math.floor(calls++ / 2) === 1 || calls > 8
        ? tf.mul(loss(batch, options), Number.NaN)
        : loss(batch, options)) as tf.Scalar;
    await expect(run.trainer.run()).rejects.toThrow(TrainError);
    const records = stepsOf(sink.records);
    expect(records.map(({ skipped }) => skipped)).toEqual([
      undefined,
      'not-finite',
      undefined,
      undefined,
      'not-finite',
      'not-finite',
    ]);
    expect(sink.events.at(-1)).toMatchObject({ type: 'failure', step: 6, reason: 'not-finite', value: 'NaN' });
    expect(records[1]).toMatchObject({ loss: null, gradientNorm: null });
    expect(sink.events[1]).toEqual({ type: 'skip', step: 2, reason: 'not-finite', quantity: 'loss', value: 'NaN' });
    expect(Object.values(weightsOf(run.model)).flat().every(Number.isFinite)).toBe(true);
    run.dispose();
  });
});

describe('options', () => {
  it('are checked before anything starts', () => {
    expect(() => tinyRun(shard, { totalSteps: 0 })).toThrow('totalSteps must be an integer ≥ 1, got 0');
    expect(() => tinyRun(shard, { accumulation: 1.5 })).toThrow('accumulation must be an integer ≥ 1, got 1.5');
    expect(() => tinyRun(shard, { sinks: [memorySink(), memorySink()] })).toThrow('two sinks are called memory');
    expect(() => tinyRun(shard, { optimizers: [] })).toThrow('"model.embed_tokens.weight" is trained by no optimizer');
  });

  it('want micro-batches of equal size', async () => {
    await expect(trainToEnd({ accumulation: 3 })).rejects.toThrow('accumulation 3 must divide the 4 rows of a batch');
  });
});
