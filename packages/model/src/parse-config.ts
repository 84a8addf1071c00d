import { ONLY_VALUES, READ, ROPE_FIELDS, WITHOUT_EFFECT } from './config-fields.ts';
import { ModelError } from './model-error.ts';
import type { ModelConfig, YarnScaling } from './model-config.ts';

type Json = Record<string, unknown>;

/** More than any model has: what a damaged file says must not decide how much memory is taken. */
const MOST_LAYERS = 10_000;

/** What the two families take for granted (transformers' configuration classes). */
const DEFAULTS = {
  smollm3: { max_position_embeddings: 32_768, rope_theta: 2e6, tie_word_embeddings: true },
  llama: { max_position_embeddings: 2048, rope_theta: 1e4, tie_word_embeddings: false },
} as const;

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function invalid(field: string, expected: string, value: unknown): never {
  throw new ModelError('INVALID_CONFIG', `config.json: ${field} must be ${expected}, got ${show(value)}`);
}

function unsupported(field: string, value: unknown, advice: string): never {
  throw new ModelError('UNSUPPORTED_CONFIG', `config.json: ${field} = ${show(value)} is not supported; ${advice}`);
}

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

/** The integer in the field, or the default; without a default the field is required. */
function positiveInteger(json: Json, field: string, fallback?: number, largest = 2 ** 31 - 1): number {
  const value = json[field] ?? fallback;
  if (!Number.isInteger(value) || (value as number) < 1) invalid(field, 'a positive integer', value);
  return (value as number) <= largest ? (value as number) : invalid(field, `at most ${largest}`, value);
}

function positiveNumber(json: Json, field: string, fallback?: number): number {
  const value = json[field] ?? fallback;
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  return invalid(field, 'a positive number', value);
}

function boolean(json: Json, field: string, fallback: boolean): boolean {
  const value = json[field] ?? fallback;
  return typeof value === 'boolean' ? value : invalid(field, 'true or false', value);
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

/** `rope_scaling` of older files and `rope_parameters` of newer ones, as one object. */
function ropeSettings(json: Json): Json {
  const settings: Json = {};
  for (const field of ['rope_scaling', 'rope_parameters']) {
    const value = json[field] ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) invalid(field, 'an object or null', value);
    Object.assign(settings, value);
  }
  return settings;
}

function yarnFactor(rope: Json): number {
  const factor = positiveNumber(rope, 'factor');
  return factor >= 1 ? factor : invalid('rope_scaling.factor', 'at least 1', factor);
}

function parseYarn(rope: Json, maximumPositions: number): YarnScaling | null {
  const type = rope.rope_type ?? rope.type ?? 'default';
  for (const field of Object.keys(rope)) {
    if (!ROPE_FIELDS.has(field)) unsupported(`rope_scaling.${field}`, rope[field], 'remove it if it has no effect');
  }
  if (type === 'default') return null;
  if (type !== 'yarn') unsupported('rope_scaling.rope_type', type, 'only "default" or "yarn" is');
  return {
    rope_type: 'yarn',
    factor: yarnFactor(rope),
    original_max_position_embeddings: positiveInteger(rope, 'original_max_position_embeddings', maximumPositions),
    beta_fast: positiveNumber(rope, 'beta_fast', 32),
    beta_slow: positiveNumber(rope, 'beta_slow', 1),
    attention_factor: rope.attention_factor == null ? null : positiveNumber(rope, 'attention_factor'),
  };
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

function checkLayerTypes(types: unknown): void {
  if (types == null) return;
  if (!Array.isArray(types)) invalid('layer_types', 'a list', types);
  const other = (types as unknown[]).find((type) => type !== 'full_attention');
  if (other !== undefined) unsupported('layer_types', other, 'only "full_attention" is');
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
  checkLayerTypes(fields.layer_types);
  const rope = ropeSettings(fields);
  const defaults = DEFAULTS[family];
  const hidden = positiveInteger(fields, 'hidden_size');
  const layers = positiveInteger(fields, 'num_hidden_layers', undefined, MOST_LAYERS);
  const heads = positiveInteger(fields, 'num_attention_heads');
  const positions = positiveInteger(fields, 'max_position_embeddings', defaults.max_position_embeddings);
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
    rope_scaling: parseYarn(rope, positions),
    no_rope_layers: parseRopeLayers(fields, family, layers),
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
