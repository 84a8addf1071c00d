import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluationBatches } from './evaluation-batches.ts';
import { makeCountingShard, temporaryFolder } from './fixtures/counting-shards.ts';
import { isHeldOut } from './held-out.ts';

const folder = temporaryFolder();

describe('evaluationBatches', () => {
  it('gives every window once, in order, with a smaller batch last', async () => {
    const shard = await makeCountingShard(join(folder, 'held.ds'), 0, [10, 15]);
    const batches = [...evaluationBatches([shard], { batchSize: 4, sequenceLength: 4 })];
    expect(batches.map(({ rows }) => rows)).toEqual([4, 2]);
    expect(batches.flatMap(({ inputs }) => [...inputs])).toEqual([...Array(24).keys()]);
    expect([...evaluationBatches([shard], { batchSize: 4, sequenceLength: 4, maximumBatches: 1 })]).toEqual([
      batches[0],
    ]);
  });
});

describe('isHeldOut', () => {
  const texts = Array.from({ length: 5000 }, (_, index) => `document ${index}`);

  it('holds out about the fraction asked for, always the same texts', () => {
    const held = texts.filter((text) => isHeldOut(text, 0.1));
    expect(Math.abs(held.length - 500)).toBeLessThan(4 * Math.sqrt(5000 * 0.1 * 0.9));
    expect(
      texts
        .toReversed()
        .filter((text) => isHeldOut(text, 0.1))
        .reverse(),
    ).toEqual(held);
  });

  it('holds out more with a larger fraction, never others, and others with another seed', () => {
    const held = texts.filter((text) => isHeldOut(text, 0.1));
    expect(held.every((text) => isHeldOut(text, 0.2))).toBe(true);
    expect(texts.some((text) => isHeldOut(text, 0.1, 0) !== isHeldOut(text, 0.1, 1))).toBe(true);
    expect(texts.some((text) => isHeldOut(text, 0))).toBe(false);
    expect(texts.every((text) => isHeldOut(text, 1))).toBe(true);
    expect(() => isHeldOut('x', 1.1)).toThrow('fraction must be in [0, 1], got 1.1');
  });
});
