import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MergeTable } from './merge-table.ts';
import { mergeLongWord, mergeShortWord, mergeWord } from './merge-word.ts';

type Merge = readonly [first: number, second: number, result: number];

/** The definition, word for word: find the first merge of the list that applies, apply it leftmost, start again. */
function mergeByDefinition(symbols: readonly number[], merges: readonly Merge[]): number[] {
  const word = [...symbols];
  for (;;) {
    const best = merges.find(([a, b]) => word.some((symbol, at) => symbol === a && word[at + 1] === b));
    if (best === undefined) return word;
    const at = word.findIndex((symbol, index) => symbol === best[0] && word[index + 1] === best[1]);
    word.splice(at, 2, best[2]);
  }
}

const asTable = (merges: readonly Merge[]): MergeTable => {
  const table = new MergeTable(4);
  for (const [rank, [first, second, result]] of merges.entries()) table.add(first, second, result, rank);
  return table;
};

/** Merges over three letters in which every result is a new token, as training makes them. */
const someMerges = fc.array(fc.tuple(fc.nat(1000), fc.nat(1000)), { maxLength: 12 }).map((choices) => {
  const merges: Merge[] = [];
  const known = new Set<string>();
  for (const [a, b] of choices) {
    const pair = [a % (3 + merges.length), b % (3 + merges.length)] as const;
    if (!known.has(pair.join())) merges.push([...pair, 3 + merges.length]);
    known.add(pair.join());
  }
  return merges;
});

describe.each([
  ['mergeShortWord', mergeShortWord],
  ['mergeLongWord', mergeLongWord],
  ['mergeWord', mergeWord],
])('%s', (_, merge) => {
  it('does what the definition says', () => {
    fc.assert(
      fc.property(someMerges, fc.array(fc.nat(2), { maxLength: 150 }), (merges, letters) => {
        const symbols = Int32Array.from(letters);
        const count = merge(symbols, symbols.length, asTable(merges));
        expect([...symbols.subarray(0, count)]).toEqual(mergeByDefinition(letters, merges));
      }),
      { numRuns: 500 },
    );
  });
});

it('a word of two million symbols takes no quadratic time', () => {
  const doubling = Array.from({ length: 10 }, (_, index): Merge => [index, index, index + 1]);
  const symbols = new Int32Array(2 ** 21);
  expect(mergeWord(symbols, symbols.length, asTable(doubling))).toBe(2 ** 11);
});
