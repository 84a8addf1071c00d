import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NgramTable } from './ngram-table.ts';

describe('NgramTable', () => {
  it('holds what a map holds, the first number of each hash, also where many want one slot', () => {
    const half = fc.oneof(fc.constantFrom(0, 1, 2 ** 16, 2 ** 32 - 1), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    const entries = fc.array(fc.tuple(half, half, fc.nat(9)), { maxLength: 60 });
    fc.assert(
      fc.property(entries, fc.array(fc.tuple(half, half)), (added, asked) => {
        const table = new NgramTable();
        const map = new Map<string, number>();
        for (const [low, high, number] of added) {
          table.add(low, high, number);
          if (!map.has(`${low} ${high}`)) map.set(`${low} ${high}`, number);
        }
        expect(table.size).toBe(map.size);
        for (const [low, high] of [...added, ...asked]) {
          expect(table.get(low, high)).toBe(map.get(`${low} ${high}`) ?? -1);
        }
      }),
    );
  });

  it('grows, and is the same for who is given its memory', () => {
    const table = new NgramTable();
    for (let index = 0; index < 50_000; index++) table.add((index << 8) >>> 0, index, index);
    const other = new NgramTable(table.words);
    expect(other.size).toBe(50_000);
    expect([0, 49_999].map((index) => other.get((index << 8) >>> 0, index))).toEqual([0, 49_999]);
    expect(other.get(1, 0)).toBe(-1);
    expect(table.words.byteLength).toBe(12 * 2 ** 18);
  });
});
