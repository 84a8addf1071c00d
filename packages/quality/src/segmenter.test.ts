import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultSegmenter, spacySegmenter, treebankSegmenter, whitespaceSegmenter } from './segmenter.ts';
import { treebankSentences } from './treebank-sentences.ts';
import { ruledSentenceWords } from './treebank-words.ts';

const SEGMENTERS = [whitespaceSegmenter, treebankSegmenter, spacySegmenter];

describe.each(SEGMENTERS)('the $name segmenter', (segmenter) => {
  it('gives words without whitespace, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        expect(
          segmenter.words(text).every((word) => word.length > 0 && !/\s/.test(word.replaceAll('\ufeff', ''))),
        ).toBe(true);
      }),
    );
  });

  it('finds no word in an empty text', () => {
    expect(segmenter.words('')).toEqual([]);
    expect(segmenter.words(' \n ')).toEqual([]);
  });

  it('counts plain sentences', () => {
    expect(segmenter.countSentences('It rains. Does it? It does! So be it.')).toBe(4);
  });
});

describe('the spacy segmenter', () => {
  it('loses no character that is not whitespace', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab.,:;\'’"()-!A1$ \n…😀'), maxLength: 60 }), (text) => {
        expect(spacySegmenter.words(text).join('')).toBe(text.replace(/\s/g, ''));
      }),
    );
  });

  it('does not end a sentence at an abbreviation', () => {
    expect(spacySegmenter.countSentences('Mr. Smith met Dr. Jones, i.e. the doctor. They left.')).toBe(2);
  });
});

describe('the treebank segmenter', () => {
  // NLTK 3.10.4: NLTKWordTokenizer().tokenize(sentence)
  it.each([
    ["They'll save and invest more.", "They 'll save and invest more ."],
    ['Good muffins cost $3.88 in New York.', 'Good muffins cost $ 3.88 in New York .'],
    ['"We can\'t," she said (twice).', "`` We ca n't , '' she said ( twice ) ."],
    ["I cannot see the dogs' 3,000 bones -- gonna try...", "I can not see the dogs ' 3,000 bones -- gon na try ..."],
    ['A state-of-the-art e.g. 10:30 test: done!', 'A state-of-the-art e.g . 10:30 test : done !'],
    ['“Curly” ‘quotes’ and 50% of #1 @home; yes?', '“ Curly ” ‘ quotes ’ and 50 % of # 1 @ home ; yes ?'],
  ])('splits %j', (text, words) => {
    expect(treebankSegmenter.words(text).join(' ')).toBe(words);
  });

  it('gives plain sentences the words that all the rules give them', () => {
    const piece = fc.constantFrom(
      'word',
      'Mr.',
      '3,000',
      ',',
      ':',
      ';',
      '.',
      '?',
      '!',
      '(',
      ')',
      ' ',
      ' ',
      '-',
      '10:30',
      '5%',
      '$3.50',
      'a',
      '*',
      '&',
      'U.S.',
      '#1',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('');
        expect(treebankSegmenter.words(text)).toEqual(treebankSentences(text).flatMap(ruledSentenceWords));
      }),
      { numRuns: 2000 },
    );
  });

  it('ends sentences as Punkt does', () => {
    expect(treebankSentences('Mr. Smith paid $3.50. He left at 5 p.m. The end... of it? "Yes." No.')).toEqual([
      'Mr. Smith paid $3.50.',
      'He left at 5 p.m.',
      'The end... of it?',
      '"Yes."',
      'No.',
    ]);
  });
});

describe('defaultSegmenter', () => {
  it('is what the preset’s code used', () => {
    expect(defaultSegmenter('fineweb-2024')).toBe(treebankSegmenter);
    expect(defaultSegmenter('fineweb-head')).toBe(spacySegmenter);
  });
});
