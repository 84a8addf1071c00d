import fc from 'fast-check';
import type { Tiktoken } from 'tiktoken';
import { get_encoding } from 'tiktoken';
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { beforeAll, describe, expect, it } from 'vitest';
import corpus from './fixtures/corpus.json' with { type: 'json' };
import { DIFFICULT_TEXTS, anyText } from './fixtures/test-texts.ts';
import { encodingFromRanks, TIKTOKEN_NAMES, tiktokenEncoding } from './tiktoken.ts';
import type { TiktokenName } from './tiktoken.ts';
import type { Tokenizer } from './tokenizer.ts';

describe.each(TIKTOKEN_NAMES)('tiktokenEncoding(%j)', { tags: ['slow'] }, (name) => {
  let ours: Tokenizer;
  let theirs: Tiktoken;
  beforeAll(() => {
    ours = tiktokenEncoding(name);
    theirs = get_encoding(name);
  });

  it('gives the ids of tiktoken for prose, code and many scripts', () => {
    for (const text of corpus.texts) expect(ours.encode(text)).toEqual(theirs.encode_ordinary(text));
  });

  it.each(DIFFICULT_TEXTS)('gives the ids of tiktoken for %j', (text) => {
    expect(ours.encode(text)).toEqual(theirs.encode_ordinary(text));
  });

  it('gives the ids of tiktoken for any text, and the text back', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = ours.encode(text);
        expect(ids).toEqual(theirs.encode_ordinary(text));
        expect(ours.decodeBytes(ids)).toEqual(new TextEncoder().encode(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('treats special tokens as tiktoken does', () => {
    const text = 'a<|endoftext|>b <|fim_prefix|> <|endofprompt|>';
    expect(ours.encode(text, { allowedSpecial: 'all' })).toEqual(theirs.encode(text, 'all'));
    expect(ours.encode(text, { allowedSpecial: ['<|endoftext|>'] })).toEqual(
      theirs.encode(text, ['<|endoftext|>'], []),
    );
    expect(() => ours.encode(text, { disallowedSpecial: 'all' })).toThrow('the special token "<|endoftext|>"');
  });

  it('knows the bytes of every token', () => {
    const ids = Array.from({ length: ours.vocabularySize }, (_, id) => id).filter(
      (id) => ours.idToToken(id) !== undefined,
    );
    const wrong = ids.filter(
      (id) => Buffer.compare(ours.decodeBytes([id]), theirs.decode_single_token_bytes(id)) !== 0,
    );
    expect(ids.length).toBeGreaterThan(50_000);
    expect(wrong).toEqual([]);
  });
});

it('saves an encoding as a tokenizer.json that Hugging Face reads', { tags: ['slow'] }, async () => {
  const ours = tiktokenEncoding('cl100k_base');
  const theirs = HuggingFaceTokenizer.fromString(JSON.stringify(ours.toJson()));
  for (const text of [...corpus.texts, ...DIFFICULT_TEXTS]) {
    const encoding = await theirs.encode(text, null, { addSpecialTokens: false });
    expect([...ours.encode(text, { allowedSpecial: 'all' })]).toEqual(encoding.getIds());
  }
});

it('gives the ids that the manual prints', { tags: ['slow'] }, () => {
  expect([...tiktokenEncoding('cl100k_base').encode('tiktoken is great!')]).toEqual([83, 1609, 5963, 374, 2294, 0]);
});

it('refuses other names', () => {
  expect(() => tiktokenEncoding('gpt4' as TiktokenName)).toThrow('use one of r50k_base');
});

describe('encodingFromRanks', () => {
  const base64 = (...bytes: number[]): string => btoa(String.fromCharCode(...bytes));
  const lines = Array.from({ length: 256 }, (_, byte) => `${base64(byte)} ${byte}`);
  const make = (ranks: readonly string[], specialTokens: Record<string, number> = {}) =>
    encodingFromRanks({ ranks: ranks.join('\n'), pattern: '\\p{L}+|\\s+', specialTokens });

  it('reads a rank file', () => {
    const tokenizer = make([...lines, `${base64(0x61, 0x62)} 256`, ''], { '<|endoftext|>': 257 });
    expect([...tokenizer.encode('ab a<|endoftext|>', { allowedSpecial: 'all' })]).toEqual([256, 32, 97, 257]);
  });

  it('takes a gap that a special token fills', () => {
    const tokenizer = make([...lines, `${base64(0x61, 0x62)} 257`], { '<|endoftext|>': 256 });
    expect([...tokenizer.encode('ab<|endoftext|>', { allowedSpecial: 'all' })]).toEqual([257, 256]);
  });

  it.each([
    ['a gap', [...lines, `${base64(0x61, 0x62)} 257`], 'rank 256 is missing'],
    ['an end that is cut off', lines.slice(0, 200), 'the byte 0xc8 has no rank'],
    ['a line that is cut off', [...lines, 'YWI='], 'line 257: "YWI=" has no rank'],
    ['a rank that is there twice', [...lines, `${base64(0x61, 0x62)} 255`], 'the rank 255 is there twice'],
    ['a token that is there twice', [...lines, `${base64(0x61)} 256`], 'the token "a" or the rank 256 is there twice'],
    ['no Base64', [...lines, '%% 256'], 'line 257: "%%" is not a token in Base64'],
  ])('refuses %s', (_, ranks, problem) => {
    expect(() => make(ranks)).toThrow(
      expect.objectContaining({ code: 'BAD_RANK_FILE', message: expect.stringContaining(problem) }),
    );
  });
});
