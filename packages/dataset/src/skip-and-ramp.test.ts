import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BatchLoader, type BatchLoaderOptions } from './batch-loader.ts';
import { makeCountingShard, temporaryFolder } from './fixtures/counting-shards.ts';
import type { TokenShard } from './token-shard.ts';

const folder = temporaryFolder();
let shard: TokenShard;
beforeAll(async () => {
  shard = await makeCountingShard(join(folder, 'text.ds'), 0, [400]);
});

const loaderOf = (changes: Partial<BatchLoaderOptions> = {}) =>
  new BatchLoader({
    sources: { text: [shard] },
    stages: [
      { steps: 10, mixture: { text: 1 } },
      { steps: 10, mixture: { text: 1 }, sequenceLength: 4 },
    ],
    batchSize: 2,
    sequenceLength: 8,
    seed: 1,
    ...changes,
  });
const inputsOf = (loader: BatchLoader, steps: number) =>
  Array.from({ length: steps }, () => {
    const { step, inputs } = loader.next();
    return { step, inputs: [...inputs] };
  });

describe('skip', () => {
  it('leaves out data and stays at the step', () => {
    const straight = inputsOf(loaderOf(), 8);
    const loader = loaderOf();
    inputsOf(loader, 2);
    loader.skip(3);
    const later = inputsOf(loader, 3);
    expect(later.map(({ step }) => step)).toEqual([2, 3, 4]);
    expect(later.map(({ inputs }) => inputs)).toEqual(straight.slice(5).map(({ inputs }) => inputs));
  });

  it('is part of the position', () => {
    const loader = loaderOf();
    inputsOf(loader, 2);
    loader.skip(3);
    const saved = JSON.parse(JSON.stringify(loader.state()));
    const resumed = loaderOf({ rank: 0, worldSize: 1 });
    resumed.restore(saved);
    expect(inputsOf(resumed, 18)).toEqual(inputsOf(loader, 18));
    expect(() => loader.skip(1)).toThrow(expect.objectContaining({ code: 'EXHAUSTED' }));
  });

  it('at the first step of a stage does not enter it twice', () => {
    const loader = loaderOf();
    inputsOf(loader, 10);
    loader.skip(1);
    expect(loader.epochs()).toEqual({ text: 1 });
    expect(loader.next()).toMatchObject({ step: 10, stage: 1, sequenceLength: 4 });
    expect(loader.epochs()).toEqual({ text: 1 });
  });
});

describe('a batch size that grows', () => {
  const batchSize = [
    { fromStep: 0, rows: 2 },
    { fromStep: 3, rows: 4 },
    { fromStep: 5, rows: 8 },
  ];

  it('has the rows of each step, and the same data as one that does not', () => {
    const stages = [{ steps: 7, mixture: { text: 1 } }];
    const ramp = loaderOf({ batchSize, stages });
    const batches = inputsOf(ramp, 7).map(({ inputs }) => inputs);
    expect(batches.map(({ length }) => length / 8)).toEqual([2, 2, 2, 4, 4, 8, 8]);
    const flat = loaderOf({ batchSize: 1, stages: [{ steps: 30, mixture: { text: 1 } }] });
    expect(batches.flat()).toEqual(inputsOf(flat, 30).flatMap(({ inputs }) => inputs));
  });

  it('resumes exactly, with another number of ranks', () => {
    const stages = [{ steps: 7, mixture: { text: 1 } }];
    const straight = inputsOf(loaderOf({ batchSize, stages }), 7);
    const half = loaderOf({ batchSize, stages, rank: 1, worldSize: 2 });
    inputsOf(half, 4);
    const resumed = loaderOf({ batchSize, stages });
    resumed.restore(half.state());
    expect(inputsOf(resumed, 3)).toEqual(straight.slice(4));
  });

  it.each([
    [[], 'batchSize must begin with a change from step 0'],
    [[{ fromStep: 1, rows: 2 }], 'batchSize must begin with a change from step 0'],
    [[{ fromStep: 0, rows: 0 }], 'batchSize from step 0 must be an integer above 0, got 0'],
    [
      [
        { fromStep: 0, rows: 2 },
        { fromStep: 0, rows: 4 },
      ],
      'the steps of batchSize must ascend',
    ],
  ])('refuses %j', (changes, message) => {
    expect(() => loaderOf({ batchSize: changes })).toThrow(message);
  });

  it('must be shared out evenly at each size', () => {
    expect(() => loaderOf({ batchSize, worldSize: 4 })).toThrow('batchSize 2 must be a multiple of worldSize 4');
  });
});
