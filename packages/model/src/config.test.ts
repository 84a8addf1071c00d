import { describe, expect, it } from 'vitest';
import {
  configFromDepth,
  countParameters,
  flopsPerToken,
  ModelError,
  parseConfig,
  presetConfig,
  toConfigJson,
} from './index.ts';
import { TINY } from './fixtures/tiny-model.ts';

const SMOLLM3_RELEASE = {
  architectures: ['SmolLM3ForCausalLM'],
  attention_bias: false,
  attention_dropout: 0,
  bos_token_id: null,
  eos_token_id: 128_012,
  hidden_act: 'silu',
  hidden_size: 2048,
  initializer_range: 0.02,
  intermediate_size: 11_008,
  max_position_embeddings: 65_536,
  max_window_layers: 28,
  mlp_bias: false,
  model_type: 'smollm3',
  num_attention_heads: 16,
  num_hidden_layers: 36,
  num_key_value_heads: 4,
  pad_token_id: 128_004,
  pretraining_tp: 2,
  rms_norm_eps: 1e-6,
  rope_scaling: null,
  rope_theta: 5e6,
  sliding_window: null,
  torch_dtype: 'bfloat16',
  use_cache: false,
  use_sliding_window: false,
  no_rope_layer_interval: 4,
  transformers_version: '4.54.0.dev0',
  vocab_size: 128_256,
  layer_types: Array<string>(36).fill('full_attention'),
};

describe('parseConfig', () => {
  it('reads the released SmolLM3-3B', () => {
    const config = parseConfig(SMOLLM3_RELEASE);
    expect(config.head_dim).toBe(128);
    expect(config.tie_word_embeddings).toBe(true);
    expect(config.no_rope_layers.flatMap((flag, layer) => (flag === 0 ? [layer] : []))).toEqual([
      3, 7, 11, 15, 19, 23, 27, 31, 35,
    ]);
  });

  it('reads the released SmolLM2-135M', () => {
    const config = parseConfig({
      architectures: ['LlamaForCausalLM'],
      attention_bias: false,
      attention_dropout: 0,
      bos_token_id: 0,
      eos_token_id: 0,
      hidden_act: 'silu',
      hidden_size: 576,
      initializer_range: 0.041666666666666664,
      intermediate_size: 1536,
      is_llama_config: true,
      max_position_embeddings: 8192,
      model_type: 'llama',
      num_attention_heads: 9,
      num_hidden_layers: 30,
      num_key_value_heads: 3,
      pretraining_tp: 1,
      rms_norm_eps: 1e-5,
      rope_interleaved: false,
      rope_scaling: null,
      rope_theta: 100_000,
      tie_word_embeddings: true,
      torch_dtype: 'bfloat16',
      'transformers.js_config': { kv_cache_dtype: { q4f16: 'float16' } },
      transformers_version: '4.40.1',
      use_cache: true,
      vocab_size: 49_152,
    });
    expect(config).toMatchObject({ head_dim: 64, rope_theta: 100_000, eos_token_id: 0, rope_scaling: null });
    expect(config.no_rope_layers).toEqual(Array<number>(30).fill(1));
    expect(countParameters(config)).toBe(134_515_008);
  });

  it('reads the newer rope_parameters, with YaRN', () => {
    const rope_parameters = { rope_type: 'yarn', rope_theta: 5e6, factor: 2, original_max_position_embeddings: 65_536 };
    const config = parseConfig({ ...SMOLLM3_RELEASE, rope_theta: undefined, rope_parameters });
    expect(config.rope_theta).toBe(5e6);
    expect(config.rope_scaling).toMatchObject({ factor: 2, beta_fast: 32, beta_slow: 1, attention_factor: null });
  });

  it('gives itself back, also by way of config.json', () => {
    const yarn = { rope_scaling: { rope_type: 'yarn', factor: 4 } };
    for (const config of [TINY, presetConfig('smollm2-360m'), parseConfig({ ...SMOLLM3_RELEASE, ...yarn })]) {
      expect(parseConfig(config)).toEqual(config);
      expect(parseConfig(JSON.parse(JSON.stringify(toConfigJson(config))))).toEqual(config);
    }
  });

  it.each([
    [{ model_type: 'qwen2' }, 'model_type = "qwen2" is not supported; only "smollm3" or "llama" is'],
    [{ attention_bias: true }, 'attention_bias = true is not supported; only false is'],
    [{ hidden_act: 'gelu' }, 'hidden_act = "gelu" is not supported'],
    [{ rope_interleaved: true }, 'rope_interleaved = true is not supported'],
    [{ rope_scaling: { rope_type: 'longrope', factor: 8 } }, 'rope_scaling.rope_type = "longrope" is not supported'],
    [{ layer_types: Array(36).fill('chunked_attention') }, 'layer_types = "chunked_attention" is not supported'],
    [{ num_experts: 8 }, 'num_experts = 8 is not supported; it may change what the model computes'],
    [{ model_type: 'llama', no_rope_layers: Array<number>(36).fill(0) }, 'llama has RoPE in every layer'],
  ])('refuses what it does not implement: %j', (change, message) => {
    expect(() => parseConfig({ ...SMOLLM3_RELEASE, ...change })).toThrow(message);
  });

  it.each([
    [{ hidden_size: '2048' }, 'hidden_size must be a positive integer, got "2048"'],
    [{ vocab_size: undefined }, 'vocab_size must be a positive integer, got undefined'],
    [{ num_key_value_heads: 3 }, 'num_key_value_heads must be a divisor of num_attention_heads (16), got 3'],
    [{ head_dim: 7 }, 'head_dim must be an even integer, got 7'],
    [{ head_dim: -2 }, 'head_dim must be an even integer, got -2'],
    [{ num_hidden_layers: 1e12 }, 'num_hidden_layers must be at most 10000, got 1000000000000'],
    [{ rope_scaling: { rope_type: 'yarn', factor: 0.5 } }, 'rope_scaling.factor must be at least 1, got 0.5'],
    [{ no_rope_layers: [1, 0] }, 'no_rope_layers must be a list of 36 zeros'],
    [{ rms_norm_eps: -1 }, 'rms_norm_eps must be a positive number, got -1'],
    [{ eos_token_id: [1, 'x'] }, 'eos_token_id must be a token id or null, got "x"'],
    [{ layer_types: ['full_attention'] }, 'layer_types must be a list of 36 layer types, got ["full_attention"]'],
    [{ sliding_window: 0 }, 'sliding_window must be a positive integer, got 0'],
    [{ qk_norm: 1 }, 'qk_norm must be true or false, got 1'],
    [{ final_logit_softcapping: -30 }, 'final_logit_softcapping must be a positive number, got -30'],
    [{ rope_scaling: { rope_type: 'llama3', factor: 8 } }, 'low_freq_factor must be a positive number, got undefined'],
    [{ rope_scaling: 3 }, 'rope_scaling must be an object or null, got 3'],
  ])('says what is wrong: %j', (change, message) => {
    expect(() => parseConfig({ ...SMOLLM3_RELEASE, ...change })).toThrow(ModelError);
    expect(() => parseConfig({ ...SMOLLM3_RELEASE, ...change })).toThrow(message);
  });
});

it.each([[null], [[]], ['{}']])('parseConfig refuses %j, which is no object', (json) => {
  expect(() => parseConfig(json as unknown as object)).toThrow('the whole must be an object');
});

describe('countParameters', () => {
  it.each([
    ['smollm3-3b', 3_075_098_624],
    ['smollm2-135m', 134_515_008],
    ['smollm2-360m', 361_821_120],
    ['smollm2-1.7b', 1_711_376_384],
  ] as const)('counts %s: %i', (name, expected) => {
    expect(countParameters(presetConfig(name))).toBe(expected);
  });

  it('counts an untied head', () => {
    const config = presetConfig('smollm2-135m');
    const untied = countParameters({ ...config, tie_word_embeddings: false });
    expect(untied - countParameters(config)).toBe(49_152 * 576);
  });
});

describe('flopsPerToken', () => {
  it('is 6 per weight and 12·L·H·K·T for attention', () => {
    const config = presetConfig('smollm2-135m');
    const gains = 61 * 576;
    expect(flopsPerToken(config, 2048)).toBe(6 * (134_515_008 - gains) + 12 * 30 * 576 * 2048);
  });
});

describe('configFromDepth', () => {
  it('derives the whole shape from the depth', () => {
    expect(configFromDepth(12, 32_768)).toMatchObject({
      model_type: 'smollm3',
      hidden_size: 768,
      intermediate_size: 2048,
      num_hidden_layers: 12,
      head_dim: 64,
      num_attention_heads: 12,
      num_key_value_heads: 3,
      vocab_size: 32_768,
      rope_theta: 50_000,
    });
  });

  it.each([1, 2, 3, 5, 7, 8, 20])('gives a consistent shape at depth %i', (depth) => {
    const config = configFromDepth(depth, 100);
    expect(config.num_attention_heads % config.num_key_value_heads).toBe(0);
    expect(config.hidden_size).toBe(config.num_attention_heads * config.head_dim);
  });

  it('refuses depths that are not positive integers', () => {
    expect(() => configFromDepth(0, 100)).toThrow('depth must be a positive integer, got 0');
  });
});

describe('presetConfig', () => {
  it('takes changes and refuses other names', () => {
    expect(presetConfig('smollm3-3b', { vocab_size: 512 }).vocab_size).toBe(512);
    expect(() => presetConfig('smollm4' as 'smollm3-3b')).toThrow('preset must be one of smollm3-3b, smollm2-135m');
  });
});
