import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { beforeAll, describe, expect, it } from 'vitest';
import { declarations, sourceCode, speeches } from './fixtures/corpora.ts';
import merges from './fixtures/merges.json' with { type: 'json' };
import type { JsonObject } from './json.ts';
import { anyText, difficultText } from './fixtures/test-texts.ts';
import { Tokenizer } from './tokenizer.ts';
import { trainBpe } from './train-bpe.ts';

const corpora = { English: speeches, '500 languages': declarations, 'source code': sourceCode };
const slow = { tags: ['slow'], timeout: 120_000 };

let trained: Tokenizer;
beforeAll(async () => {
  trained = await trainBpe([...speeches(), ...declarations()], { vocabularySize: 32_768 });
}, 120_000);

describe('training on speeches and 500 languages', slow, () => {
  it.each(Object.entries(merges.sha256))('learns the merges of Hugging Face for %s tokens', async (size, sha256) => {
    const model = trained.toJson().model as { merges: string[] };
    // The trained vocabularies nest: the merges of a smaller one are the first of a larger one.
    const learned = model.merges.slice(0, Number(size) - 257);
    expect(learned).toHaveLength(Number(size) - 257);
    expect(createHash('sha256').update(learned.join('\n')).digest('hex')).toBe(sha256);
  });
});

/** The styles of known models over one vocabulary. */
const digits = { type: 'Digits', individual_digits: true };
const byteLevel = (use_regex: boolean) => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex,
});
const styles: Record<string, (json: JsonObject) => JsonObject> = {
  'GPT-2': (json) => ({ ...json, pre_tokenizer: byteLevel(true) }),
  'Llama 3 and SmolLM3': (json) => ({ ...json, model: { ...(json.model as JsonObject), ignore_merges: true } }),
  SmolLM2: (json) => ({ ...json, pre_tokenizer: { type: 'Sequence', pretokenizers: [digits, byteLevel(true)] } }),
};

describe.each(Object.keys(styles))('a tokenizer.json as %s has it', slow, (style) => {
  let ours: Tokenizer;
  let theirs: HuggingFaceTokenizer;
  beforeAll(() => {
    const json = styles[style](trained.toJson());
    ours = Tokenizer.fromJson(json);
    theirs = HuggingFaceTokenizer.fromString(JSON.stringify(json));
  });

  /** Texts for which the ids differ; theirs cannot take surrogates without partners. */
  async function differing(texts: string[]): Promise<string[]> {
    const encodings = await theirs.encodeBatch(texts, { addSpecialTokens: false });
    return texts.filter((text, index) => {
      const ids = encodings[index].getIds();
      const own = ours.encode(text, { allowedSpecial: 'all' });
      return ids.length !== own.length || ids.some((id, at) => id !== own[at]);
    });
  }

  it('gives the ids of Hugging Face for 5,000 random strings', async () => {
    const wellFormed = fc.oneof(anyText, difficultText).filter((text) => !/\p{Surrogate}/u.test(text));
    expect(await differing(fc.sample(wellFormed, 5000))).toEqual([]);
  });

  // Llama 3's pattern is the one that is used here; the others get the languages, which is where patterns differ.
  const names = style.startsWith('Llama')
    ? (Object.keys(corpora) as (keyof typeof corpora)[])
    : (['500 languages'] as const);
  it.each(names)('gives the ids of Hugging Face for a corpus: %s', async (name) => {
    const texts = corpora[name]();
    for (let start = 0; start < texts.length; start += 50) {
      expect(await differing(texts.slice(start, start + 50))).toEqual([]);
    }
  });
});
