import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { beforeAll, describe, expect, it } from 'vitest';
import { declarations, sourceCode, speeches } from './fixtures/corpora.ts';
import merges from './fixtures/merges.json' with { type: 'json' };
import type { JsonObject } from './json.ts';
import { anyText } from './fixtures/test-texts.ts';
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

const byteLevel = (use_regex: boolean) => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex,
});

/** Added tokens after the vocabulary. */
const added = (contents: readonly string[], special: boolean): JsonObject[] =>
  contents.map((content, index) => ({
    id: 32_768 + index,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special,
  }));

const BEGIN = '<|begin_of_text|>';
const beginOfText = {
  type: 'TemplateProcessing',
  single: [{ SpecialToken: { id: BEGIN, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
  pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
  special_tokens: { [BEGIN]: { id: BEGIN, ids: [32_768], tokens: [BEGIN] } },
};

interface Style {
  added: readonly string[];
  special: boolean;
  ignoreMerges: boolean;
  /** The parts that replace those of the trained tokenizer, which splits as Llama 3 does. */
  parts: JsonObject;
}

/** What the tokenizer.json of known models have, over one vocabulary. */
const digits = { type: 'Digits', individual_digits: true };
const THOUGHT = ['<think>', '</think>', '<tool_call>', '</tool_call>'];
const styles: Record<string, Style> = {
  'GPT-2': { added: [], special: true, ignoreMerges: false, parts: { pre_tokenizer: byteLevel(true) } },
  'Llama 3': {
    added: [BEGIN, '<|end_of_text|>', '<|eot_id|>'],
    special: true,
    ignoreMerges: true,
    parts: {
      post_processor: { type: 'Sequence', processors: [{ ...byteLevel(true), trim_offsets: false }, beginOfText] },
    },
  },
  SmolLM2: {
    added: ['<|im_start|>', '<|im_end|>', '<repo_name>'],
    special: true,
    ignoreMerges: false,
    parts: { pre_tokenizer: { type: 'Sequence', pretokenizers: [digits, byteLevel(true)] } },
  },
  SmolLM3: { added: THOUGHT, special: false, ignoreMerges: true, parts: {} },
};

describe.each(Object.entries(styles))('a tokenizer.json as %s has it', slow, (_, style) => {
  let ours: Tokenizer;
  let theirs: HuggingFaceTokenizer;
  beforeAll(() => {
    const json = trained.toJson();
    const styled = {
      ...json,
      ...style.parts,
      added_tokens: [...(json.added_tokens as JsonObject[]), ...added(style.added, style.special)],
      model: { ...(json.model as JsonObject), ignore_merges: style.ignoreMerges },
    };
    ours = Tokenizer.fromJson(styled);
    theirs = HuggingFaceTokenizer.fromString(JSON.stringify(styled));
  });

  /** Texts for which the ids differ; theirs cannot take surrogates without partners. */
  async function differing(texts: string[]): Promise<string[]> {
    const encodings = await theirs.encodeBatch(texts);
    return texts.filter((text, index) => {
      const ids = encodings[index].getIds();
      const own = ours.encode(text, { allowedSpecial: 'all', addSpecialTokens: true });
      return ids.length !== own.length || ids.some((id, at) => id !== own[at]);
    });
  }

  it('gives the ids of Hugging Face for 10,000 random strings, with added tokens among them', async () => {
    const addedToken = fc.constantFrom('<|endoftext|>', '<think', ...style.added);
    const text = fc.oneof({ weight: 3, arbitrary: anyText }, { weight: 1, arbitrary: addedToken });
    const texts = fc.array(text, { maxLength: 4 }).map((parts) => parts.join(''));
    const wellFormed = texts.filter((joined) => !/\p{Surrogate}/u.test(joined));
    expect(await differing(fc.sample(wellFormed, 10_000))).toEqual([]);
  });

  it.each(Object.keys(corpora) as (keyof typeof corpora)[])(
    'gives the ids of Hugging Face for a corpus: %s',
    async (name) => {
      const texts = corpora[name]();
      for (let start = 0; start < texts.length; start += 50) {
        expect(await differing(texts.slice(start, start + 50))).toEqual([]);
      }
    },
  );
});
