import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PairTable } from './pair-table.ts';
import { writeUtf8 } from './utf8.ts';
import { WordTable } from './word-table.ts';
import { anyText } from './test-texts.fixture.ts';

describe('PairTable', () => {
  it('numbers pairs in the order of their first appearance, as a Map would', () => {
    const id = fc.integer({ min: 0, max: 30 });
    fc.assert(
      fc.property(fc.array(fc.tuple(id, id), { maxLength: 400 }), (pairs) => {
        const table = new PairTable(1);
        const model = new Map<string, number>();
        for (const [first, second] of pairs) {
          const key = `${first} ${second}`;
          if (!model.has(key)) model.set(key, model.size);
          expect(table.intern(first, second)).toBe(model.get(key));
        }
        expect(table.size).toBe(model.size);
      }),
    );
  });
});

describe('WordTable', () => {
  it('numbers words in the order of their first appearance, and gives them back', () => {
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 60 }), (texts) => {
        const table = new WordTable();
        const model = [...new Set(texts)];
        expect(texts.map((text) => table.intern(`<${text}>`, 1, text.length + 1))).toEqual(
          texts.map((text) => model.indexOf(text)),
        );
        expect(model.map((_, index) => table.word(index))).toEqual(model);
      }),
    );
  });

  it('keeps tens of thousands apart, and a word of a million characters', () => {
    const table = new WordTable();
    for (let round = 0; round < 2; round++) {
      const indices = Array.from({ length: 50_000 }, (_, index) => table.intern(`w${index}`, 0, `w${index}`.length));
      expect(indices).toEqual([...indices.keys()]);
    }
    const long = 'ab'.repeat(500_000);
    expect(table.word(table.intern(long, 0, long.length)) === long).toBe(true);
  });
});

describe('writeUtf8', () => {
  it('writes what TextEncoder writes', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const bytes = new Uint8Array(text.length * 3);
        expect(bytes.slice(0, writeUtf8(text, 0, text.length, bytes))).toEqual(new TextEncoder().encode(text));
      }),
    );
  });
});
