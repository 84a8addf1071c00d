import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duplicateNGramBounds, topNGramBounds } from './repetition-bounds.ts';
import { WordSequence } from './word-sequence.ts';
import { WordTable } from './word-table.ts';

const words = fc.array(fc.constantFrom('a', 'ab', 'b', 'the', 'of', 'wörld', '😀', '.', 'xyz'), { maxLength: 60 });

describe('the bounds', () => {
  it('are never below the exact counts', () => {
    fc.assert(
      fc.property(words, (list) => {
        const table = WordTable.of(list);
        const exact = new WordSequence(list);
        topNGramBounds(table, 2, 10).forEach((bound, index) =>
          expect(bound).toBeGreaterThanOrEqual(exact.topNGramCharacters(index + 2)),
        );
        duplicateNGramBounds(table, 2, 10).forEach((bound, index) =>
          expect(bound).toBeGreaterThanOrEqual(exact.duplicateNGramCharacters(index + 2)),
        );
      }),
    );
  });

  it('are exact, or nearly so, for prose without repeats', () => {
    const list = Array.from({ length: 900 }, (_, index) => `word${index}`);
    const table = WordTable.of(list);
    for (const bound of duplicateNGramBounds(table, 5, 10)) expect(bound).toBeLessThan(0.05 * list.join('').length);
  });
});
