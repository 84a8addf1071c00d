import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import xxhash from 'xxhash-wasm';
import { slowSha1, slowShingles, slowSignature } from './fixtures/slow-min-hash.fixture.ts';
import { hashText } from './hash-text.ts';
import { KERNEL_SOURCE_SHA256 } from './kernel-bytes.ts';
import { Kernel } from './kernel.ts';
import { normalizeText } from './normalize-text.ts';
import { drawPermutations } from './permutations.ts';

const { h32, h64 } = await xxhash();

describe('hashText', () => {
  it.each([
    ['hello', 11738849977924252842n, 499578026n, 2794345569481354659n, 4211111929n],
    ['', 957977401221134810n, slowSha1('', 32), 17241709254077376921n, 46947589n],
  ])('gives the published hashes of %j', (text, sha64, sha32, xx64, xx32) => {
    const hashes = (['sha1-64', 'sha1-32', 'xxh64', 'xxh32'] as const).map((hash) => hashText(text, hash));
    expect(hashes).toEqual([sha64, sha32, xx64, xx32]);
  });

  it('agrees with xxhash-wasm and Node on every length up to 300 bytes', () => {
    for (let length = 0; length <= 300; length++) {
      const text = Array.from({ length }, (_, index) => String.fromCharCode(33 + ((index * 37 + length) % 90))).join(
        '',
      );
      expect(hashText(text, 'xxh64')).toBe(h64(text));
      expect(hashText(text, 'xxh32')).toBe(BigInt(h32(text)));
      expect(hashText(text, 'sha1-64')).toBe(slowSha1(text, 64));
    }
  });

  it('hashes a text longer than the first pages of memory', () => {
    const text = 'é☃x'.repeat(100_000);
    expect(hashText(text, 'xxh64')).toBe(h64(text));
    expect(hashText(text, 'sha1-64')).toBe(slowSha1(text, 64));
  });
});

describe('Kernel', () => {
  it('was assembled from the kernel.wat that is here (else run scripts/assemble-kernel.mjs)', () => {
    const source = readFileSync(new URL('kernel.wat', import.meta.url));
    expect(createHash('sha256').update(source).digest('hex')).toBe(KERNEL_SOURCE_SHA256);
  });

  const permutations = drawPermutations(16, 1);
  const words = fc.array(
    fc.string({ unit: 'grapheme', minLength: 1 }).map((word) => word.replace(/\s/g, '_')),
    {
      maxLength: 40,
    },
  );

  it('takes the shingles and minima that plain BigInt arithmetic takes', () => {
    const kernel = new Kernel(permutations);
    const check = (list: string[], size: number, hash: 'sha1-64' | 'sha1-32' | 'xxh64') => {
      const hashes = slowShingles(list, size).map((shingle) =>
        hash === 'xxh64' ? h64(shingle) : slowSha1(shingle, hash === 'sha1-64' ? 64 : 32),
      );
      const text = list.join(' ');
      const blocks = [...kernel.shingles(kernel.load(text), size, hash)].flatMap((block) => Array.from(block));
      expect(blocks).toEqual(hashes);
      const minima = kernel.minima(kernel.load(text), size, hash);
      const { a, b } = permutations;
      const expected = hashes.length > 0 ? slowSignature(hashes, a, b, hash === 'sha1-32' ? 32 : 64) : null;
      expect(minima && [...minima]).toEqual(expected);
    };
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 7 }), fc.constantFrom('sha1-64', 'sha1-32', 'xxh64'), check),
    );
  });

  it.each([1023, 1024, 1025, 2048, 2049])('carries minima over the blocks of %i shingles', (shingles) => {
    const kernel = new Kernel(permutations);
    const list = Array.from({ length: shingles + 4 }, (_, index) => `w${index}`);
    const expected = slowSignature(
      slowShingles(list, 5).map((shingle) => h64(shingle)),
      permutations.a,
      permutations.b,
      64,
    );
    expect([...kernel.minima(kernel.load(list.join(' ')), 5, 'xxh64')!]).toEqual(expected);
  });

  it('reduces the products at the edges of 2^61 − 1 and 2^64 exactly', () => {
    // s · a + b takes the values around the multiples of the prime when a = 1 and b makes up the difference.
    const hash = h64('word');
    const prime = 2n ** 61n - 1n;
    const targets = [
      0n,
      1n,
      7n,
      prime - 1n,
      prime,
      prime + 1n,
      7n * prime,
      8n * prime,
      8n * prime + 7n,
      2n ** 64n - 1n,
    ];
    const b = BigUint64Array.from(targets, (target) => BigInt.asUintN(64, target - hash));
    const kernel = new Kernel({ a: new BigUint64Array(b.length).fill(1n), b });
    expect([...kernel.minima(kernel.load('word'), 1, 'xxh64')!]).toEqual(targets.map((target) => target % prime));
  });

  it('hashes short and long shingles side by side, in their order', () => {
    const kernel = new Kernel(permutations);
    const list = Array.from({ length: 200 }, (_, index) => 'x'.repeat((index * 31) % 130) + String(index));
    const blocks = [...kernel.shingles(kernel.load(list.join(' ')), 1, 'sha1-64')].flatMap((block) =>
      Array.from(block),
    );
    expect(blocks).toEqual(list.map((word) => slowSha1(word, 64)));
  });

  /** What normalizeText gives, with single spaces; `null` where the kernel leaves it to that. */
  const normalized = (kernel: Kernel, text: string) => {
    const loaded = kernel.loadNormalized(text);
    return loaded && Buffer.from(kernel.bytes(loaded)).toString();
  };
  const expected = (text: string) => Buffer.from(normalizeText(text).replace(/ {2,}/g, ' ')).toString();

  it('normalises every character as normalizeText does, alone and between others', { tags: ['slow'] }, () => {
    const kernel = new Kernel(permutations);
    const contextual: string[] = [];
    const wrong: string[] = [];
    for (let code = 0; code < 0x110000; code += code >= 0x3_0000 && code < 0xe_0000 ? 0x10 : 1) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const character = String.fromCodePoint(code);
      const text = `a${character}1${character}2 \u0301${character}B`;
      const ours = normalized(kernel, text);
      if (ours === null) contextual.push(character);
      else if (ours !== expected(text)) wrong.push(character);
    }
    expect(wrong).toEqual([]);
    expect(contextual).toContain('Σ');
    expect(contextual.length).toBeLessThan(40);
  });

  it('normalises any text as normalizeText does', () => {
    const kernel = new Kernel(permutations);
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '12.5',
        '١٢٫٥',
        '1.2.3',
        ' ',
        '\u0301',
        '\ufeff',
        '한국어',
        'İ',
        'ǅ',
        '…',
        '12,',
        ',5',
        '\ud800',
        'é',
      ),
      fc.string({ unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        const isContextual = /[Σ\p{Mc}]/u.test(text.normalize('NFD'));
        expect(normalized(kernel, text) ?? (isContextual && expected(text))).toBe(expected(text));
      }),
      { numRuns: 500 },
    );
  });

  it('normalises text that grows, and more scripts than it keeps tables of', () => {
    const kernel = new Kernel(permutations);
    const hangul = '한국어 문장은 '.repeat(3000);
    expect(normalized(kernel, hangul)).toBe(expected(hangul));
    const all = Array.from({ length: 300 }, (_, table) => String.fromCodePoint(0x2_0000 + 256 * table)).join(' ');
    for (const text of [all, 'abc', all]) expect(normalized(kernel, text)).toBe(expected(text));
  });
});
