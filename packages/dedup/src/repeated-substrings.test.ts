import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { cutRanges, findRepeatedSubstrings } from './repeated-substrings.ts';
import { buildSuffixArray, commonPrefixes } from './suffix-array.ts';

/** Few different letters, so that there is much that is repeated. */
const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '漢'), maxLength: 30 }), { maxLength: 6 });

/** Which bytes lie in a window that stands in two places, found by comparing each window with all others. */
function slowCoverage(given: string[], minimum: number, keep: 'first' | 'none'): boolean[][] {
  const bytes = given.map((text) => Buffer.from(text).toString('latin1'));
  const seen = new Map<string, [text: number, at: number][]>();
  for (const [index, text] of bytes.entries()) {
    for (let at = 0; at + minimum <= text.length; at++) {
      const window = text.slice(at, at + minimum);
      seen.set(window, [...(seen.get(window) ?? []), [index, at]]);
    }
  }
  const covered = bytes.map((text) => Array.from(text, () => false));
  for (const places of seen.values()) {
    if (places.length < 2) continue;
    for (const [index, at] of places.slice(keep === 'first' ? 1 : 0)) covered[index].fill(true, at, at + minimum);
  }
  return covered;
}

describe('buildSuffixArray', () => {
  it('sorts the suffixes', () => {
    expect([...buildSuffixArray(Buffer.from('banana'))]).toEqual([5, 3, 1, 0, 4, 2]);
    expect([...buildSuffixArray(Buffer.from(''))]).toEqual([]);
    expect([...buildSuffixArray(Buffer.from('x'))]).toEqual([0]);
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ max: 2, maxLength: 200 }));
    fc.assert(
      fc.property(bytes, (text) => {
        const slow = Array.from(text.keys()).sort((a, b) => Buffer.compare(text.subarray(a), text.subarray(b)));
        expect([...buildSuffixArray(text)]).toEqual(slow);
      }),
    );
  });

  it('takes runs, periods and all bytes', () => {
    for (const text of [
      Buffer.alloc(5000),
      Buffer.from('ab'.repeat(2500)),
      Buffer.from(Uint8Array.from({ length: 1024 })),
    ]) {
      const slow = Array.from(text.keys()).sort((a, b) => Buffer.compare(text.subarray(a), text.subarray(b)));
      expect([...buildSuffixArray(text)]).toEqual(slow);
    }
  });

  it('says how much neighbours have in common', () => {
    const text = Buffer.from('banana');
    expect([...commonPrefixes(text, buildSuffixArray(text), 10)]).toEqual([0, 1, 3, 0, 0, 2]);
    expect([...commonPrefixes(text, buildSuffixArray(text), 2)]).toEqual([0, 1, 2, 0, 0, 2]);
  });
});

describe('findRepeatedSubstrings', () => {
  it('finds what stands in two texts, in the later one', () => {
    const given = ['Unique at first. Accept all cookies now.', 'Accept all cookies now. Something else.'];
    const found = findRepeatedSubstrings(given, { minimumBytes: 20 });
    expect(found).toEqual([[], [{ start: 0, end: 23 }]]);
    expect(cutRanges(given[1], found[1])).toBe(' Something else.');
    expect(findRepeatedSubstrings(given, { minimumBytes: 20, keep: 'none' })[0]).toEqual([{ start: 17, end: 40 }]);
    expect(findRepeatedSubstrings(given, { minimumBytes: 24 })).toEqual([[], []]);
  });

  it.each(['first', 'none'] as const)('covers what comparing all windows covers (keep %s)', (keep) => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 8 }), (given, minimumBytes) => {
        const covered = slowCoverage(given, minimumBytes, keep);
        for (const [index, ranges] of findRepeatedSubstrings(given, { minimumBytes, keep }).entries()) {
          // A character is in a range if, and only if, all of its bytes are repeated.
          let byte = 0;
          for (let at = 0; at < given[index].length; at++) {
            const size = Buffer.byteLength(given[index][at]);
            const isRepeated = covered[index].slice(byte, byte + size).every(Boolean);
            expect(ranges.some(({ start, end }) => at >= start && at < end)).toBe(isRepeated);
            byte += size;
          }
        }
      }),
    );
  });

  it('leaves valid text: characters are cut whole', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 4 }), (given) => {
        const doubled = [...given, ...given];
        for (const [index, ranges] of findRepeatedSubstrings(doubled, { minimumBytes: 3 }).entries()) {
          const cut = cutRanges(doubled[index], ranges);
          expect(Buffer.from(cut).toString()).toBe(cut);
        }
      }),
    );
  });

  it('refuses impossible lengths', () => {
    expect(() => findRepeatedSubstrings([], { minimumBytes: 0 })).toThrow('minimumBytes must be a positive integer');
  });
});
