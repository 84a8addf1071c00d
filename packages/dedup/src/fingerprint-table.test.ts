import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FingerprintTable } from './fingerprint-table.ts';

const fingerprintOf = (key: number) =>
  new Uint32Array(createHash('sha256').update(`${key}`).digest().buffer.slice(0, 16));

describe('FingerprintTable', () => {
  it.each([2, 4])('gives the first number of each fingerprint, as a Map does: %i words', (words) => {
    const table = new FingerprintTable(words);
    const known = new Map<number, number>();
    for (let index = 0; index < 100_000; index++) {
      const key = (index * 7919) % 60_001;
      if (!known.has(key)) known.set(key, index);
      expect(table.add(fingerprintOf(key).subarray(0, words), 0, index)).toBe(known.get(key));
    }
  });

  it('tells fingerprints apart that differ in one bit of any word, and takes those of nothing but zeros', () => {
    const table = new FingerprintTable(4);
    const keys = Array.from({ length: 128 }, (_, bit) => {
      const key = new Uint32Array(4);
      key[bit >>> 5] = 2 ** (bit & 31);
      return key;
    });
    for (const [index, key] of [new Uint32Array(4), ...keys].entries()) expect(table.add(key, 0, index)).toBe(index);
    for (const [index, key] of keys.entries()) expect(table.add(key, 0, 999)).toBe(index + 1);
    expect(table.add(Uint32Array.of(9, 9, 0, 0, 0, 0), 2, 999)).toBe(0);
  });
});
