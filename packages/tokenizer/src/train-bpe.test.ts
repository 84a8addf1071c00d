import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { BPE, byteLevelPreTokenizer, Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { describe, expect, it } from 'vitest';
import corpus from './fixtures/corpus.json' with { type: 'json' };
import trained from './fixtures/trained.json' with { type: 'json' };
import type { PatternName } from './patterns.ts';
import type { Tokenizer } from './tokenizer.ts';
import { trainBpe } from './train-bpe.ts';

interface Model {
  vocab: Record<string, number>;
  merges: string[];
}

const modelOf = (tokenizer: Tokenizer): Model => tokenizer.toJson().model as Model;

/** Merges that Hugging Face's own trainer learns: 30,000 at most, from a file, with GPT-2's pattern. */
async function huggingFaceMerges(text: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'smol-tokenizer-'));
  try {
    await writeFile(join(folder, 'corpus.txt'), text);
    const tokenizer = new HuggingFaceTokenizer(BPE.empty());
    tokenizer.setPreTokenizer(byteLevelPreTokenizer(false));
    tokenizer.train([join(folder, 'corpus.txt')]);
    tokenizer.save(join(folder, 'tokenizer.json'));
    const { model } = (await import(join(folder, 'tokenizer.json'), { with: { type: 'json' } })).default as {
      model: { merges: string[][] };
    };
    return model.merges.map((merge) => merge.join(' '));
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('trainBpe', () => {
  it.each(Object.keys(trained.merges) as (keyof typeof trained.merges)[])(
    'learns the merges and gives the ids of Hugging Face tokenizers with the pattern %s',
    async (pattern) => {
      const { vocabularySize, specialTokens } = trained;
      const tokenizer = await trainBpe(corpus.texts, { vocabularySize, specialTokens, pattern });
      expect(modelOf(tokenizer).merges).toEqual(trained.merges[pattern]);
      expect([...tokenizer.encode(corpus.texts.slice(1).join('\n\n')).subarray(0, 400)]).toEqual(trained.ids[pattern]);
    },
  );

  it('learns the merges of npm tokenizers until no pair is left', async () => {
    const [text] = corpus.texts;
    const theirs = await huggingFaceMerges(text);
    const ours = modelOf(await trainBpe([text], { vocabularySize: 30_000, pattern: 'gpt2' })).merges;
    expect(theirs.length).toBeGreaterThan(2000);
    // Their trainer is fed lines, so that pieces with line ends differ: compare what no line end touches.
    expect(ours.slice(0, 500)).toEqual(theirs.slice(0, 500));
  });

  it('puts special tokens first, then the bytes, then the merges', async () => {
    const tokenizer = await trainBpe(['aa aa'], { vocabularySize: 259, specialTokens: ['<|a|>', '<|b|>'] });
    expect([...tokenizer.specialTokens]).toEqual([
      ['<|a|>', 0],
      ['<|b|>', 1],
    ]);
    expect([tokenizer.idToToken(2), tokenizer.idToToken(257), tokenizer.idToToken(258)]).toEqual(['!', 'Ń', 'aa']);
    expect(tokenizer.vocabularySize).toBe(259);
  });

  it('does not care how the corpus is cut into texts or in which order they come', async () => {
    const options = { vocabularySize: 400, pattern: 'llama3' as PatternName };
    const whole = modelOf(await trainBpe(corpus.texts, options));
    async function* backwards(): AsyncGenerator<string> {
      yield* corpus.texts.toReversed();
    }
    expect(modelOf(await trainBpe(backwards(), options))).toEqual(whole);
  });

  it('learns nothing from an empty corpus, and stops when no pair is left', async () => {
    expect((await trainBpe([], { vocabularySize: 1000 })).vocabularySize).toBe(257);
    expect((await trainBpe([''], { vocabularySize: 1000 })).vocabularySize).toBe(257);
    expect((await trainBpe(['abc'], { vocabularySize: 1000 })).vocabularySize).toBe(259);
  });

  it('leaves pairs alone that are rarer than the minimum frequency', async () => {
    const texts = ['ab ab ab cd cd ef'];
    const learned = async (minimumFrequency: number): Promise<string[]> =>
      modelOf(await trainBpe(texts, { vocabularySize: 1000, minimumFrequency })).merges;
    expect(await learned(3)).toEqual(['a b']);
    expect((await learned(2)).sort()).toEqual(['a b', 'c d', 'Ġ ab', 'Ġ cd'].sort());
  });

  it('makes no token longer than the maximum, as Hugging Face does with one more', async () => {
    const texts = ['abcdefgh abcdefgh hello hello worlds worlds'];
    const tokenizer = await trainBpe(texts, { vocabularySize: 400, maximumTokenLength: 4 });
    const lengths = Array.from(tokenizer.tokens(), ([id]) => (id === 0 ? 0 : tokenizer.decodeBytes([id]).length));
    expect(Math.max(...lengths)).toBe(4);
    expect(modelOf(tokenizer).merges.length).toBeGreaterThan(5);
  });

  it('never makes a special token out of ordinary text', async () => {
    const tokenizer = await trainBpe(['stop stop stop'], { vocabularySize: 300, specialTokens: ['stop'] });
    expect([...tokenizer.encode('stop')]).not.toContain(0);
    expect(tokenizer.decode(tokenizer.encode('stop stop'))).toBe('stop stop');
  });

  it('reports progress', async () => {
    const stages: string[] = [];
    await trainBpe(['aaaa', 'bb'], {
      vocabularySize: 259,
      onProgress: ({ stage, done }) => stages.push(`${stage} ${done}`),
    });
    expect(stages).toEqual(['counting 1', 'counting 2', 'merging 258', 'merging 259']);
  });

  it('trains on a word of a million letters in no time', async () => {
    const letters = Array.from({ length: 1e6 }, (_, index) => 'abcdefgh'[(index * index * 7919) % 8]).join('');
    const tokenizer = await trainBpe([letters], { vocabularySize: 400 });
    expect(tokenizer.decode(tokenizer.encode(letters)) === letters).toBe(true);
  });

  it('trains with an expression of one’s own', async () => {
    const tokenizer = await trainBpe(['a_b a_b a_b'], { vocabularySize: 300, pattern: /[^_]+|_/u });
    expect(modelOf(tokenizer).merges).not.toContain('a _');
  });

  it('decodes what it encodes, whatever it was trained on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 }),
        fc.string({ unit: 'grapheme' }),
        async (texts, text) => {
          const tokenizer = await trainBpe(texts, { vocabularySize: 300 });
          expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each([
    [{ vocabularySize: 200 }, 'from 257'],
    [{ vocabularySize: 1000.5 }, 'got 1000.5'],
    [{ vocabularySize: 1000, minimumFrequency: Number.NaN }, 'minimumFrequency'],
    [{ vocabularySize: 1000, maximumTokenLength: 0 }, 'maximumTokenLength'],
    [{ vocabularySize: 1000, specialTokens: ['a', 'a'] }, '"a" is empty, a single byte or there twice'],
    [{ vocabularySize: 1000, specialTokens: [''] }, '"" is empty'],
    [{ vocabularySize: 1000, pattern: 'x' as PatternName }, 'unknown split pattern "x"'],
  ])('refuses %j', async (options, message) => {
    await expect(trainBpe([], options)).rejects.toThrow(message);
  });
});
