/** Keys of llama.cpp to the `config.json` of the architectures llama and smollm3. */
import { NO_ROPE_INTERVAL, refuse } from './gguf-config.ts';
import type { GgufMetadata } from './gguf-metadata.ts';
import type { JsonObject } from './json-object.ts';
import { WeightsError } from './weights-error.ts';

/** Looks up keys of a file, with the file's name in errors. */
class Keys {
  readonly #metadata: GgufMetadata;
  readonly #source: string;

  constructor(metadata: GgufMetadata, source: string) {
    this.#metadata = metadata;
    this.#source = source;
  }

  optional(key: string): number | string | boolean | undefined {
    const entry = this.#metadata.get(key);
    return entry && 'value' in entry ? entry.value : undefined;
  }

  number(key: string, fallback?: number): number {
    const value = this.optional(key) ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw new WeightsError('BAD_HEADER', `${this.#source}: key "${key}" must be a number, got ${String(value)}`);
  }
}

/** f32 metadata to the shortest decimal that is the same f32, as a `config.json` would have it. */
const shortest = (value: number): number => {
  for (let digits = 6; digits < 10; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
};

function yarnSettings(keys: Keys, prefix: string): JsonObject | null {
  const type = keys.optional(`${prefix}rope.scaling.type`);
  if (type === undefined || type === 'none') return null;
  if (type !== 'yarn') return refuse(`rope.scaling.type ${String(type)} is not supported; only yarn is`);
  const at = (key: string, fallback: number): number => shortest(keys.number(`${prefix}rope.scaling.${key}`, fallback));
  return {
    rope_type: 'yarn',
    factor: shortest(keys.number(`${prefix}rope.scaling.factor`)),
    original_max_position_embeddings: keys.number(`${prefix}rope.scaling.original_context_length`),
    beta_fast: at('yarn_beta_fast', 32),
    beta_slow: at('yarn_beta_slow', 1),
  };
}

/**
 * The `config.json` of a GGUF file of the architectures llama and smollm3.
 *
 * @param tied whether the file has no output head of its own
 * @throws WeightsError `UNSUPPORTED_MODEL` for other architectures, `BAD_HEADER` when a key is missing
 */
export function configFromGguf(metadata: GgufMetadata, tied: boolean, source: string): JsonObject {
  const keys = new Keys(metadata, source);
  const architecture = keys.optional('general.architecture');
  if (architecture !== 'llama' && architecture !== 'smollm3') {
    return refuse(`${source}: architecture ${JSON.stringify(architecture)} is not supported; llama and smollm3 are`);
  }
  const prefix = `${architecture}.`;
  const at = (key: string, fallback?: number): number => keys.number(prefix + key, fallback);
  const [width, heads, layers] = [at('embedding_length'), at('attention.head_count'), at('block_count')];
  const tokens = metadata.get('tokenizer.ggml.tokens');
  const id = (key: string): number | null => (keys.optional(`tokenizer.ggml.${key}`) as number | undefined) ?? null;
  return {
    architectures: [architecture === 'llama' ? 'LlamaForCausalLM' : 'SmolLM3ForCausalLM'],
    model_type: architecture,
    vocab_size: at('vocab_size', tokens && 'list' in tokens ? tokens.list.length : undefined),
    hidden_size: width,
    intermediate_size: at('feed_forward_length'),
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: at('attention.head_count_kv', heads),
    head_dim: at('attention.key_length', width / heads),
    max_position_embeddings: at('context_length'),
    rope_theta: shortest(at('rope.freq_base', 10_000)),
    rope_scaling: yarnSettings(keys, prefix),
    ...(architecture === 'smollm3' && { no_rope_layer_interval: NO_ROPE_INTERVAL }),
    rms_norm_eps: shortest(at('attention.layer_norm_rms_epsilon')),
    tie_word_embeddings: tied,
    bos_token_id: id('bos_token_id'),
    eos_token_id: id('eos_token_id'),
    pad_token_id: id('padding_token_id'),
  };
}
