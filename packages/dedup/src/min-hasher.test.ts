import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DedupError } from './dedup-error.ts';
import fixture from './fixtures/datatrove.json' with { type: 'json' };
import { LOREM } from './fixtures/lorem.fixture.ts';
import type { MinHashSettings } from './min-hash-options.ts';
import { MinHasher } from './min-hasher.ts';
import { estimateJaccard, jaccardSimilarity } from './similarity.ts';

const FOX = 'the quick brown fox jumps over the lazy dog and runs away';
const digest = (signature: BigUint64Array | null) =>
  signature && createHash('sha1').update(new Uint8Array(signature.buffer)).digest('hex');

describe('MinHasher', () => {
  it.each([
    [
      FOX,
      'sha1-64',
      [585594454516184072n, 248469680858563057n, 432853335805547253n],
      'cab2985719d15be8847245df73dd3a9e62a92571',
    ],
    [
      FOX,
      'xxh64',
      [85330943174081874n, 663359892825767826n, 302227827184868053n],
      '42b6d8e4f8242080b524b032e63ce4b6b0b65991',
    ],
    [
      LOREM,
      'sha1-64',
      [7292087414136644n, 50427115181371n, 3257107119777703n],
      '9867dd10d8f3bf47207c3456f953b3fe506c8f18',
    ],
    [
      LOREM,
      'xxh64',
      [359080423273745n, 1967482883656614n, 2375242329703703n],
      '5ce5142bb2f81b43ba43969801e1f71907b4b680',
    ],
    [
      LOREM.slice(0, 400),
      'sha1-64',
      [7292087414136644n, 29147714419917833n, 3257107119777703n],
      'f738b472e672433b58bdc4f704a0a853b49bed0d',
    ],
    [
      LOREM.slice(0, 400),
      'xxh64',
      [85698396992807337n, 9250166456304196n, 21122663637832925n],
      'd99592eb1067f6c9343e6feba601276d339e44cc',
    ],
  ] as const)('signs %.20s… with %s as datatrove does', (text, hash, first, sha1) => {
    const signature = new MinHasher({ hash }).signature(text);
    expect([...signature!.subarray(0, 3)]).toEqual(first);
    expect(digest(signature)).toBe(sha1);
  });

  it('signs with 32-bit hashes as datatrove does', () => {
    const signature = new MinHasher({ hash: 'sha1-32' }).signature(FOX)!;
    expect([...signature.subarray(0, 3)]).toEqual([73048216n, 1312834104n, 1177392338n]);
  });

  it.each(fixture.signatures)("agrees with datatrove's signatures of many scripts, $settings", ({ settings, sha1 }) => {
    const hasher = new MinHasher(settings as MinHashSettings);
    expect(fixture.texts.map((text) => digest(hasher.signature(text)))).toEqual(sha1);
  });

  it('has the published presets', () => {
    expect(new MinHasher({ preset: 'fineweb' }).options).toMatchObject({ bands: 14, rows: 8, hash: 'sha1-64' });
    expect(new MinHasher().options).toMatchObject({ bands: 14, rows: 8, hash: 'xxh64', seed: 1, shingleSize: 5 });
    expect(new MinHasher({ preset: 'finepdfs' }).signature(FOX)).toHaveLength(320);
  });

  it('gives no signature to a text shorter than a shingle', () => {
    const hasher = new MinHasher();
    for (const text of ['', '…', 'one two three four', ' one  two, three. four! ']) {
      expect(hasher.signature(text)).toBeNull();
      expect(hasher.shingles(text)).toHaveLength(0);
    }
    expect(hasher.signature('one two three four five')).not.toBeNull();
  });

  it('gives the same signature whatever was signed before', () => {
    const used = new MinHasher();
    fc.assert(
      fc.property(fc.lorem({ maxCount: 60 }), (text) => {
        expect(used.signature(text)).toEqual(new MinHasher().signature(text));
      }),
      { numRuns: 30 },
    );
  });

  it('estimates the Jaccard similarity of the shingles', () => {
    const hasher = new MinHasher({ bands: 128, rows: 16 });
    for (const offset of [0, 20, 100, 400, 1000]) {
      const [left, right] = [LOREM.slice(0, 2000), LOREM.slice(offset, 2000 + offset)];
      const truth = jaccardSimilarity(hasher.shingles(left), hasher.shingles(right));
      // Standard error √(s(1−s)/2048) ≤ 0.011.
      expect(Math.abs(estimateJaccard(hasher.signature(left)!, hasher.signature(right)!) - truth)).toBeLessThan(0.045);
    }
  });

  it('signs only the first million characters with finepdfs, up to the next white space', () => {
    const hasher = new MinHasher({ preset: 'finepdfs' });
    const head = '😀bc '.repeat(200_000) + 'x'.repeat(200_010);
    const uncut = new MinHasher({ preset: 'finepdfs', maximumCharacters: Infinity });
    expect(hasher.signature(`${head} and then something else`)).toEqual(uncut.signature(head));
    // Without white space there is nothing to wait for.
    expect(hasher.signature(head)).toEqual(uncut.signature(head.slice(0, -10)));
  });

  it('takes words from a function, for languages without spaces', () => {
    const hasher = new MinHasher({ words: (text) => [...text] });
    expect(hasher.signature('我能吞下玻璃')).toEqual(new MinHasher().signature('我 能 吞 下 玻 璃'));
    expect(() => new MinHasher({ words: (text) => [text] }).signature('a b')).toThrow('got "a b"');
  });

  it.each([
    [{ bands: 0 }, 'bands must be an integer in [1, 4096], got 0'],
    [{ rows: 1.5 }, 'rows must be'],
    [{ shingleSize: Number.NaN }, 'shingleSize must be'],
    [{ seed: -1 }, 'seed must be an integer in [0, 4294967295], got -1'],
    [{ maximumCharacters: 0 }, 'maximumCharacters must be'],
    [{ hash: 'md5' }, 'hash must be one of xxh64, xxh32, sha1-64, sha1-32, got md5'],
    [{ preset: 'c4' }, 'preset must be one of fineweb, fineweb2, finepdfs, got "c4"'],
    [{ band: 3 }, 'unknown MinHash option "band"'],
  ])('refuses %j', (settings, message) => {
    expect(() => new MinHasher(settings as MinHashSettings)).toThrow(message);
    expect(() => new MinHasher(settings as MinHashSettings)).toThrow(DedupError);
  });
});
