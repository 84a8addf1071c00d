import { Tokenizer as JavaScriptTokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { beforeAll, describe, expect, it } from 'vitest';
import corpus from './fixtures/corpus.json' with { type: 'json' };
import type { JsonObject } from './json.ts';
import { DIFFICULT_TEXTS, difficultText } from './fixtures/test-texts.ts';
import { Tokenizer } from './tokenizer.ts';
import type { TrainOptions } from './train-bpe.ts';
import { trainBpe } from './train-bpe.ts';

const specialTokens = ['<|endoftext|>', '<|begin_of_text|>'];
const train = (options: Partial<TrainOptions>): Promise<Tokenizer> =>
  trainBpe(corpus.texts, { vocabularySize: 1200, specialTokens, ...options });

async function huggingFaceIds(json: object, text: string): Promise<number[]> {
  const tokenizer = HuggingFaceTokenizer.fromString(JSON.stringify(json));
  return (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds();
}

/** The text parts that Hugging Face, too, takes for text. */
const plain = (text: string): string => text.replaceAll('<|', '< |');

describe.each(['gpt2', 'llama3', 'o200k'] as const)('a tokenizer.json with the pattern %s', (pattern) => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await train({ pattern });
  });

  it('loads again as the same tokenizer', () => {
    const text = JSON.stringify(tokenizer.toJson());
    const again = Tokenizer.fromJson(text);
    expect(JSON.stringify(again.toJson())).toBe(text);
    for (const sample of [...corpus.texts, ...DIFFICULT_TEXTS])
      expect(again.encode(sample)).toEqual(tokenizer.encode(sample));
  });

  it('gives the same ids in Hugging Face tokenizers (Rust)', async () => {
    const reference = HuggingFaceTokenizer.fromString(JSON.stringify(tokenizer.toJson()));
    const check = async (text: string): Promise<void> => {
      const encoding = await reference.encode(plain(text), null, { addSpecialTokens: false });
      expect([...tokenizer.encode(plain(text))]).toEqual(encoding.getIds());
    };
    for (const text of [...corpus.texts, ...DIFFICULT_TEXTS]) await check(text);
    await fc.assert(
      fc.asyncProperty(
        difficultText.filter((text) => !/\p{Surrogate}/u.test(text)),
        check,
      ),
      { numRuns: 500 },
    );
  });

  it('finds special tokens where Hugging Face finds them, when they are allowed', async () => {
    for (const text of [
      '<|endoftext|>',
      'a <|begin_of_text|>b<|endoftext|><|endoftext|> <|endof',
      '<|<|endoftext|>|>',
    ]) {
      expect([...tokenizer.encode(text, { allowedSpecial: 'all' })]).toEqual(
        await huggingFaceIds(tokenizer.toJson(), text),
      );
    }
  });

  it('gives the same ids in @huggingface/tokenizers (JavaScript)', () => {
    const reference = new JavaScriptTokenizer(tokenizer.toJson(), {});
    for (const text of corpus.texts) {
      expect([...tokenizer.encode(text)]).toEqual(reference.encode(text, { add_special_tokens: false }).ids);
    }
  });
});

describe('Tokenizer.fromJson', () => {
  let json: JsonObject;
  beforeAll(async () => {
    json = (await train({ pattern: 'llama3' })).toJson();
  });
  const model = (changes: object): JsonObject => ({ ...json, model: { ...(json.model as object), ...changes } });

  it('reads merges as pairs too', () => {
    const pairs = (json.model as { merges: string[] }).merges.map((merge) => merge.split(' '));
    expect(Tokenizer.fromJson(model({ merges: pairs })).toJson()).toEqual(json);
  });

  it('follows ignore_merges as Hugging Face does', async () => {
    const { vocab } = json.model as { vocab: Record<string, number> };
    const changed = model({ ignore_merges: true, vocab: { ...vocab, Ġunmergeable: 1200 } });
    const tokenizer = Tokenizer.fromJson(changed);
    for (const text of ['an unmergeable word', ...corpus.texts]) {
      expect([...tokenizer.encode(text)]).toEqual(await huggingFaceIds(changed, text));
    }
    expect([...tokenizer.encode(' unmergeable')]).toEqual([1200]);
  });

  it('splits digits as SmolLM2 does', async () => {
    const steps = [
      { type: 'Digits', individual_digits: true },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    ];
    const changed = { ...json, pre_tokenizer: { type: 'Sequence', pretokenizers: steps } };
    const tokenizer = Tokenizer.fromJson(changed);
    for (const text of [...corpus.texts, ...DIFFICULT_TEXTS.map(plain), 'in 1984 12 ٣٤ x²']) {
      expect([...tokenizer.encode(text)]).toEqual(await huggingFaceIds(changed, text));
    }
  });

  it('applies several splits one inside the other', async () => {
    const split = (pattern: string): object => ({
      type: 'Split',
      pattern: { Regex: pattern },
      behavior: 'Isolated',
      invert: false,
    });
    const steps = [
      split('\\p{N}{1,3}'),
      split('[一-龥]+'),
      split('\\s?\\p{L}+|\\s+'),
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    ];
    const changed = { ...json, pre_tokenizer: { type: 'Sequence', pretokenizers: steps } };
    const tokenizer = Tokenizer.fromJson(changed);
    for (const text of [...corpus.texts, ...DIFFICULT_TEXTS.map(plain)]) {
      expect([...tokenizer.encode(text)]).toEqual(await huggingFaceIds(changed, text));
    }
  });

  it('finds added tokens that are not special in any text, as Hugging Face does', async () => {
    const added = (json.added_tokens as object[]).concat({
      id: 1200,
      content: '<tool>',
      special: false,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    });
    const changed = { ...json, added_tokens: added };
    const text = 'use <tool> now<tool>';
    expect([...Tokenizer.fromJson(changed).encode(text)]).toEqual(await huggingFaceIds(changed, text));
  });

  const flags = fc.record({
    special: fc.boolean(),
    single_word: fc.boolean(),
    lstrip: fc.boolean(),
    rstrip: fc.boolean(),
    normalized: fc.boolean(),
  });
  const fragments = fc.array(
    fc.constantFrom('<a>', '<ab', 'xy', ' ', '\n', '\u00a0', 'x', '_', '1', '!', '𝒳', '\u200d', 'é'),
    {
      maxLength: 12,
    },
  );

  it('takes strip, single-word and normalized flags of added tokens as Hugging Face does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(flags, { minLength: 3, maxLength: 3 }), fragments, async (chosen, parts) => {
        const added = ['<a>', '<ab', 'xy'].map((content, index) =>
          Object.assign({ id: 1200 + index, content }, chosen[index]),
        );
        const changed = { ...json, added_tokens: [...(json.added_tokens as object[]), ...added] };
        const ids = Tokenizer.fromJson(changed).encode(parts.join(''), { allowedSpecial: 'all' });
        expect([...ids]).toEqual(await huggingFaceIds(changed, parts.join('')));
      }),
      { numRuns: 300 },
    );
  });

  it('adds what a Llama 3 template adds, when asked', () => {
    const template = {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<|begin_of_text|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [],
      special_tokens: { '<|begin_of_text|>': { id: '<|begin_of_text|>', ids: [1], tokens: ['<|begin_of_text|>'] } },
    };
    const post_processor = { type: 'Sequence', processors: [{ type: 'ByteLevel' }, template] };
    const tokenizer = Tokenizer.fromJson({ ...json, post_processor });
    expect([...tokenizer.encode('a')]).toHaveLength(1);
    expect(tokenizer.encode('a', { addSpecialTokens: true })[0]).toBe(1);
    expect(tokenizer.toJson().post_processor).toEqual(post_processor);
  });

  it.each([
    [{ normalizer: { type: 'NFC' } }, 'normalizer NFC'],
    [{ truncation: { max_length: 8 } }, 'truncation'],
    [{ padding: {} }, 'padding'],
    [{ decoder: { type: 'WordPiece' } }, 'decoder WordPiece'],
    [{ decoder: null }, 'decoder null'],
    [{ pre_tokenizer: { type: 'Metaspace' } }, 'pre_tokenizer Metaspace'],
    [{ pre_tokenizer: null }, 'pre_tokenizer null'],
    [{ pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } }, 'add_prefix_space'],
    [
      { pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Punctuation' }, { type: 'ByteLevel' }] } },
      'Punctuation',
    ],
    [
      {
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [{ type: 'Split', pattern: { Regex: 'a' }, behavior: 'Removed' }, { type: 'ByteLevel' }],
        },
      },
      'Split with behavior "Removed"',
    ],
    [{ post_processor: { type: 'BertProcessing' } }, 'post_processor BertProcessing'],
  ])('refuses %j by name', (changes, feature) => {
    expect(() => Tokenizer.fromJson({ ...json, ...changes })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_FEATURE', message: expect.stringContaining(feature) }),
    );
  });

  it.each([
    [{ type: 'Unigram' }, 'model "Unigram"'],
    [{ byte_fallback: true }, 'model.byte_fallback true'],
    [{ dropout: 0.1 }, 'model.dropout 0.1'],
    [{ end_of_word_suffix: '</w>' }, 'model.end_of_word_suffix "</w>"'],
  ])('refuses the model %j by name', (changes, feature) => {
    expect(() => Tokenizer.fromJson(model(changes))).toThrow(`${feature} is not supported`);
  });

  it.each([
    ['{', 'not JSON'],
    ['[]', 'must be an object'],
    ['{"decoder":{"type":"ByteLevel"}}', 'model must be an object'],
    ['{"decoder":{"type":"ByteLevel"},"model":{"vocab":{"a":0}}}', 'model.merges must be an array'],
    ['{"decoder":{"type":"ByteLevel"},"model":{"vocab":{"a":0,"b":0},"merges":[]}}', '"a" is there already'],
    ['{"decoder":{"type":"ByteLevel"},"model":{"vocab":{"a":-1},"merges":[]}}', 'id must be in [0, 2^24)'],
    ['{"decoder":{"type":"ByteLevel"},"model":{"vocab":{"a":1e9},"merges":[]}}', 'id must be in [0, 2^24)'],
    ['{"decoder":{"type":"ByteLevel"},"model":{"vocab":{"a":0},"merges":["a"]}}', 'must be two tokens'],
    ['{"decoder":{"type":"ByteLevel"},"model":{"vocab":{"a":0},"merges":["a a"]}}', 'merge 0, "a a"'],
    [
      '{"decoder":{"type":"ByteLevel"},"added_tokens":[{"id":0}],"model":{"vocab":{},"merges":[]}}',
      'must have an id and a content',
    ],
  ])('says what is wrong with %s', (text, problem) => {
    expect(() => Tokenizer.fromJson(text)).toThrow(
      expect.objectContaining({ code: 'BAD_TOKENIZER_JSON', message: expect.stringContaining(problem) }),
    );
  });

  it('says so wherever a file is cut short', () => {
    const text = JSON.stringify(json);
    fc.assert(
      fc.property(fc.nat(text.length - 1), (length) => {
        expect(() => Tokenizer.fromJson(text.slice(0, length))).toThrow(
          expect.objectContaining({ code: 'BAD_TOKENIZER_JSON' }),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('names the merge that names an unknown token', () => {
    const merges = [...(json.model as { merges: string[] }).merges];
    merges[5] = 'Ġ zzzz';
    expect(() => Tokenizer.fromJson(model({ merges }))).toThrow(
      expect.objectContaining({ code: 'BAD_TOKENIZER_JSON', message: expect.stringContaining('merge 5, "Ġ zzzz"') }),
    );
  });
});
