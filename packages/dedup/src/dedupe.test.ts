import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dedupe } from './dedupe.ts';
import { CLUSTERS, WINDOWS } from './fixtures/lorem.fixture.ts';
import { matchProbability } from './match-probability.ts';
import { MinHasher } from './min-hasher.ts';
import { jaccardSimilarity } from './similarity.ts';

const documents = (...texts: string[]) => texts.map((text, index) => ({ id: `d${index}`, text }));
const FOX = 'the quick brown fox jumps over the lazy dog and runs away';

describe('dedupe', () => {
  it("keeps the first of each cluster of datatrove's test", () => {
    const { kept, clusters, counts } = dedupe(WINDOWS);
    expect(kept.map((index) => WINDOWS[index].id)).toEqual(CLUSTERS.map(([first], cluster) => `${cluster}_${first}`));
    expect(clusters).toEqual([
      [0, 1, 2],
      [3, 4],
      [5, 6, 7, 8, 9],
      [10, 11, 12, 13],
    ]);
    expect(counts).toEqual({
      documents: 16,
      kept: 6,
      removed: { exact: 0, near: 10 },
      tooShort: 0,
      clusters: 4,
      clusterSizes: { 2: 1, 3: 1, 4: 1, 5: 1 },
    });
  });

  it('explains why a document goes', () => {
    const { removed } = dedupe(documents(FOX, 'something else', FOX.toUpperCase(), FOX));
    expect(removed).toEqual([
      {
        index: 2,
        id: 'd2',
        kind: 'near',
        duplicateOf: 'd0',
        duplicateOfIndex: 0,
        linkedTo: 'd0',
        linkedToIndex: 0,
        resemblance: { estimatedJaccard: 1, bands: Array.from({ length: 14 }, (_, band) => band) },
        jaccard: 1,
      },
      expect.objectContaining({ id: 'd3', kind: 'exact', duplicateOf: 'd0', linkedTo: 'd0', jaccard: 1 }),
    ]);
  });

  it('gives the true Jaccard similarity beside the estimate', () => {
    const hasher = new MinHasher();
    for (const { index, duplicateOfIndex, jaccard, resemblance } of dedupe(WINDOWS).removed) {
      const [left, right] = [index, duplicateOfIndex].map((document) => hasher.shingles(WINDOWS[document].text));
      expect(jaccard).toBe(jaccardSimilarity(left, right));
      expect(Math.abs(resemblance!.estimatedJaccard - jaccard!)).toBeLessThan(0.15);
    }
  });

  it('sends exact copies of a near duplicate to the document that is kept', () => {
    const near = `${FOX} far away`;
    const { removed } = dedupe(documents(`${FOX} far off`, near, near), { near: { bands: 64, rows: 2 } });
    expect(removed).toMatchObject([
      { index: 1, kind: 'near', duplicateOf: 'd0', linkedTo: 'd0' },
      { index: 2, kind: 'exact', duplicateOf: 'd0', linkedTo: 'd1' },
    ]);
    expect(removed[1].jaccard).toBe(removed[0].jaccard);
  });

  it('finds texts too short for a signature only when they are exact duplicates', () => {
    const { kept, removed, counts } = dedupe(documents('one two', 'one  two', 'one two'));
    expect(kept).toEqual([0, 1]);
    expect(removed).toMatchObject([{ index: 2, kind: 'exact', resemblance: null, jaccard: null }]);
    expect(counts.tooShort).toBe(2);
  });

  it.each([
    ['text', [0, 1, 2, 3]],
    ['compact', [0, 2, 3]],
    ['normalized', [0, 3]],
    [({ text }: { text: string }) => text.slice(-1), [0, 3]],
    [false, [0, 1, 2, 3]],
  ] as const)('compares by %s', (exact, kept) => {
    const list = documents('One two', 'One\u00a0two', 'one, two', 'three');
    const expected = typeof exact === 'function' ? [0, 3] : kept;
    expect(dedupe(list, { exact, near: false }).kept).toEqual(expected);
  });

  it('takes no documents', () => {
    expect(dedupe([])).toMatchObject({ kept: [], clusters: [], removed: [], counts: { documents: 0, kept: 0 } });
  });

  it('keeps or removes every document, and removes only what resembles something kept or linked', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 30 }), (texts) => {
        const { kept, removed, clusters } = dedupe(documents(...texts));
        expect([...kept, ...removed.map(({ index }) => index)].toSorted((a, b) => a - b)).toEqual([...texts.keys()]);
        expect(clusters.flatMap(([, ...members]) => members).toSorted((a, b) => a - b)).toEqual(
          removed.map(({ index }) => index),
        );
        for (const removal of removed) expect(kept).toContain(removal.duplicateOfIndex);
        expect(new Set(kept.map((index) => texts[index])).size).toBe(kept.length);
      }),
    );
  });

  it('finds pairs at the rate that the banding promises', () => {
    // 400 pairs of 60-word texts with 12 new words at the end: 44 of 68 shingles in common, s = 0.647…
    const banding = { bands: 8, rows: 5 };
    const letters = (number: number) => String(number).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)]);
    const words = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => letters(from + index)).join(' ');
    const pairs = Array.from({ length: 400 }, (_, pair) => [
      words(pair * 1000, 60),
      `${words(pair * 1000, 48)} ${words(pair * 1000 + 500, 12)}`,
    ]);
    const { counts, removed } = dedupe(documents(...pairs.flat()), { near: { ...banding, hash: 'xxh64' } });
    const similarity = 44 / 68;
    expect(removed[0].jaccard).toBeCloseTo(similarity, 12);
    // P = 0.62, with a standard error of 0.024.
    expect(Math.abs(counts.removed.near / 400 - matchProbability(similarity, banding))).toBeLessThan(0.072);
  });
});
