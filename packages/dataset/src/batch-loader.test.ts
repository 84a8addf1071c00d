import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { BatchLoader } from './batch-loader.ts';
import type { BatchLoaderOptions } from './batch-loader.ts';
import type { Batch } from './batch.ts';
import { makeCountingShard, makeShard, temporaryFolder } from './fixtures/counting-shards.ts';
import type { Stage } from './stages.ts';
import type { TokenShard } from './token-shard.ts';

const folder = temporaryFolder();
const sources: Record<string, TokenShard[]> = {};

/** web: tokens 0–599 in two shards; code: 1000–1099; math: 2000–2040. */
beforeAll(async () => {
  sources.web = [
    await makeCountingShard(join(folder, 'web-0.ds'), 0, [100, 7, 193]),
    await makeCountingShard(
      join(folder, 'web-1.ds'),
      300,
      Array.from({ length: 30 }, () => 10),
    ),
  ];
  sources.code = [await makeCountingShard(join(folder, 'code.ds'), 1000, [50, 50])];
  sources.math = [await makeCountingShard(join(folder, 'math.ds'), 2000, [41])];
});

const stages: Stage[] = [
  { steps: 12, mixture: { web: 0.7, code: 0.3 } },
  { steps: 9, mixture: { web: 0.5, code: 0.2, math: 0.3 } },
  { steps: 10, mixture: { web: 0.5, math: 0.5 }, sequenceLength: 16 },
];

function makeLoader(changes: Partial<BatchLoaderOptions> = {}): BatchLoader {
  return new BatchLoader({ sources, stages, batchSize: 4, sequenceLength: 8, seed: 5, ...changes });
}

function take(loader: BatchLoader, count: number): Batch[] {
  return Array.from({ length: count }, () => loader.next());
}

describe('a batch', () => {
  it('holds inputs, the tokens after them, and the documents they belong to', async () => {
    const shard = await makeShard(join(folder, 'small.ds'), [
      [1, 2, 9],
      [3, 9],
      [4, 5, 6, 9],
    ]);
    const options = { sources: { small: [shard] }, stages: [{ steps: 1, mixture: { small: 1 } }] };
    const batch = makeLoader({ ...options, batchSize: 1 }).next();
    expect([...batch.inputs]).toEqual([1, 2, 9, 3, 9, 4, 5, 6]);
    expect([...batch.targets]).toEqual([2, 9, -100, 9, -100, 5, 6, 9]);
    expect([...batch.segments]).toEqual([0, 0, 0, 1, 1, 2, 2, 2]);
    expect(batch).toMatchObject({ rows: 1, sequenceLength: 8, step: 0, stage: 0, sources: ['small'] });
  });

  it('masks the last target when the token after the row starts a document, and rows may cross shards', async () => {
    const small = [
      await makeShard(join(folder, 'cross-0.ds'), [[1, 2, 9]]),
      await makeShard(join(folder, 'cross-1.ds'), [
        [3, 9],
        [4, 9],
      ]),
    ];
    const options = { sources: { small }, stages: [{ steps: 1, mixture: { small: 1 } }] };
    const [first] = take(makeLoader({ ...options, batchSize: 1, sequenceLength: 5 }), 1);
    expect([...first.inputs]).toEqual([1, 2, 9, 3, 9]);
    expect([...first.targets]).toEqual([2, 9, -100, 9, -100]);
    expect([...first.segments]).toEqual([0, 0, 0, 1, 1]);
    const [start, end] = [join(folder, 'cross-0.ds'), join(folder, 'cross-1.ds')];
    expect(first.origins).toEqual([
      [
        { shard: start, start: 0, length: 3 },
        { shard: end, start: 0, length: 2 },
      ],
    ]);
  });

  it('says where in the shards its inputs are, for rows of either packing', () => {
    const shards = new Map(Object.values(sources).flatMap((list) => list.map((shard) => [shard.path, shard])));
    for (const packing of ['concatenate', 'best-fit'] as const) {
      for (const { inputs, origins } of take(makeLoader({ packing }), 31)) {
        const read = origins.flat().map(({ shard, start, length }) => [...shards.get(shard)!.read(start, length)]);
        expect(read.flat()).toEqual([...inputs]);
      }
    }
  });

  it('has the token after each input as its target, unless that is masked', () => {
    const pairs = take(makeLoader(), 31).flatMap(({ inputs, targets }) =>
      Array.from(targets, (target, at) => [target, inputs[at]]),
    );
    expect(pairs.filter(([target, input]) => target !== -100 && target !== input + 1)).toEqual([]);
    expect(pairs.filter(([target]) => target === -100).length).toBeGreaterThan(0);
  });
});

describe('an epoch', () => {
  it('shows every token once as an input, in another order each time', () => {
    const loader = makeLoader({ stages: [{ steps: 1000, mixture: { code: 1 } }], batchSize: 1, sequenceLength: 9 });
    const epochs = [0, 1, 2].map(() => take(loader, 11).flatMap(({ inputs }) => Array.from(inputs)));
    for (const epoch of epochs) {
      expect(epoch.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 99 }, (_, index) => 1000 + index));
    }
    expect(new Set(epochs.map(String)).size).toBe(3);
    expect(loader.epochs()).toEqual({ web: 0, code: 2, math: 0 });
  });

  it('holds for any sizes of documents, shards and rows', async () => {
    let number = 0;
    const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(lengths, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 12 }),
        async (all, length) => {
          const total = all.flat().reduce((sum, size) => sum + size, 0);
          fc.pre(total > length);
          const shards: TokenShard[] = [];
          for (const sizes of all) {
            const start = shards.reduce((sum, shard) => sum + shard.tokenCount, 0);
            shards.push(await makeCountingShard(join(folder, `any-${number++}.ds`), start, sizes));
          }
          const windows = Math.floor((total - 1) / length);
          const loader = makeLoader({
            sources: { any: shards },
            stages: [{ steps: windows, mixture: { any: 1 } }],
            batchSize: 1,
            sequenceLength: length,
          });
          const batches = take(loader, windows);
          const seen = batches.flatMap(({ inputs }) => Array.from(inputs)).sort((a, b) => a - b);
          expect(seen).toEqual(Array.from({ length: windows * length }, (_, index) => index));
          const starts = new Set(
            all.flat().map((_, index, flat) => flat.slice(0, index).reduce((sum, size) => sum + size, 0)),
          );
          for (const { inputs, targets, segments } of batches) {
            inputs.forEach((input, position) => {
              expect(targets[position]).toBe(starts.has(input + 1) ? -100 : input + 1);
              const earlier = position === 0 ? 0 : segments[position - 1] + (starts.has(input) ? 1 : 0);
              expect(segments[position]).toBe(earlier);
            });
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('resuming', () => {
  const total = 31;

  it('continues exactly, from any step, by the saved state (through JSON) and by the step alone', () => {
    const straight = take(makeLoader(), total);
    for (let stop = 0; stop <= total; stop++) {
      const first = makeLoader();
      take(first, stop);
      const saved = JSON.parse(JSON.stringify(first.state()));
      const restored = makeLoader();
      take(restored, 3);
      restored.restore(saved);
      expect(take(restored, total - stop)).toEqual(straight.slice(stop));
      const sought = makeLoader();
      sought.seek(stop);
      expect(sought.state()).toEqual(saved);
      expect(take(sought, total - stop)).toEqual(straight.slice(stop));
    }
  });

  it('does not depend on the number of ranks', () => {
    const whole = take(makeLoader(), total);
    for (const worldSize of [2, 4]) {
      const ranks = Array.from({ length: worldSize }, (_, rank) => take(makeLoader({ rank, worldSize }), total));
      const glued = whole.map((_, step) => ranks.flatMap((batches) => Array.from(batches[step].inputs)));
      expect(glued).toEqual(whole.map(({ inputs }) => Array.from(inputs)));
    }
  });

  it('goes on with another number of ranks', () => {
    const straight = take(makeLoader(), total);
    const one = makeLoader({ rank: 1, worldSize: 4 });
    take(one, 7);
    const two = makeLoader();
    two.restore(one.state());
    expect(two.next()).toEqual(straight[7]);
  });

  it('refuses a state of another run', async () => {
    const state = makeLoader().state();
    const refused = expect.objectContaining({ code: 'STATE_MISMATCH' });
    expect(() => makeLoader({ seed: 6 }).restore(state)).toThrow('seed must be 6, got 5');
    expect(() => makeLoader({ batchSize: 8 }).restore(state)).toThrow('batchSize must be 8, got 4');
    expect(() => makeLoader({ sources: { ...sources, web: [sources.web[0]] } }).restore(state)).toThrow('source "web"');
    expect(() => makeLoader().restore({ ...state, step: 99 })).toThrow(refused);
    expect(() => makeLoader().restore({} as typeof state)).toThrow(refused);
    expect(() => makeLoader().restore({ ...state, sources: {} })).toThrow(refused);
  });
});

describe('stages', () => {
  it('change exactly at their step, with one counter', () => {
    const batches = take(makeLoader(), 31);
    expect(batches.map(({ step }) => step)).toEqual(Array.from({ length: 31 }, (_, step) => step));
    expect(batches.map(({ stage }) => stage)).toEqual([
      ...Array(12).fill(0),
      ...Array(9).fill(1),
      ...Array(10).fill(2),
    ]);
    expect(batches.slice(0, 12).flatMap((batch) => batch.sources)).not.toContain('math');
    expect(batches.slice(12, 21).flatMap((batch) => batch.sources)).toContain('math');
    expect(batches.slice(21).flatMap((batch) => batch.sources)).not.toContain('code');
    expect(batches.map(({ sequenceLength }) => sequenceLength)).toEqual([...Array(21).fill(8), ...Array(10).fill(16)]);
  });

  it('leave earlier batches as they were when a later stage changes', () => {
    const changed = [...stages.slice(0, 2), { steps: 99, mixture: { code: 1 } }];
    expect(take(makeLoader({ stages: changed }), 21)).toEqual(take(makeLoader(), 21));
  });

  it('end with an error that says what to do', () => {
    const loader = makeLoader();
    expect(loader.totalSteps).toBe(31);
    loader.seek(31);
    expect(() => loader.next()).toThrow(expect.objectContaining({ code: 'EXHAUSTED' }));
  });

  it('give shares that converge to the weights, which need not sum to 1', () => {
    const warnings: string[] = [];
    const mixture = { web: 1.2, code: 0.6, math: 0.2 };
    const loader = makeLoader({ stages: [{ steps: 2000, mixture }], onWarning: (warning) => warnings.push(warning) });
    expect(warnings).toEqual(["stage 0: the mixture's weights sum to 2, not 1; they are normalised"]);
    loader.seek(2000);
    const shares = loader.shares();
    // Four standard deviations of a share over 8000 draws.
    for (const [name, weight] of Object.entries({ web: 0.6, code: 0.3, math: 0.1 })) {
      expect(Math.abs(shares[name] - weight)).toBeLessThan(4 * Math.sqrt((weight * (1 - weight)) / 8000));
    }
    expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it('do not warn of weights that sum to 1', () => {
    const warnings: string[] = [];
    makeLoader({ onWarning: (warning) => warnings.push(warning) });
    expect(warnings).toEqual([]);
  });
});

describe('BatchLoader refuses', () => {
  const mixed = (mixture: Record<string, number>) => ({ stages: [{ steps: 1, mixture }] });

  it.each([
    ['an unknown source', mixed({ wiki: 1 }), 'stage 0 names source "wiki"; the sources are: web, code, math'],
    ['a negative weight', mixed({ web: -1 }), 'the weight of "web" must be ≥ 0, got -1'],
    ['weights of nothing', mixed({ web: 0 }), 'no source has a weight above 0'],
    ['no stages', { stages: [] }, 'at least one stage'],
    [
      'stages of no steps',
      { stages: [{ steps: 0, mixture: { web: 1 } }] },
      'stage 0: steps must be an integer above 0',
    ],
    [
      'rows too long for a source',
      { sequenceLength: 100 },
      'source "code" has 100 tokens, a sequence of 100 needs 101',
    ],
    ['a batch that does not divide', { worldSize: 3 }, 'batchSize 4 must be a multiple of worldSize 3'],
    ['a rank outside of the world', { rank: 2, worldSize: 2 }, 'rank must be an integer in [0, 2), got 2'],
    ['an empty batch', { batchSize: 0 }, 'batchSize must be an integer above 0, got 0'],
  ] as const)('%s', (_, changes, message) => {
    expect(() => makeLoader(changes as Partial<BatchLoaderOptions>)).toThrow(message);
  });

  it('token ids outside of the vocabulary', () => {
    expect(() => makeLoader({ vocabularySize: 3 }).next()).toThrow(expect.objectContaining({ code: 'INVALID_TOKEN' }));
  });
});
