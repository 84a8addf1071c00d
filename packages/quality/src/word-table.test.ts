import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spacySegmenter, treebankSegmenter, wordTable } from './segmenter.ts';
import { measureWord } from './word-table.ts';

const PIECES = [
  'Mr.', "can't", 'cannot', 'word', 'Word.', 'U.S.', 'end', ')', '(', '"', '"quoted"', "''", "'", "it's", "dogs'", "'tis", 'etc.',
  'a.m.', '10km', '3,000', '10:30', 'x=y', '😀', 'naïve', ',', '.', '...', '!', '?', ':)', ';', 'i.e.', 'ill', 'A.', 'The!', 'gonna?', 'Gotta',
  'http://a.b/c', '$3.50', '“Curly”', '’', '--', '``', '\u00a0', '\ufeff', '\x1c', '\t', '\n', ' ', ' ', ' ', ' ',
]; // prettier-ignore

describe.each([spacySegmenter, treebankSegmenter])('the table of the $name segmenter', (segmenter) => {
  it('has the numbers and the place of every word, however odd the text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 25 }), (pieces) => {
        const text = pieces.join('');
        const expected = segmenter.words(text);
        const table = wordTable(segmenter, text);
        const numbers = expected.map(measureWord);
        expect([...table.hashes.subarray(0, table.count)]).toEqual(numbers.map(({ hash }) => hash));
        expect([...table.powers.subarray(0, table.count)]).toEqual(numbers.map(({ power }) => power));
        expect([...table.flags.subarray(0, table.count)]).toEqual(numbers.map(({ flags }) => flags));
        expect(table.codePointsBefore[table.count]).toBe(numbers.reduce((sum, { codePoints }) => sum + codePoints, 0));
        const found = Array.from({ length: table.count }, (_, index) => table.word(index));
        // Treebank writes straight quotes in its own way.
        expected.forEach((word, index) => expect([word, '"', "''"]).toContain(found[index]));
      }),
      { numRuns: 3000 },
    );
  });
});
