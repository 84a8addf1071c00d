import { ModelError } from './model-error.ts';
import type { ModelConfig } from './model-config.ts';
import { parseConfig } from './parse-config.ts';

const SMOLLM2 = {
  model_type: 'llama',
  vocab_size: 49_152,
  max_position_embeddings: 2048,
  rope_theta: 1e4,
  rms_norm_eps: 1e-5,
};
const SMOLLM2_TOKENS = { tie_word_embeddings: true, bos_token_id: 0, eos_token_id: 0 };

/** Shapes as Hugging Face pretrained them (github.com/huggingface/smollm, text/pretraining). */
const SHAPES = {
  'smollm3-3b': {
    model_type: 'smollm3',
    vocab_size: 128_256,
    hidden_size: 2048,
    intermediate_size: 11_008,
    num_hidden_layers: 36,
    num_attention_heads: 16,
    num_key_value_heads: 4,
    max_position_embeddings: 4096,
    rope_theta: 5e4,
    bos_token_id: 128_000,
    eos_token_id: 128_001,
    pad_token_id: 128_004,
  },
  'smollm2-135m': {
    ...SMOLLM2,
    ...SMOLLM2_TOKENS,
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    initializer_range: 0.0416667,
  },
  'smollm2-360m': {
    ...SMOLLM2,
    ...SMOLLM2_TOKENS,
    hidden_size: 960,
    intermediate_size: 2560,
    num_hidden_layers: 32,
    num_attention_heads: 15,
    num_key_value_heads: 5,
    initializer_range: 0.03227,
  },
  'smollm2-1.7b': {
    ...SMOLLM2,
    ...SMOLLM2_TOKENS,
    hidden_size: 2048,
    intermediate_size: 8192,
    num_hidden_layers: 24,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    initializer_range: 0.02,
  },
} as const;

/** Names of the published models whose shapes are known. */
export type PresetName = keyof typeof SHAPES;

/** All preset names. */
export const PRESET_NAMES = Object.keys(SHAPES) as readonly PresetName[];

/**
 * The shape of a published model, as it was at the start of its pretraining.
 *
 * @param name `smollm3-3b`, `smollm2-135m`, `smollm2-360m` or `smollm2-1.7b`
 * @param changes fields to change, such as `vocab_size`
 * @throws ModelError `INVALID_ARGUMENT` for another name, and as `parseConfig`
 */
export function presetConfig(name: PresetName, changes: Partial<ModelConfig> = {}): ModelConfig {
  if (!Object.hasOwn(SHAPES, name)) {
    throw new ModelError(
      'INVALID_ARGUMENT',
      `preset must be one of ${PRESET_NAMES.join(', ')}, got ${JSON.stringify(name)}`,
    );
  }
  return parseConfig({ ...SHAPES[name], ...changes });
}
