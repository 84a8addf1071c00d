import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { BatchLoader, type BatchLoaderOptions } from './batch-loader.ts';
import { packBestFit } from './best-fit.ts';
import { makeCountingShard, temporaryFolder } from './fixtures/counting-shards.ts';
import type { TokenShard } from './token-shard.ts';

const folder = temporaryFolder();

describe('packBestFit', () => {
  it('takes the longest document that fits, and crops the shortest when none does', () => {
    const { rows, croppedTokens } = packBestFit([3, 5, 4, 6], 8);
    expect(rows).toEqual([
      [
        { document: 3, start: 0, length: 6 },
        { document: 0, start: 0, length: 2 },
      ],
      [
        { document: 1, start: 0, length: 5 },
        { document: 2, start: 0, length: 3 },
      ],
    ]);
    expect(croppedTokens).toBe(2);
  });

  it('cuts a long document into rows of its own and packs its rest', () => {
    const { rows, croppedTokens } = packBestFit([11, 1], 4);
    expect(rows).toEqual([
      [{ document: 0, start: 0, length: 4 }],
      [{ document: 0, start: 4, length: 4 }],
      [
        { document: 0, start: 8, length: 3 },
        { document: 1, start: 0, length: 1 },
      ],
    ]);
    expect(croppedTokens).toBe(0);
  });

  it('fills every row, uses no token twice, and counts what is left out', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 30 }), (documents, capacity) => {
        const { rows, croppedTokens } = packBestFit(documents, capacity);
        const used = new Set<string>();
        for (const row of rows) {
          expect(row.reduce((sum, { length }) => sum + length, 0)).toBe(capacity);
          for (const { document, start, length } of row) {
            expect(start % capacity).toBe(0);
            for (let at = start; at < start + length; at++) used.add(`${document} ${at}`);
            expect(start + length).toBeLessThanOrEqual(documents[document]);
          }
        }
        const total = documents.reduce((sum, length) => sum + length, 0);
        expect(used.size).toBe(rows.length * capacity);
        expect(croppedTokens).toBe(total - used.size);
      }),
    );
  });
});

describe('a loader that packs by best fit', () => {
  let shards: TokenShard[];
  const starts = new Set<number>();
  const ends = new Set<number>();

  beforeAll(async () => {
    const lengths = Array.from({ length: 300 }, (_, index) => 1 + ((index * 37) % 23));
    let next = 0;
    for (const length of lengths) {
      starts.add(next);
      next += length;
      ends.add(next - 1);
    }
    const half = lengths.slice(0, 150);
    shards = [
      await makeCountingShard(join(folder, 'a.ds'), 0, half),
      await makeCountingShard(
        join(folder, 'b.ds'),
        half.reduce((sum, length) => sum + length, 0),
        lengths.slice(150),
      ),
    ];
  });

  const loaderOf = (changes: Partial<BatchLoaderOptions> = {}) =>
    new BatchLoader({
      sources: { text: shards },
      stages: [{ steps: 200, mixture: { text: 1 } }],
      batchSize: 4,
      sequenceLength: 16,
      seed: 3,
      packing: 'best-fit',
      ...changes,
    });

  it('begins each row, and each segment of it, with the start of a document', () => {
    const loader = loaderOf();
    for (let step = 0; step < 40; step++) {
      const { inputs, targets, segments } = loader.next();
      const begins = inputs.filter((_, at) => at % 16 === 0 || segments[at] !== segments[at - 1]);
      // the second row of a document longer than a row begins 16 tokens into it
      expect(begins.every((token) => starts.has(token) || starts.has(token - 16))).toBe(true);
      expect([...targets]).toEqual(Array.from(inputs, (input) => (ends.has(input) ? -100 : input + 1)));
    }
  });

  it('shows no token twice in an epoch and says how many it left out', () => {
    const loader = loaderOf({ batchSize: 1, stages: [{ steps: 2000, mixture: { text: 1 } }] });
    const seen: number[] = [];
    while (loader.epochs().text === 0) seen.push(...loader.next().inputs);
    const firstEpoch = seen.slice(0, -16);
    const total = shards.reduce((sum, { tokenCount }) => sum + tokenCount, 0);
    expect(new Set(firstEpoch).size).toBe(firstEpoch.length);
    expect(loader.cropped().text).toBe(total - firstEpoch.length);
    expect(loader.cropped().text / total).toBeLessThan(0.25);
  });

  it('resumes exactly from any step, with any number of ranks', () => {
    const straight = loaderOf();
    const batches = Array.from({ length: 120 }, () => straight.next());
    for (const stop of [0, 1, 17, 63, 119]) {
      const first = loaderOf({ rank: 1, worldSize: 2 });
      for (let step = 0; step < stop; step++) first.next();
      const resumed = loaderOf();
      resumed.restore(JSON.parse(JSON.stringify(first.state())));
      expect(resumed.next()).toEqual(batches[stop]);
    }
  });

  it('refuses a saved position of the other packing', () => {
    const state = loaderOf({ packing: 'concatenate' }).state();
    expect(() => loaderOf().restore(state)).toThrow('packing must be "best-fit", got "concatenate"');
    expect(() => loaderOf({ packing: 'loose' as 'best-fit' })).toThrow(
      'packing must be concatenate or best-fit, got loose',
    );
  });
});
