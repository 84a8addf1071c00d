import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countRepeats } from './repeats.ts';
import { WordSequence } from './word-sequence.ts';

function topLength(words: string[], n: number): number {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= words.length; i++) {
    const gram = words.slice(i, i + n).join(' ');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  const top = [...counts].reduce<[string, number]>((best, entry) => (entry[1] > best[1] ? entry : best), ['', 0]);
  return [...top[0]].length * top[1];
}

function duplicateLength(words: string[], n: number): number {
  const seen = new Set<string>();
  let length = 0;
  for (let i = 0; i + n <= words.length;) {
    const gram = words.slice(i, i + n).join('');
    if (seen.has(gram)) length += [...gram].length;
    i += seen.has(gram) ? n : 1;
    seen.add(gram);
  }
  return length;
}

describe('countRepeats', () => {
  it('counts second and later occurrences and their characters', () => {
    expect(countRepeats(['a', 'bb', 'a', 'bb', 'bb'])).toEqual({ elements: 3, characters: 5 });
    expect(countRepeats(['😀', '😀'])).toEqual({ elements: 1, characters: 1 });
  });
});

describe('WordSequence', () => {
  it('weighs the most frequent n-gram, the first one on ties', () => {
    expect(new WordSequence(['ab', 'c', 'c', 'ab']).topNGramCharacters(1)).toBe(4);
    expect(new WordSequence(['c', 'ab', 'ab', 'c']).topNGramCharacters(1)).toBe(2);
    expect(new WordSequence(['a', 'b']).topNGramCharacters(3)).toBe(0);
    expect(new WordSequence([]).topNGramCharacters(2)).toBe(0);
  });

  it.each([
    ['a b c d e a b c d e f'.split(' '), 5],
    [Array(12).fill('a'), 10],
    ['x y '.repeat(6).trim().split(' '), 10],
  ])('sums repeated 5-grams of %j to %i', (words, expected) => {
    expect(new WordSequence(words).duplicateNGramCharacters(5)).toBe(expected);
  });

  it('takes n-grams for equal when their characters are, wherever the words meet', () => {
    const words = ['ab', 'c', '|', 'a', 'bc'];
    expect(new WordSequence(words).duplicateNGramCharacters(2)).toBe(3);
    expect(new WordSequence(words).topNGramCharacters(2)).toBe(4);
  });

  it('agrees with counting in a map, for any words', () => {
    const word = fc.constantFrom('a', 'b', 'ab', 'ba', '😀', 'é', 'abab');
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (words, n) => {
        const sequence = new WordSequence(words);
        expect(sequence.topNGramCharacters(n)).toBe(topLength(words, n));
        expect(sequence.duplicateNGramCharacters(n)).toBe(duplicateLength(words, n));
      }),
    );
  });
});
