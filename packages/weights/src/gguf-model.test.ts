import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONFIG, TEMPLATE, tinyTensors, TOKENIZER } from './fixtures/tiny-model.ts';
import type { JsonObject, QuantizationType } from './index.ts';
import { decodeGguf, encodeGguf, ggufToFloat32 } from './index.ts';
import { openGgufModel, readGguf, saveGguf, writeGguf } from './node.ts';

const sources = () => new Map([...tinyTensors()].map(([name, { shape, data }]) => [name, { shape, read: () => data }]));

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smol-gguf-'));
  path = join(folder, 'tiny.gguf');
});
afterEach(() => rm(folder, { recursive: true }));

const save = (config: JsonObject = {}, type?: QuantizationType, tokenizerJson: JsonObject = TOKENIZER) =>
  saveGguf(path, {
    config: { ...CONFIG, ...config },
    tensors: sources(),
    tokenizer: { tokenizerJson, chatTemplate: TEMPLATE },
    type,
  });

describe('saveGguf', () => {
  it('writes the keys that llama.cpp reads', async () => {
    await save();
    const { metadata } = await readGguf(path);
    const plain = Object.fromEntries(
      [...metadata].map(([key, entry]) => [key, 'value' in entry ? entry.value : entry.list.length]),
    );
    expect(plain).toMatchObject({
      'general.architecture': 'smollm3',
      'general.name': 'tiny',
      'general.file_type': 1,
      'smollm3.block_count': 5,
      'smollm3.context_length': 64,
      'smollm3.embedding_length': 64,
      'smollm3.feed_forward_length': 96,
      'smollm3.attention.head_count': 4,
      'smollm3.attention.head_count_kv': 2,
      'smollm3.rope.freq_base': 50_000,
      'smollm3.rope.dimension_count': 16,
      'smollm3.vocab_size': 262,
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': 'smaug-bpe',
      'tokenizer.ggml.tokens': 262,
      'tokenizer.ggml.merges': 1,
      'tokenizer.ggml.bos_token_id': 257,
      'tokenizer.ggml.eos_token_id': 258,
      'tokenizer.ggml.add_bos_token': false,
      // llama.cpp's Jinja has no slices; its own converter removes them, too.
      'tokenizer.chat_template': TEMPLATE.replace('[:]', ''),
    });
    const list = (key: string) => {
      const entry = metadata.get(key)!;
      return 'list' in entry ? entry.list : [];
    };
    expect([...metadata.keys()][0]).toBe('general.architecture');
    expect(list('tokenizer.ggml.token_type').slice(255)).toEqual([1, 1, 3, 3, 4, 5, 5]);
    expect(list('tokenizer.ggml.tokens').slice(259)).toEqual(['<think>', '[PAD260]', '[PAD261]']);
  });

  it('turns rows of queries and keys from halves to pairs, in every layer, with RoPE or not', async () => {
    await save({}, 'F32');
    const { tensors } = await readGguf(path);
    for (const layer of [0, 3]) {
      const before = tinyTensors().get(`model.layers.${layer}.self_attn.k_proj.weight`)!.data;
      const after = ggufToFloat32(tensors.get(`blk.${layer}.attn_k.weight`)!);
      const row = (values: Float32Array, index: number) => [...values.subarray(index * 64, index * 64 + 64)];
      // Head dimension 16: file rows 0, 1, 2, 3 of a head are rows 0, 8, 1, 9.
      expect([16, 17, 18, 19].map((index) => row(after, index))).toEqual(
        [16, 24, 17, 25].map((index) => row(before, index)),
      );
    }
  });

  it.each(['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_K'] as const)(
    'measures what %s does to every tensor',
    async (type) => {
      const errors = await save({}, type);
      expect(errors).toHaveLength(47);
      const worst = Math.max(...errors.map(({ relativeError }) => relativeError));
      expect(worst).toBeLessThan({ F32: 1e-12, F16: 4e-4, BF16: 3e-3, Q8_0: 0.006, Q4_0: 0.1, Q4_K: 0.006 }[type]);
      const back = await openGgufModel(path);
      for (const { name, largestError } of errors) {
        const [read, expected] = [await back.tensors.get(name)!.read(), tinyTensors().get(name)!.data];
        const difference = Math.max(...read.map((value, index) => Math.abs(value - expected[index])));
        expect(difference).toBeCloseTo(largestError, 6);
      }
      await back.close();
    },
  );

  it('gives back the configuration, the tokenizer and the template', async () => {
    await save();
    const back = await openGgufModel(path);
    const { bos_token_id: bos, eos_token_id: eos, rope_theta: theta, head_dim: headDimension } = back.config;
    expect([bos, eos, theta, headDimension, back.config.rms_norm_eps]).toEqual([257, 258, 50_000, 16, 1e-6]);
    expect(back.config.no_rope_layer_interval).toBe(4);
    const { added_tokens: addedTokens, model, pre_tokenizer: preTokenizer } = back.tokenizer!.tokenizerJson;
    expect(preTokenizer).toEqual(TOKENIZER.pre_tokenizer);
    expect(addedTokens).toEqual(TOKENIZER.added_tokens);
    expect(model).toEqual(TOKENIZER.model);
    await back.close();
  });

  it('keeps YaRN', async () => {
    const scaling = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16 };
    await save({ rope_scaling: scaling });
    const back = await openGgufModel(path);
    expect(back.config.rope_scaling).toEqual({ ...scaling, beta_fast: 32, beta_slow: 1 });
    await back.close();
  });

  it('writes Llama 3’s rope factors as the tensor that llama.cpp divides frequencies by', async () => {
    const scaling = {
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 32,
    };
    await save({ model_type: 'llama', rope_scaling: scaling });
    const factors = ggufToFloat32((await readGguf(path)).tensors.get('rope_freqs.weight')!);
    // Wavelengths 6.3 (below 32/4), 24.3 (between), 94 and longer (above 32).
    expect(factors[0]).toBe(1);
    expect(factors[1]).toBeCloseTo(1 / ((1 - 0.105_75) / 8 + 0.105_75), 2);
    expect(factors.slice(2).every((factor) => factor === 8)).toBe(true);
    await expect(openGgufModel(path)).rejects.toThrow('rope factors, whose settings GGUF does not keep');
  });

  it.each([
    [{ no_rope_layers: [1, 1, 1, 1, 1] }, 'no_rope_layers differs at layer 3 (a model with RoPE everywhere'],
    [{ no_rope_layers: [1, 0, 1, 0, 1] }, 'no_rope_layers differs at layer 1'],
    [{ no_rope_layer_interval: 2 }, 'no_rope_layers differs at layer 1'],
    [{ model_type: 'llama', no_rope_layers: [1, 1, 1, 0, 1] }, 'RoPE in every layer of llama'],
    [{ model_type: 'gpt2' }, 'model_type must be "llama" or "smollm3", got "gpt2"'],
    [{ use_sliding_window: true }, 'use_sliding_window = true has no key'],
    [{ sliding_window: 8, layer_types: Array(5).fill('sliding_attention') }, 'layers that slide have no key'],
    [{ qk_norm: true }, 'qk_norm = true has no key'],
    [{ final_logit_softcapping: 30 }, 'final_logit_softcapping = 30 has no key'],
    [{ rope_scaling: { rope_type: 'llama3', factor: 8 } }, 'rope type "llama3" has no key in GGUF for smollm3'],
    [{ rope_scaling: { rope_type: 'longrope' } }, 'rope type "longrope"'],
    [{ vocab_size: 200 }, "but the model's vocabulary has 200 entries"],
    [{ num_attention_heads: 8, head_dim: 16 }, 'must have 8 heads of 16'],
    [{ tie_word_embeddings: false }, 'tensor "lm_head.weight": the model lacks it'],
  ])('refuses %j', async (changes, message) => {
    await expect(save(changes)).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses weights that are not finite, and leaves no file', async () => {
    const tensors = sources();
    const spoiled = tinyTensors().get('model.norm.weight')!.data.fill(NaN);
    tensors.set('model.norm.weight', { shape: [64], read: () => spoiled });
    await expect(saveGguf(path, { config: CONFIG, tensors, type: 'F32' })).rejects.toThrow(
      'tensor "model.norm.weight": element 0 is NaN, but weights must be finite',
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses a file whose weights are not finite when they are read', async () => {
    await save({}, 'F32');
    const bytes = await readFile(path);
    bytes.writeFloatLE(NaN, bytes.length - 4);
    await writeFile(path, bytes);
    const back = await openGgufModel(path);
    await expect(back.tensors.get('model.norm.weight')!.read()).rejects.toThrow(
      'output_norm.weight: element 63 is NaN',
    );
    await back.close();
  });

  it('refuses a tensor that has no place', async () => {
    const tensors = sources().set('model.extra', { shape: [1], read: () => new Float32Array(1) });
    await expect(saveGguf(path, { config: CONFIG, tensors })).rejects.toThrow(
      'tensor "model.extra": smollm3 in GGUF has no place',
    );
  });
});

describe('tokenizers in GGUF', () => {
  const withPre = (pre: unknown, ignoreMerges = false): JsonObject => {
    return { ...TOKENIZER, pre_tokenizer: pre, model: { ...(TOKENIZER.model as object), ignore_merges: ignoreMerges } };
  };
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };

  it.each([
    ['llama-bpe', TOKENIZER.pre_tokenizer, true],
    ['smaug-bpe', TOKENIZER.pre_tokenizer, false],
    ['gpt-2', byteLevel, false],
    ['gpt-2', { type: 'Sequence', pretokenizers: [{ ...byteLevel, trim_offsets: false }] }, false],
    ['smollm', { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] }, false],
  ])('are split as %s', async (name, pre, ignoreMerges) => {
    await save({}, 'F32', withPre(pre, ignoreMerges));
    expect((await readGguf(path)).metadata.get('tokenizer.ggml.pre')).toEqual({ type: 'string', value: name });
  });

  it('begin texts with a token when the post-processor says so, there and back', async () => {
    const processor = {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<|begin|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      special_tokens: { '<|begin|>': { id: '<|begin|>', ids: [257], tokens: ['<|begin|>'] } },
    };
    await save({}, 'F32', { ...TOKENIZER, post_processor: processor });
    const back = await openGgufModel(path);
    expect(back.tokenizer!.tokenizerJson.post_processor).toMatchObject(processor);
    await back.close();
  });

  it('are refused when llama.cpp has no name for the way they split, or they are no BPE', async () => {
    await expect(save({}, 'F32', withPre({ type: 'Whitespace' }))).rejects.toThrow('no name for the pre-tokenizer');
    await expect(save({}, 'F32', withPre(byteLevel, true))).rejects.toThrow('with ignore_merges; it knows llama-bpe');
    await expect(save({}, 'F32', { model: { type: 'Unigram' } })).rejects.toThrow('must be a byte-level BPE');
  });
});

describe('openGgufModel', () => {
  it('refuses other architectures, missing keys and missing tensors by name', async () => {
    await writeGguf(path, new Map([['general.architecture', { type: 'string', value: 'gemma' }]]), []);
    await expect(openGgufModel(path)).rejects.toThrow('architecture "gemma" is not supported');
    await writeGguf(path, new Map([['general.architecture', { type: 'string', value: 'llama' }]]), []);
    await expect(openGgufModel(path)).rejects.toThrow('key "llama.embedding_length" must be a number, got undefined');
    await save({}, 'F32');
    const { metadata, tensors } = await readGguf(path);
    tensors.delete('blk.2.ffn_up.weight');
    const bytes = encodeGguf(metadata, tensors);
    expect(decodeGguf(bytes).tensors.size).toBe(46);
    const plans = [...tensors].map(([name, { type, shape, data }]) => ({ name, type, shape, bytes: () => data }));
    await writeGguf(path, metadata, plans);
    await expect(openGgufModel(path)).rejects.toThrow('lacks tensor "blk.2.ffn_up.weight"');
  });
});
