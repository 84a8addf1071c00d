import { ONLY_VALUES, READ, WITHOUT_EFFECT } from './config-fields.ts';
import {
  boolean,
  invalid,
  optionalNumber,
  positiveInteger,
  positiveNumber,
  show,
  unsupported,
} from './config-values.ts';
import type { Json } from './config-values.ts';
import type { LayerType, ModelConfig } from './model-config.ts';
import { parseRopeScaling, ropeSettings } from './parse-rope-scaling.ts';

/** More than any model has: what a damaged file says must not decide how much memory is taken. */
const MOST_LAYERS = 10_000;

/** What the two families take for granted (transformers' configuration classes). */
const DEFAULTS = {
  smollm3: { max_position_embeddings: 32_768, rope_theta: 2e6, tie_word_embeddings: true },
  llama: { max_position_embeddings: 2048, rope_theta: 1e4, tie_word_embeddings: false },
} as const;

function refuseUnknown(json: Json): void {
  for (const [field, value] of Object.entries(json)) {
    if (READ.has(field) || WITHOUT_EFFECT.has(field)) continue;
    if (!(field in ONLY_VALUES))
      unsupported(field, value, 'it may change what the model computes; remove it if it does not');
    const allowed = ONLY_VALUES[field];
    if (value != null && !allowed.includes(value))
      unsupported(field, value, `only ${allowed.map(show).join(' or ')} is`);
  }
}

function tokenId(json: Json, field: string): number | null {
  const value = json[field] ?? null;
  if (value === null || (Number.isSafeInteger(value) && (value as number) >= 0)) return value as number | null;
  return invalid(field, 'a token id or null', value);
}

function tokenIds(json: Json, field: string): number | number[] | null {
  const value = json[field];
  if (!Array.isArray(value)) return tokenId(json, field);
  return value.map((id) => tokenId({ [field]: id ?? -1 }, field) as number);
}

/** One 0 or 1 a layer; a SmolLM3 without the list leaves out every fourth. */
function parseRopeLayers(json: Json, family: ModelConfig['model_type'], layers: number): number[] {
  const given = json.no_rope_layers;
  if (given == null) {
    const interval = family === 'llama' ? Infinity : positiveInteger(json, 'no_rope_layer_interval', 4);
    return Array.from({ length: layers }, (_, layer) => ((layer + 1) % interval === 0 ? 0 : 1));
  }
  if (!Array.isArray(given) || given.length < layers || given.some((flag) => flag !== 0 && flag !== 1)) {
    invalid('no_rope_layers', `a list of ${layers} zeros (no RoPE) and ones (RoPE), one a layer`, given);
  }
  const flags = (given as number[]).slice(0, layers);
  if (family === 'llama' && flags.includes(0))
    unsupported('no_rope_layers', given, 'llama has RoPE in every layer; use smollm3');
  return flags;
}

function parseFamily(json: Json): ModelConfig['model_type'] {
  const family = json.model_type;
  if (family === 'smollm3' || family === 'llama') return family;
  return unsupported('model_type', family, 'only "smollm3" or "llama" is');
}

function checkHeads(config: ModelConfig): void {
  const { num_attention_heads: heads, num_key_value_heads: groups, head_dim: width } = config;
  if (heads % groups !== 0) invalid('num_key_value_heads', `a divisor of num_attention_heads (${heads})`, groups);
  if (!Number.isInteger(width) || width < 2 || width % 2 !== 0) invalid('head_dim', 'an even integer', width);
}

/** The given list, or SmolLM3's rule: with `use_sliding_window`, the layers without rotary embedding slide. */
function parseLayerTypes(json: Json, ropeLayers: readonly number[], window: number | null): LayerType[] {
  const types = json.layer_types;
  const slides = window !== null && boolean(json, 'use_sliding_window', types != null);
  if (types == null) return ropeLayers.map((flag) => (slides && flag === 0 ? 'sliding_attention' : 'full_attention'));
  if (!Array.isArray(types) || types.length < ropeLayers.length) {
    invalid('layer_types', `a list of ${ropeLayers.length} layer types`, types);
  }
  const list = (types as unknown[]).slice(0, ropeLayers.length);
  const other = list.find((type) => type !== 'full_attention' && type !== 'sliding_attention');
  if (other !== undefined) unsupported('layer_types', other, 'only "full_attention" and "sliding_attention" are');
  if (!slides) return list.map(() => 'full_attention');
  return list as LayerType[];
}

/** What this package knows beyond the two families; the defaults leave everything as it is in transformers. */
function parseExtras(json: Json) {
  return {
    qk_norm: boolean(json, 'qk_norm', false),
    attn_logit_softcapping: optionalNumber(json, 'attn_logit_softcapping'),
    final_logit_softcapping: optionalNumber(json, 'final_logit_softcapping'),
    attention_multiplier: optionalNumber(json, 'attention_multiplier'),
    embedding_multiplier: positiveNumber(json, 'embedding_multiplier', 1),
    residual_multiplier: positiveNumber(json, 'residual_multiplier', 1),
    logits_scaling: positiveNumber(json, 'logits_scaling', 1),
  };
}

/**
 * Reads a `config.json` of the families `smollm3` and `llama`: fills in defaults, and refuses by name what is not implemented
 * or unknown, because a silently ignored field would give a model that computes something else.
 *
 * @param json the parsed file, or a `ModelConfig`
 * @returns a complete configuration
 * @throws ModelError `INVALID_CONFIG` for wrong values, `UNSUPPORTED_CONFIG` for fields or values not implemented
 */
export function parseConfig(json: object): ModelConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) invalid('the whole', 'an object', json);
  const fields = json as Json;
  const family = parseFamily(fields);
  refuseUnknown(fields);
  const rope = ropeSettings(fields);
  const defaults = DEFAULTS[family];
  const hidden = positiveInteger(fields, 'hidden_size');
  const layers = positiveInteger(fields, 'num_hidden_layers', undefined, MOST_LAYERS);
  const heads = positiveInteger(fields, 'num_attention_heads');
  const positions = positiveInteger(fields, 'max_position_embeddings', defaults.max_position_embeddings);
  const ropeLayers = parseRopeLayers(fields, family, layers);
  const window = fields.sliding_window == null ? null : positiveInteger(fields, 'sliding_window');
  const config: ModelConfig = {
    model_type: family,
    vocab_size: positiveInteger(fields, 'vocab_size'),
    hidden_size: hidden,
    intermediate_size: positiveInteger(fields, 'intermediate_size'),
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: positiveInteger(fields, 'num_key_value_heads', heads),
    head_dim: (fields.head_dim as number | null | undefined) ?? hidden / heads,
    max_position_embeddings: positions,
    rope_theta: positiveNumber({ ...fields, ...rope }, 'rope_theta', defaults.rope_theta),
    rope_scaling: parseRopeScaling(rope, positions),
    no_rope_layers: ropeLayers,
    sliding_window: window,
    layer_types: parseLayerTypes(fields, ropeLayers, window),
    ...parseExtras(fields),
    rms_norm_eps: positiveNumber(fields, 'rms_norm_eps', 1e-6),
    initializer_range: positiveNumber(fields, 'initializer_range', 0.02),
    tie_word_embeddings: boolean(fields, 'tie_word_embeddings', defaults.tie_word_embeddings),
    bos_token_id: tokenId(fields, 'bos_token_id'),
    eos_token_id: tokenIds(fields, 'eos_token_id'),
    pad_token_id: tokenId(fields, 'pad_token_id'),
  };
  checkHeads(config);
  return config;
}
