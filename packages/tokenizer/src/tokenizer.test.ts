import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import corpus from './fixtures/corpus.json' with { type: 'json' };
import { anyText, DIFFICULT_TEXTS } from './fixtures/test-texts.ts';
import { Tokenizer } from './tokenizer.ts';
import { trainBpe } from './train-bpe.ts';

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await trainBpe(corpus.texts, {
    vocabularySize: 1000,
    specialTokens: ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<|im'],
  });
});

const wellFormed = (text: string): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text));

describe('Tokenizer', () => {
  it('gives any text back, surrogates without partners as U+FFFD', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(wellFormed(text));
      }),
      { numRuns: 1000 },
    );
    for (const text of DIFFICULT_TEXTS) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  it('encodes the same text to the same ids the second time, from memory', () => {
    const text = corpus.texts.join('\n');
    const first = tokenizer.encode(text);
    expect(tokenizer.encode(text)).toEqual(first);
    expect(first).toBeInstanceOf(Uint32Array);
    expect(tokenizer.count(text)).toBe(first.length);
    expect(tokenizer.bytesPerToken(text)).toBeCloseTo(new TextEncoder().encode(text).length / first.length);
  });

  it('takes special tokens for text unless they are allowed', () => {
    const text = '<|im_start|>hi<|im_end|>';
    const [start, end] = ['<|im_start|>', '<|im_end|>'].map((token) => tokenizer.specialTokens.get(token) as number);
    expect([...tokenizer.encode(text)].some((id) => id === start || id === end)).toBe(false);
    expect([...tokenizer.encode(text, { allowedSpecial: 'all' })]).toEqual([start, ...tokenizer.encode('hi'), end]);
    const one = tokenizer.encode(text, { allowedSpecial: ['<|im_end|>'] });
    expect([one[0] === start, one[one.length - 1] === end]).toEqual([false, true]);
    for (const options of [{}, { allowedSpecial: 'all' as const }]) {
      expect(tokenizer.decode(tokenizer.encode(text, options))).toBe(text);
    }
  });

  it('prefers the longest of the special tokens that begin at one place', () => {
    expect([...tokenizer.encode('<|im<|im_end|>', { allowedSpecial: 'all' })]).toEqual([3, 2]);
  });

  it('refuses special tokens that are disallowed, and sets that name none', () => {
    expect(() => tokenizer.encode('a<|im_end|>', { disallowedSpecial: 'all' })).toThrow(
      expect.objectContaining({ code: 'DISALLOWED_SPECIAL_TOKEN', message: expect.stringContaining('"<|im_end|>"') }),
    );
    const both = { allowedSpecial: ['<|im_end|>'], disallowedSpecial: 'all' } as const;
    expect([...tokenizer.encode('<|im_end|>', both)]).toEqual([2]);
    expect(() => tokenizer.encode('a', { allowedSpecial: ['<|nope|>'] })).toThrow('"<|nope|>" is not one of the 4');
  });

  it('leaves special tokens out of the text when asked', () => {
    const ids = tokenizer.encode('a<|im_end|>b', { allowedSpecial: 'all' });
    expect(tokenizer.decode(ids, { skipSpecial: true })).toBe('ab');
  });

  it('names ids that do not exist', () => {
    const message = 'there is no token 100000 (at position 1); ids are below 1000';
    expect(() => tokenizer.decode([5, 100_000])).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_TOKEN', message: expect.stringContaining(message) }),
    );
    expect(() => tokenizer.decode([-1])).toThrow('there is no token -1');
    expect(() => tokenizer.decode([1.5])).toThrow('there is no token 1.5');
  });

  it('keeps a byte order mark', () => {
    expect(tokenizer.decode(tokenizer.encode('\ufeffa'))).toBe('\ufeffa');
  });

  it('streams tokens without splitting a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const decoder = tokenizer.streamDecoder();
        const parts = [...tokenizer.encode(text)].map((id) => decoder.push(id));
        expect(parts.join('')).toBe(text);
        expect(decoder.end()).toBe('');
      }),
    );
    const decoder = tokenizer.streamDecoder();
    const [first] = tokenizer.encode('😀');
    expect(decoder.push(first)).toBe('');
    expect(decoder.end()).toBe('\ufffd');
  });

  it.each(['a', '一', '😀', ' ', '\n', '\u0301', '\ud800'])('takes a million times %j', (character) => {
    const text = character.repeat(1e6);
    expect(tokenizer.decode(tokenizer.encode(text)) === wellFormed(text)).toBe(true);
  });

  it('remembers words in 60 MB at most', { tags: ['slow'] }, async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const memory = async (): Promise<number> => {
      // Buffers are freed a little after they were found to be garbage.
      for (let round = 0; round < 3; round++) {
        collectGarbage();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return process.memoryUsage().arrayBuffers;
    };
    const fresh = await trainBpe(['e'.repeat(64)], { vocabularySize: 300 });
    const before = await memory();
    // Words of 64 bytes and some ten tokens: about the most that is kept of both.
    for (let round = 0; round < 6; round++) {
      const letters = (index: number): string =>
        (round * 1e5 + index + 12e6).toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]);
      const word = (index: number): string => ` ${letters(index)}${'e'.repeat(57)}`;
      fresh.count(Array.from({ length: 100_000 }, (_, index) => word(index)).join(''));
    }
    const remembered = (await memory()) - before;
    expect(remembered).toBeGreaterThan(30e6);
    expect(remembered).toBeLessThan(60e6);
  });

  it('forgets words rather than grow without bounds, and stays right', () => {
    const text = Array.from({ length: 300_000 }, (_, index) => `w${index.toString(36)}`).join(' ');
    expect(tokenizer.decode(tokenizer.encode(text)) === text).toBe(true);
  });

  it('knows the roles of special tokens', () => {
    expect([tokenizer.eosTokenId, tokenizer.bosTokenId, tokenizer.padTokenId]).toEqual([0, undefined, undefined]);
  });

  it('names a byte that the vocabulary cannot say, and goes on working', () => {
    const json = tokenizer.toJson() as { model: { vocab: Record<string, number>; merges: string[] } };
    const { A: _, ...vocab } = json.model.vocab;
    const merges = json.model.merges.filter((merge) => !merge.includes('A'));
    const poor = Tokenizer.fromJson({ ...json, model: { ...json.model, vocab, merges } });
    for (let round = 0; round < 2; round++) {
      expect(() => poor.encode('x A')).toThrow('no token for the byte 0x41');
      expect(poor.decode(poor.encode('x B y'))).toBe('x B y');
    }
  });
});
