import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BatchEncoder, encodeBatch, encodeFile } from './encode-batch.ts';
import corpus from './fixtures/corpus.json' with { type: 'json' };
import { DIFFICULT_TEXTS } from './fixtures/test-texts.ts';
import type { Tokenizer } from './tokenizer.ts';
import { trainBpe } from './train-bpe.ts';

const specialTokens = ['<|endoftext|>', '<|im_end|>'];
const texts = [...corpus.texts, ...DIFFICULT_TEXTS, 'a<|im_end|>b'];

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await trainBpe(corpus.texts, { vocabularySize: 700, specialTokens });
});
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smol-tokenizer-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('encodeBatch', () => {
  it.each([1, 2, 3])('gives the ids of encode, in order, with %d workers', async (workers) => {
    expect(await encodeBatch(tokenizer, texts, { workers })).toEqual(texts.map((text) => tokenizer.encode(text)));
    const options = { allowedSpecial: new Set(['<|im_end|>']) };
    expect(await encodeBatch(tokenizer, texts, { workers, ...options })).toEqual(
      texts.map((text) => tokenizer.encode(text, options)),
    );
  });

  it('throws what encode throws', async () => {
    await expect(encodeBatch(tokenizer, texts, { workers: 2, disallowedSpecial: 'all' })).rejects.toMatchObject({
      code: 'DISALLOWED_SPECIAL_TOKEN',
    });
    await expect(encodeBatch(tokenizer, texts, { workers: -1 })).rejects.toThrow('workers must be an integer');
  });

  it('works on many batches, again and again', async () => {
    const encoder = new BatchEncoder(tokenizer, { workers: 2 });
    const many = Array.from({ length: 40 }, (_, index) => `${index} ${corpus.texts[0].repeat(4)}`);
    for (let round = 0; round < 2; round++) {
      expect(await encoder.encode(many)).toEqual(many.map((text) => tokenizer.encode(text)));
    }
    await encoder.close();
  });
});

describe('encodeFile', () => {
  it.each([1, 2])('writes each document and the end of text to a token shard (%d workers)', async (workers) => {
    const path = join(folder, 'd.jsonl');
    await writeFile(path, texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
    const written: number[][] = [];
    const totals = await encodeFile(tokenizer, path, { append: (ids) => written.push([...ids]) }, { workers });
    expect(written).toEqual(texts.map((text) => [...tokenizer.encode(text), 0]));
    expect(totals).toEqual({ documents: texts.length, tokens: written.flat().length });
  });

  it('writes nothing after documents when told so, and refuses what is no special token', async () => {
    const path = join(folder, 'd.txt');
    await writeFile(path, 'abc');
    await writeFile(join(folder, 'empty.txt'), '');
    const written: number[][] = [];
    const writer = { append: (ids: Uint32Array) => written.push([...ids]) };
    await encodeFile(tokenizer, path, writer, { workers: 1, endOfText: false });
    const nothing = await encodeFile(tokenizer, join(folder, 'empty.txt'), writer, { workers: 1, endOfText: false });
    expect(nothing).toEqual({ documents: 1, tokens: 0 });
    expect(written).toEqual([[...tokenizer.encode('abc')]]);
    await expect(encodeFile(tokenizer, path, writer, { endOfText: 'x' })).rejects.toThrow('"x" is not a special token');
  });
});
