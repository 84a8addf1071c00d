import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duplicateNGramBound, NGramHashes, TopNGramBounds } from './repetition-bounds.ts';
import { spacySegmenter, wordTable } from './segmenter.ts';
import { spacyWords } from './spacy-words.ts';
import { WordSequence } from './word-sequence.ts';
import { measureWord, WordTable } from './word-table.ts';

const words = fc.array(fc.constantFrom('a', 'ab', 'b', 'the', 'of', 'wörld', '😀', '.', 'xyz'), { maxLength: 60 });

describe('the bounds', () => {
  it('are never below the exact counts', () => {
    fc.assert(
      fc.property(words, (list) => {
        const table = WordTable.of(list);
        const exact = new WordSequence(list);
        const top = new TopNGramBounds(table, new NGramHashes(table));
        for (let n = 2; n <= 10; n++) expect(top.of(n)).toBeGreaterThanOrEqual(exact.topNGramCharacters(n));
        const again = new NGramHashes(table);
        for (let n = 2; n <= 10; n++)
          expect(duplicateNGramBound(table, again, n)).toBeGreaterThanOrEqual(exact.duplicateNGramCharacters(n));
      }),
    );
  });

  it('are exact, or nearly so, for prose without repeats', () => {
    const list = Array.from({ length: 900 }, (_, index) => `word${index}`);
    const table = WordTable.of(list);
    expect(duplicateNGramBound(table, new NGramHashes(table), 5)).toBeLessThan(0.05 * list.join('').length);
  });
});

describe('the table of spaCy’s words', () => {
  it('has the numbers and the text of every word, however odd the text', () => {
    const piece = fc.constantFrom(
      'Mr.',
      "can't",
      'cannot,',
      'word',
      'Word.',
      'U.S.',
      'end)',
      '"quoted"',
      'etc.',
      'a.m.',
      '10km',
      'x=y',
      '😀',
      'naïve',
      ',',
      '...',
      ':)',
      'i.e.',
      'ill',
      'A.',
      'The!',
      'gonna?',
      'http://a.b/c',
      '\u00a0',
      '\n',
      ' ',
      ' ',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        const text = pieces.join('');
        const expected = spacyWords(text);
        const table = wordTable(spacySegmenter, text);
        expect(Array.from({ length: table.count }, (_, index) => table.word(index))).toEqual(expected);
        const numbers = expected.map(measureWord);
        expect([...table.hashes.subarray(0, table.count)]).toEqual(numbers.map(({ hash }) => hash));
        expect([...table.powers.subarray(0, table.count)]).toEqual(numbers.map(({ power }) => power));
        expect([...table.flags.subarray(0, table.count)]).toEqual(numbers.map(({ flags }) => flags));
        expect(table.codePointsBefore[table.count]).toBe(numbers.reduce((sum, { codePoints }) => sum + codePoints, 0));
      }),
      { numRuns: 500 },
    );
  });
});
