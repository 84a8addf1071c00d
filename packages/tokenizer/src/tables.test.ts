import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PaddedBytes, Utf8Writer } from './padded-bytes.ts';
import { PairTable } from './pair-table.ts';
import { WordTable } from './word-table.ts';
import { anyText } from './fixtures/test-texts.ts';

describe('PairTable', () => {
  it('keeps the numbers that a pair got first, as a Map would', () => {
    const id = fc.integer({ min: 0, max: 30 });
    fc.assert(
      fc.property(fc.array(fc.tuple(id, id), { maxLength: 400 }), (pairs) => {
        const table = new PairTable(1);
        const model = new Map<string, number>();
        for (const [index, [first, second]] of pairs.entries()) {
          const key = `${first} ${second}`;
          expect(table.find(first, second) === -1).toBe(!model.has(key));
          if (!model.has(key)) model.set(key, index);
          expect(table.intern(first, second, index, index * 2)).toBe(model.get(key));
        }
        for (const [first, second] of pairs) {
          const at = table.find(first, second);
          const index = model.get(`${first} ${second}`) as number;
          expect([table.value(at), table.other(at)]).toEqual([index, index * 2]);
        }
        expect(table.size).toBe(model.size);
      }),
    );
  });
});

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const wellFormed = (text: string): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(utf8(text));
const padded = (text: string): PaddedBytes => PaddedBytes.from(utf8(text));

describe('WordTable', () => {
  it('numbers words in the order of their first appearance, and gives them back', () => {
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 60 }), (texts) => {
        const table = new WordTable();
        const model = [...new Set(texts.map(wellFormed))];
        const intern = (text: string): number => table.intern(padded(`<${text}>`), 1, utf8(text).length + 1);
        expect(texts.map(intern)).toEqual(texts.map((text) => model.indexOf(wellFormed(text))));
        expect(model.map((_, index) => new Uint8Array(table.word(index)))).toEqual(model.map(utf8));
        expect(table.find(padded('never there'), 0, 11)).toBe(-1);
      }),
    );
  });

  it('keeps words apart that differ in zeros at the end only', () => {
    const table = new WordTable();
    expect(['a', 'a\0', 'a\0\0', '\0', ''].map((word) => table.intern(padded(word), 0, word.length))).toEqual([
      0, 1, 2, 3, 4,
    ]);
  });

  it('keeps tens of thousands apart, and a word of a million characters', () => {
    const table = new WordTable();
    for (let round = 0; round < 2; round++) {
      const indices = Array.from({ length: 50_000 }, (_, index) =>
        table.intern(padded(`w${index}`), 0, `w${index}`.length),
      );
      expect(indices).toEqual([...indices.keys()]);
    }
    const long = 'ab'.repeat(500_000);
    expect(new TextDecoder().decode(table.word(table.intern(padded(long), 0, long.length))) === long).toBe(true);
  });
});

describe('Utf8Writer', () => {
  it('writes what TextEncoder writes, whatever was written before', () => {
    const writer = new Utf8Writer();
    fc.assert(
      fc.property(anyText, (text) => {
        const { bytes, length } = writer.write(text);
        expect(bytes.slice(0, length)).toEqual(utf8(text));
        expect(bytes.length).toBeGreaterThanOrEqual(length + 4);
      }),
    );
    const long = '一'.repeat(3e6);
    expect(writer.write(long).length).toBe(9e6);
  });
});
