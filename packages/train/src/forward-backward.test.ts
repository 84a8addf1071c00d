import type { TokenShard } from '@smol/dataset';
import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forwardBackward, splitBatch } from './forward-backward.ts';
import { LocalGroup, type HostBuffer, type ProcessGroup, type ReduceOperation } from './process-group.ts';
import { temporaryFolder, tinyRun, writeTinyShard } from './fixtures/tiny-run.ts';

const base = temporaryFolder();
let shard: TokenShard;

beforeAll(async () => {
  await useEngine('cpu');
  shard = await writeTinyShard(base.folder);
});
afterAll(() => base.remove());

/** A group whose other process always has the same values: sums double, maxima stay. */
class MirrorGroup implements ProcessGroup {
  readonly rank = 0;
  readonly size = 2;
  readonly can = { keepTensors: false };

  allReduce({ data }: HostBuffer, { op = 'sum' }: { op?: ReduceOperation } = {}) {
    return { wait: () => void (op === 'sum' && data.set(data.map((value) => 2 * value))) };
  }

  agree(flags: Readonly<Record<string, number>>, op: ReduceOperation = 'max') {
    return Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, op === 'sum' ? 2 * value : value]));
  }
}

const numbersOf = (gradients: Map<string, tf.Tensor>) =>
  new Map([...gradients].map(([name, tensor]) => [name, Array.from(tensor.dataSync())]));

describe('forwardBackward', () => {
  it("gives the loss and the gradients of the model's own loss", async () => {
    const { model, loader, dispose } = tinyRun(shard);
    const batch = loader.next();
    const ids = (values: Int32Array) => tf.tensor2d(values, [batch.rows, batch.sequenceLength], 'int32');
    const inputs = { inputs_BT: ids(batch.inputs), targets_BT: ids(batch.targets), segmentIds_BT: ids(batch.segments) };
    const direct = tf.variableGrads(() => model.loss(inputs), [...model.parameters.values()]);
    const { loss, gradients, maxLogits } = await forwardBackward(model, [batch], new LocalGroup());
    expect(loss).toBe(direct.value.dataSync()[0]);
    for (const [name, parameter] of model.parameters) {
      expect(Array.from(gradients.get(name)!.dataSync())).toEqual(Array.from(direct.grads[parameter.name].dataSync()));
    }
    expect(maxLogits.map((heads) => heads.length)).toEqual([4, 4]);
    tf.dispose([...gradients.values(), ...Object.values(direct.grads), direct.value, ...Object.values(inputs)]);
    dispose();
  });

  it('weighs micro-batches by their counted targets', async () => {
    const { model, loader, dispose } = tinyRun(shard);
    const batch = loader.next();
    batch.targets.fill(-100, 0, 20); // two and a half of four rows count for nothing
    const whole = await forwardBackward(model, [batch], new LocalGroup());
    const parts = await forwardBackward(model, splitBatch(batch, 4), new LocalGroup());
    expect(parts.loss).toBeCloseTo(whole.loss, 5);
    expect(parts.maxLogits).toEqual(whole.maxLogits);
    for (const [name, values] of numbersOf(whole.gradients)) {
      numbersOf(parts.gradients)
        .get(name)!
        .forEach((value, index) => expect(value).toBeCloseTo(values[index], 5));
    }
    tf.dispose([...whole.gradients.values(), ...parts.gradients.values()]);
    dispose();
  });

  it('means the same over two processes with the same data as over one', async () => {
    const { model, loader, dispose } = tinyRun(shard);
    const batch = loader.next();
    const alone = await forwardBackward(model, [batch], new LocalGroup());
    const before = tf.memory().numTensors;
    const together = await forwardBackward(model, [batch], new MirrorGroup());
    expect(together.loss).toBe(alone.loss);
    expect(together.maxLogits).toEqual(alone.maxLogits);
    expect(numbersOf(together.gradients)).toEqual(numbersOf(alone.gradients));
    tf.dispose([...together.gradients.values()]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([...alone.gradients.values()]);
    dispose();
  });

  it('gives zero, not NaN, when no target counts', async () => {
    const { model, loader, dispose } = tinyRun(shard);
    const batch = loader.next();
    batch.targets.fill(-100);
    const { loss, gradients } = await forwardBackward(model, splitBatch(batch, 2), new LocalGroup());
    expect(loss).toBe(0);
    expect([...numbersOf(gradients).values()].flat().every((value) => value === 0)).toBe(true);
    tf.dispose([...gradients.values()]);
    dispose();
  });
});
