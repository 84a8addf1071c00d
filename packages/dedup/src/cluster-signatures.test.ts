import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterSignatures } from './cluster-signatures.ts';
import { CLUSTERS, LOREM, WINDOWS } from './fixtures/lorem.fixture.ts';
import { MinHasher } from './min-hasher.ts';
import { matchingBands } from './similarity.ts';

/** Connected components of the graph of equal bands, by comparing everything with everything. */
function slowRoots(signatures: (BigUint64Array | null)[], rows: number): number[] {
  const roots = signatures.map((_, index) => index);
  for (let changed = true; changed;) {
    changed = false;
    for (const [i, left] of signatures.entries()) {
      for (const [j, right] of signatures.entries()) {
        if (!left || !right || roots[j] <= roots[i] || matchingBands(left, right, rows).length === 0) continue;
        roots[j] = roots[i];
        changed = true;
      }
    }
  }
  return roots;
}

const BANDING = { bands: 3, rows: 2 };
/** Few values, so that bands often meet. */
const signature = fc
  .array(fc.bigInt(0n, 3n), { minLength: 6, maxLength: 6 })
  .map((values) => BigUint64Array.from(values));
const signatures = fc.array(fc.option(signature, { freq: 8 }), { maxLength: 40 });

describe('clusterSignatures', () => {
  it.each(['fineweb', 'fineweb2'] as const)("finds the six clusters of datatrove's test with %s", (preset) => {
    const hasher = new MinHasher({ preset });
    const { roots } = clusterSignatures(
      WINDOWS.map(({ text }) => hasher.signature(text)),
      hasher.options,
    );
    const firsts = CLUSTERS.map((_, cluster) => CLUSTERS.slice(0, cluster).flat().length);
    expect([...roots]).toEqual(CLUSTERS.flatMap((offsets, cluster) => offsets.map(() => firsts[cluster])));
  });

  it('finds the connected components, each named after its smallest member', () => {
    fc.assert(
      fc.property(signatures, (list) => {
        expect([...clusterSignatures(list, BANDING).roots]).toEqual(slowRoots(list, BANDING.rows));
      }),
    );
  });

  it('links every member of a larger cluster to another one with an equal band', () => {
    fc.assert(
      fc.property(signatures, (list) => {
        const { roots, links } = clusterSignatures(list, BANDING);
        for (const [index, link] of links.entries()) {
          const alone = roots.filter((root) => root === roots[index]).length === 1;
          expect(link === -1).toBe(alone);
          if (alone) continue;
          expect(roots[link]).toBe(roots[index]);
          expect(matchingBands(list[index]!, list[link]!, BANDING.rows)).not.toEqual([]);
        }
      }),
    );
  });

  it('does not depend on which worker signed what', () => {
    const texts = Array.from({ length: 120 }, (_, index) => LOREM.slice(index * 25, index * 25 + 200));
    const banding = new MinHasher().options;
    const sign = (chunk: string[]) => chunk.map((text) => new MinHasher().signature(text));
    const whole = clusterSignatures(sign(texts), banding);
    fc.assert(
      fc.property(fc.array(fc.nat(120), { maxLength: 4 }), (cuts) => {
        const ends = [...cuts.toSorted((a, b) => a - b), texts.length];
        const chunks = ends.map((end, chunk) => texts.slice(chunk === 0 ? 0 : ends[chunk - 1], end));
        expect(clusterSignatures(chunks.flatMap(sign), banding)).toEqual(whole);
      }),
      { numRuns: 5 },
    );
  });

  it('refuses signatures made with other settings', () => {
    const odd = new MinHasher({ bands: 2 }).signature('one two three four five');
    expect(() => clusterSignatures([null, odd], { bands: 14, rows: 8 })).toThrow(
      'signature 1 has 16 values, bands · rows is 112',
    );
  });
});
