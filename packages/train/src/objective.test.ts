import { join } from 'node:path';
import type { TokenShard } from '@smol/dataset';
import { useEngine } from '@smol/engine';
import { SmolLM } from '@smol/model';
import { AdamW, MuonClip, splitParameters } from '@smol/optim-muon';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forwardBackward, splitBatch } from './forward-backward.ts';
import type { BatchTensors } from './model.ts';
import { nextToken, withObjectives, type Objective } from './objective.ts';
import { LocalGroup } from './process-group.ts';
import { memorySink, stepsOf, temporaryFolder, tinyConfig, tinyRun, writeTinyShard } from './fixtures/tiny-run.ts';
import { Trainer } from './trainer.ts';
import type { TrainerOptions } from './trainer-options.ts';

const base = temporaryFolder();
let shard: TokenShard;

beforeAll(async () => {
  await useEngine('cpu');
  shard = await writeTinyShard(base.folder);
});
afterAll(() => base.remove());

/** Pulls a linear map of the hidden states towards a number that somebody else has to be asked for; fades out. */
function pull(seen: BatchTensors[] = []): Objective & { dispose(): void } {
  const map_DD = tf.variable(tf.eye(8), true);
  return {
    name: 'pull',
    parameters: new Map([['pull.map', map_DD as tf.Variable]]),
    async prepare(batch) {
      seen.push(batch);
      await new Promise((resolve) => setTimeout(resolve, 0));
      return { wanted: tf.scalar(0.5) };
    },
    loss({ hidden_BTD, prepared, place: { step, totalSteps }, report }) {
      const { wanted } = prepared as { wanted: tf.Scalar };
      const hidden_ND: tf.Tensor2D = tf.reshape(hidden_BTD, [-1, 8]);
      const mapped_ND = tf.matMul(hidden_ND, map_DD as tf.Tensor as tf.Tensor2D);
      const distance: tf.Scalar = tf.mean(tf.square(tf.sub(mapped_ND, wanted)));
      report('pull', distance);
      return tf.mul(distance, 1 - step / totalSteps);
    },
    dispose: () => map_DD.dispose(),
  };
}

function objectiveRun(options: Partial<TrainerOptions> = {}) {
  const trunk = SmolLM.initialize(tinyConfig, { seed: 1 });
  const extra = pull();
  const model = withObjectives(trunk, [nextToken(), extra], { checkpointing: true });
  const { muon, adamw } = splitParameters(model.parameters);
  const optimizers = [
    new MuonClip(muon, { learningRate: 0.02, scaling: 'keller', headDimension: 4 }),
    new AdamW(adamw, { learningRate: 0.01 }),
  ];
  const { loader } = tinyRun(shard);
  const trainer = new Trainer({
    model,
    optimizers,
    loader,
    totalSteps: 8,
    accumulation: 2,
    bytesPerToken: 2,
    ...options,
  });
  const weights = () => [...model.parameters].map(([name, tensor]) => [name, Array.from(tensor.dataSync())]);
  const dispose = () => {
    trunk.dispose();
    extra.dispose();
    for (const optimizer of optimizers) optimizer.dispose();
  };
  return { model, trainer, weights, dispose };
}

const numbersOf = (gradients: Map<string, tf.Tensor>) =>
  [...gradients].map(([name, tensor]) => [name, Array.from(tensor.dataSync())]);

describe('a trunk with objectives', () => {
  it('learns the next token as the model alone does', async () => {
    const { model, loader, dispose } = tinyRun(shard);
    const batch = loader.next();
    const [alone, joined] = [
      await forwardBackward(model, [batch], new LocalGroup()),
      await forwardBackward(withObjectives(model, [nextToken()]), [batch], new LocalGroup()),
    ];
    expect(joined.loss).toBe(alone.loss);
    expect(joined.parts).toEqual({ nextToken: alone.loss });
    expect(numbersOf(joined.gradients)).toEqual(numbersOf(alone.gradients));
    expect(joined.maxLogits).toEqual(alone.maxLogits);
    dispose();
  });

  it('adds up losses, reports their parts, and does not depend on the number of micro-batches but for rounding', async () => {
    const { model: trunk, loader } = tinyRun(shard);
    const seen: BatchTensors[] = [];
    const model = withObjectives(trunk, [nextToken(), pull(seen)]);
    const batch = loader.next();
    const place = { step: 2, totalSteps: 8 };
    tf.dispose([...(await forwardBackward(model, [batch], new LocalGroup())).gradients.values()]); // makes RoPE tables
    seen.length = 0;
    const before = tf.memory().numTensors;
    const whole = await forwardBackward(model, [batch], new LocalGroup(), { place });
    const parts = await forwardBackward(model, splitBatch(batch, 4), new LocalGroup(), { place });
    expect(whole.loss).toBeCloseTo(whole.parts.nextToken + 0.75 * whole.parts.pull, 5);
    expect(parts.parts.nextToken).toBeCloseTo(whole.parts.nextToken, 5);
    expect(whole.gradients.has('pull.map')).toBe(true);
    expect(seen.flatMap(({ origins }) => origins)).toEqual([...batch.origins, ...batch.origins]);
    tf.dispose([...whole.gradients.values(), ...parts.gradients.values()]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keeps the parameters of objectives in checkpoints and resumes to the same bits', async () => {
    const folder = join(base.folder, 'run');
    const sinks = [memorySink(), memorySink(), memorySink()];
    const straight = objectiveRun({ sinks: [sinks[0]] });
    await straight.trainer.run();
    const controller = new AbortController();
    const checkpoint = { folder, every: 4 };
    const onRecord = {
      name: 'stopper',
      write: ({ step }: { step: number }) => void (step === 3 && controller.abort()),
    };
    const first = objectiveRun({ checkpoint, sinks: [sinks[1], onRecord], signal: controller.signal });
    expect(await first.trainer.run()).toMatchObject({ stopped: true, step: 3 });
    const second = objectiveRun({ checkpoint, sinks: [sinks[2]] });
    await second.trainer.run();
    expect(second.weights()).toEqual(straight.weights());
    const losses = (from: number) => stepsOf(sinks[from].records).map(({ loss, parts }) => ({ loss, parts }));
    expect([...losses(1), ...losses(2)]).toEqual(losses(0));
    const [{ parts, bitsPerByte }] = stepsOf(sinks[0].records);
    expect(Object.keys(parts!)).toEqual(['nextToken', 'pull']);
    expect(bitsPerByte).toBeCloseTo(parts!.nextToken! / Math.LN2 / 2, 12);
    for (const run of [straight, first, second]) run.dispose();
  });

  it('refuses what cannot be put together', async () => {
    const capped = SmolLM.initialize({ ...tinyConfig, final_logit_softcapping: 30 }, { seed: 1 });
    expect(() => withObjectives(capped, [nextToken()])).toThrow('the model caps its logits at 30');
    capped.dispose();
    const { model: trunk, loader } = tinyRun(shard);
    expect(() => withObjectives(trunk, [])).toThrow('a run needs an objective');
    expect(() => withObjectives(trunk, [nextToken(), nextToken()])).toThrow('two objectives are called next token');
    const thief = { ...pull(), parameters: new Map([...trunk.parameters].slice(0, 1)) };
    expect(() => withObjectives(trunk, [thief])).toThrow('which there is already');
    const model = withObjectives(trunk, [{ ...nextToken(), layers: [7] }]);
    await expect(forwardBackward(model, [loader.next()], new LocalGroup())).rejects.toThrow('needs layer 7');
  });
});
