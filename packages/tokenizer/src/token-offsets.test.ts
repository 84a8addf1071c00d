import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import corpus from './fixtures/corpus.json' with { type: 'json' };
import { anyText } from './fixtures/test-texts.ts';
import type { Tokenizer } from './tokenizer.ts';
import { trainBpe } from './train-bpe.ts';

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await trainBpe(corpus.texts, { vocabularySize: 900, specialTokens: ['<|im_end|>'] });
});

const places = (text: string, options = {}): string[] => {
  const { ids, starts, ends } = tokenizer.encodeWithOffsets(text, options);
  return Array.from(ids, (_, index) => text.slice(starts[index], ends[index]));
};

describe('encodeWithOffsets', () => {
  it('tells where each token stands', () => {
    expect(places('a <|im_end|>!é', { allowedSpecial: 'all' })).toEqual(['a', ' ', '<|im_end|>', '!', 'é']);
    expect(places('\n\nZ')).toEqual(['\n\n', 'Z']);
  });

  it('gives tokens that share a character the place of the whole character', () => {
    expect(places('😀')).toEqual(['😀', '😀', '😀', '😀']);
  });

  it('gives the ids of encode, and places that cover the text in order', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { ids, starts, ends } = tokenizer.encodeWithOffsets(text, { allowedSpecial: 'all' });
        expect(ids).toEqual(tokenizer.encode(text, { allowedSpecial: 'all' }));
        let covered = 0;
        for (let index = 0; index < ids.length; index++) {
          expect(starts[index]).toBeLessThanOrEqual(covered);
          expect(ends[index]).toBeGreaterThan(starts[index]);
          const part = text.slice(starts[index], ends[index]);
          const bytes = Buffer.from(part);
          expect(bytes.includes(Buffer.from(tokenizer.decodeBytes([ids[index]])))).toBe(true);
          covered = ends[index];
        }
        expect(covered).toBe(text.length);
      }),
      { numRuns: 1000 },
    );
  });
});
