import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { folderStore } from './checkpoint-folder.ts';
import { loadCheckpoint } from './load-checkpoint.ts';
import { saveCheckpoint } from './save-checkpoint.ts';
import { noRollbacks } from './rollback.ts';
import type { Checkpoint, CheckpointState } from './checkpoint.ts';
import { temporaryFolder } from './fixtures/tiny-run.ts';

let base: ReturnType<typeof temporaryFolder>;
let folder: string;

beforeAll(() => useEngine('cpu'));
beforeEach(() => {
  base = temporaryFolder();
  folder = join(base.folder, 'checkpoints');
  tf.engine().startScope();
});
afterEach(() => {
  tf.engine().endScope();
  base.remove();
});

function checkpointAt(step: number): Checkpoint {
  const state: CheckpointState = {
    version: 2,
    best: null,
    rollbacks: noRollbacks,
    loaderStage: null,
    step,
    tokens: 10 * step,
    skippedSteps: 0,
    loss: 0.1 + 0.2,
    evaluatedStep: 0,
    loader: { step },
    guard: {},
    clip: {},
    sinks: { 'metrics.jsonl': { bytes: 7 } },
    settings: {},
    config: { name: 'tiny' },
  };
  return {
    state,
    model: new Map([
      [
        'w',
        tf.tensor2d([
          [step, 1e-30],
          [-0, 3],
        ]),
      ],
    ]),
    optimizer: new Map<string, tf.Tensor>([
      ['muon/w.momentum', tf.tensor1d([0.1])],
      ['muon/step', tf.scalar(step)],
    ]),
  };
}

const numbersOf = (tensors: ReadonlyMap<string, tf.Tensor>) =>
  [...tensors].map(([name, tensor]) => [name, tensor.shape, Array.from(tensor.dataSync())]).sort();
const newest = () => readFileSync(join(folder, 'latest'), 'utf8').trim();
const failure = async () =>
  loadCheckpoint(folder).then(
    () => 'loaded',
    (error: { code: string; message: string }) => error,
  );

describe('a checkpoint folder', () => {
  it('gives back exactly what was saved', async () => {
    const checkpoint = checkpointAt(123);
    expect(await saveCheckpoint(folder, checkpoint)).toBe(join(folder, 'step-00000123'));
    expect(newest()).toBe('step-00000123');
    const loaded = (await loadCheckpoint(folder))!;
    expect(loaded.state).toEqual(checkpoint.state);
    expect(numbersOf(loaded.model)).toEqual(numbersOf(checkpoint.model));
    expect(numbersOf(loaded.optimizer)).toEqual(numbersOf(checkpoint.optimizer));
  });

  it('has none before the first', async () => {
    expect(await loadCheckpoint(folder)).toBeUndefined();
    mkdirSync(folder);
    expect(await loadCheckpoint(folder)).toBeUndefined();
  });

  it('keeps the last ones and names the newest', async () => {
    for (const step of [5, 10, 15]) await saveCheckpoint(folder, checkpointAt(step), { keep: 2 });
    expect(readdirSync(folder).sort()).toEqual(['latest', 'step-00000010', 'step-00000015']);
    expect((await loadCheckpoint(folder))!.state.step).toBe(15);
    writeFileSync(join(folder, 'latest'), 'step-00000010\n'); // as the error messages advise
    expect((await loadCheckpoint(folder))!.state.step).toBe(10);
  });

  it('does not count checkpoints of a run that was given up', async () => {
    for (const step of [20, 5, 10]) await saveCheckpoint(folder, checkpointAt(step), { keep: 1 });
    expect(readdirSync(folder).sort()).toEqual(['latest', 'step-00000010', 'step-00000020']);
    expect((await loadCheckpoint(folder))!.state.step).toBe(10);
  });

  it('replaces a checkpoint of the same step', async () => {
    await saveCheckpoint(folder, checkpointAt(5));
    const other = checkpointAt(5);
    await saveCheckpoint(folder, { ...other, state: { ...other.state, tokens: 99 } });
    expect((await loadCheckpoint(folder))!.state.tokens).toBe(99);
  });

  it('survives a kill at any moment of the next write', async () => {
    await saveCheckpoint(folder, checkpointAt(5));
    const partial = join(folder, '.step-00000010.partial'); // killed before the rename
    mkdirSync(partial);
    writeFileSync(join(partial, 'model.safetensors'), 'half');
    expect((await loadCheckpoint(folder))!.state.step).toBe(5);
    await saveCheckpoint(folder, checkpointAt(10));
    expect(existsSync(partial)).toBe(false);
    writeFileSync(join(folder, 'latest'), 'step-00000005\n'); // killed between the rename and `latest`
    expect((await loadCheckpoint(folder))!.state.step).toBe(5);
    rmSync(join(folder, 'latest')); // killed before the very first `latest`
    expect((await loadCheckpoint(folder))!.state.step).toBe(10);
  });
});

describe('a damaged checkpoint is named', () => {
  beforeEach(async () => {
    await saveCheckpoint(folder, checkpointAt(5));
  });

  it.each(['model.safetensors', 'optimizer.safetensors'])('with %s truncated, changed or gone', async (file) => {
    const path = join(folder, 'step-00000005', file);
    const whole = readFileSync(path);
    const changed = Buffer.from(whole);
    changed[changed.length - 1] ^= 1;
    writeFileSync(path, changed);
    expect(await failure()).toMatchObject({ code: 'CHECKPOINT_DAMAGED', message: expect.stringContaining(path) });
    truncateSync(path, whole.length - 4);
    expect(await failure()).toMatchObject({
      code: 'CHECKPOINT_DAMAGED',
      message: expect.stringContaining(`${whole.length - 4} bytes`),
    });
    rmSync(path);
    expect(await failure()).toMatchObject({
      code: 'CHECKPOINT_DAMAGED',
      message: expect.stringContaining(`${path} is not there`),
    });
  });

  it.each([
    '',
    '{',
    '[]',
    '{"state":{"version":1,"step":5},"files":{}}',
    '{"state":{"version":2,"step":"5"},"files":{}}',
  ])('with checkpoint.json = %j', async (text) => {
    const path = join(folder, 'step-00000005', 'checkpoint.json');
    writeFileSync(path, text);
    expect(await failure()).toMatchObject({ code: 'CHECKPOINT_DAMAGED', message: expect.stringContaining(path) });
  });

  it('with latest naming nothing, or nonsense', async () => {
    rmSync(join(folder, 'step-00000005'), { recursive: true });
    expect(await failure()).toMatchObject({
      code: 'CHECKPOINT_MISSING',
      message: expect.stringContaining('names step-00000005, but'),
    });
    writeFileSync(join(folder, 'latest'), '../../etc\n');
    expect(await failure()).toMatchObject({
      code: 'CHECKPOINT_DAMAGED',
      message: expect.stringContaining('must hold a name like step-00000123'),
    });
  });
});

describe('a folder as a store', () => {
  const rolledBack = (step: number, count: number) => {
    const checkpoint = checkpointAt(step);
    return { ...checkpoint, state: { ...checkpoint.state, rollbacks: { ...noRollbacks, count } } };
  };
  const names = () => readdirSync(folder).sort();

  it('keeps protected steps beside the last ones, and marks the best', async () => {
    const store = folderStore(folder, { keep: 1 });
    for (const step of [2, 4, 6, 8]) await store.save(checkpointAt(step), [2, 6]);
    await store.markBest!(6);
    expect(names()).toEqual(['best', 'latest', 'step-00000002', 'step-00000006', 'step-00000008']);
    expect(readFileSync(join(folder, 'best'), 'utf8')).toBe('step-00000006\n');
    expect((await store.loadStep(2)).state.step).toBe(2);
    await expect(store.loadStep(3)).rejects.toMatchObject({ code: 'CHECKPOINT_MISSING' });
  });

  it('gives up what a rollback has undone', async () => {
    const store = folderStore(folder, { keep: 3 });
    for (const step of [2, 4, 6]) await store.save(checkpointAt(step));
    await store.save(rolledBack(2, 1));
    expect(names()).toEqual(['latest', 'step-00000002', 'step-00000002-r1']);
    expect(newest()).toBe('step-00000002-r1');
    expect((await store.loadStep(2)).place).toBe(join(folder, 'step-00000002-r1'));
    for (const step of [4, 6]) await store.save(rolledBack(step, 1));
    expect(names()).toEqual(['latest', 'step-00000002-r1', 'step-00000004-r1', 'step-00000006-r1']);
  });

  it('passes over damaged checkpoints to the newest whole one, and tells of them', async () => {
    const store = folderStore(folder, { keep: 3 });
    for (const step of [2, 4, 6]) await store.save(checkpointAt(step));
    truncateSync(join(folder, 'step-00000006', 'model.safetensors'), 10);
    rmSync(join(folder, 'step-00000004', 'checkpoint.json'));
    const told: string[] = [];
    const loaded = await store.load((error) => told.push(error.message));
    expect(loaded!.state.step).toBe(2);
    expect(told).toEqual([
      expect.stringMatching(/step-00000006.model\.safetensors has 10 bytes/),
      expect.stringMatching(/step-00000004.checkpoint\.json cannot be read/),
    ]);
    await expect(store.load()).rejects.toMatchObject({ code: 'CHECKPOINT_DAMAGED' });
    rmSync(join(folder, 'step-00000002'), { recursive: true });
    await expect(store.load(() => {})).rejects.toThrow(/step-00000006/);
  });

  it('puts a folder back whose replacement was cut short', async () => {
    await saveCheckpoint(folder, checkpointAt(5));
    renameSync(join(folder, 'step-00000005'), join(folder, '.step-00000005.partial.replaced'));
    expect((await loadCheckpoint(folder))!.state.step).toBe(5);
  });
});
