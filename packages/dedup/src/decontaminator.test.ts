import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decontaminator } from './decontaminator.ts';
import { normalizeText } from './normalize-text.ts';

const QUERY = 'a b c d e';
const LABEL = 'f g h i j';

/** Which of the n-grams of the example in datatrove's documentation (n = 4) are found. */
function foundOf(options: object): string[] {
  const decontaminator = new Decontaminator({ ngram: 4, ...options });
  decontaminator.add({ task: 'letters', query: QUERY, label: LABEL });
  const letters = `${QUERY} ${LABEL}`.split(' ');
  const ngrams = letters.slice(3).map((_, start) => letters.slice(start, start + 4).join(' '));
  return ngrams.filter((ngram) => decontaminator.find(ngram) !== null);
}

describe('Decontaminator', () => {
  it('looks for n-grams of the label, and of query and label together', () => {
    expect(foundOf({})).toEqual(['c d e f', 'd e f g', 'e f g h', 'f g h i', 'g h i j']);
  });

  it('looks for n-grams of the query, or of the label alone, as asked', () => {
    expect(foundOf({ overlapNgrams: false })).toEqual(['f g h i', 'g h i j']);
    expect(foundOf({ queryNgrams: true })).toHaveLength(7);
  });

  it('says what matched and in which evaluation, whatever its case and punctuation', () => {
    const decontaminator = new Decontaminator({ ngram: 5 });
    decontaminator.add({ task: 'mice', label: 'The house mouse is a small mammal.' });
    expect(decontaminator.find('It says: the HOUSE mouse, is a small one')).toEqual({
      task: 'mice',
      ngram: 'the house mouse is a',
    });
    expect(decontaminator.find('the house mouse is small')).toBeNull();
    expect(decontaminator.size).toBe(3);
  });

  it('finds nothing in or for texts shorter than an n-gram', () => {
    const decontaminator = new Decontaminator();
    decontaminator.add({ task: 'short', label: 'yes' });
    expect(decontaminator.size).toBe(0);
    expect(decontaminator.find('')).toBeNull();
  });

  it('finds the first n-gram that plain comparison finds, in texts of any length and script', () => {
    const words = ['One', 'two,', 'three', '4.5', 'fünf', 'шесть', 'ΣΑΣ', '七', '\u0301', '- -', '\ufeff8'];
    const text = fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((drawn) => drawn.join(' '));
    const wordsOf = (of: string) =>
      normalizeText(of)
        .split(/ +/)
        .filter((word) => word !== '');
    const ngrams = (of: string) =>
      wordsOf(of).flatMap((_, start, all) => (start + 3 <= all.length ? [all.slice(start, start + 3).join(' ')] : []));
    const check = (label: string, document: string) => {
      const decontaminator = new Decontaminator({ ngram: 3 });
      decontaminator.add({ task: 'task', label });
      const known = new Set(ngrams(label));
      const expected = ngrams(document).find((ngram) => known.has(ngram)) ?? null;
      expect(decontaminator.find(document)?.ngram ?? null).toBe(expected);
    };
    fc.assert(fc.property(text, text, check), { numRuns: 300 });
    check('and at last this', `${'word '.repeat(3000)} and at last this`);
  });

  it('refuses impossible lengths', () => {
    expect(() => new Decontaminator({ ngram: 0 })).toThrow('ngram must be an integer in [1, 1024], got 0');
  });
});
