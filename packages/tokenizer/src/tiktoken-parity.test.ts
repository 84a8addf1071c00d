import fc from 'fast-check';
import type { Tiktoken } from 'tiktoken';
import { get_encoding } from 'tiktoken';
import { beforeAll, describe, expect, it } from 'vitest';
import { declarations, sourceCode, speeches } from './fixtures/corpora.ts';
import { anyText, difficultText } from './fixtures/test-texts.ts';
import { TIKTOKEN_NAMES, tiktokenEncoding } from './tiktoken.ts';
import type { Tokenizer } from './tokenizer.ts';

const corpora = { English: speeches, '500 languages': declarations, 'source code': sourceCode };

function isSame(left: Uint32Array, right: Uint32Array): boolean {
  return Buffer.compare(Buffer.from(left.buffer, left.byteOffset, left.byteLength), bytesOf(right)) === 0;
}

function bytesOf(ids: Uint32Array): Uint8Array {
  return new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength);
}

describe.each(TIKTOKEN_NAMES)('%s', { tags: ['slow'], timeout: 120_000 }, (name) => {
  let ours: Tokenizer;
  let theirs: Tiktoken;
  beforeAll(() => {
    ours = tiktokenEncoding(name);
    theirs = get_encoding(name);
  });
  const differs = (text: string): boolean => !isSame(ours.encode(text), theirs.encode_ordinary(text));

  it('gives the ids of tiktoken for 25,000 random strings', () => {
    const isSameEverywhere = fc.property(fc.oneof(anyText, difficultText), (text) => !differs(text));
    expect(() => fc.assert(isSameEverywhere, { numRuns: 25_000 })).not.toThrow();
  });

  it.each(Object.keys(corpora) as (keyof typeof corpora)[])('gives the ids of tiktoken for a corpus: %s', (corpus) => {
    const texts = corpora[corpus]();
    expect(texts.length).toBeGreaterThan(100);
    expect(texts.filter(differs)).toEqual([]);
  });
});
