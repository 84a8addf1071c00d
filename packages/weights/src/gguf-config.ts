/** `config.json` of the architectures llama and smollm3 to the keys by which llama.cpp knows them. */
import type { GgufMetadata, GgufScalarType, GgufValue } from './gguf-metadata.ts';
import type { JsonObject } from './json-object.ts';
import { WeightsError } from './weights-error.ts';

/** Architectures of llama.cpp whose files this package makes; they have the names of transformers. */
export type GgufArchitecture = 'llama' | 'smollm3';

/** llama.cpp has it hard-coded: every fourth layer of smollm3 has no rotary embedding (src/models/smollm3.cpp). */
export const NO_ROPE_INTERVAL = 4;

/** The shape of a model, with the defaults of transformers filled in. */
export interface GgufShape {
  architecture: GgufArchitecture;
  layers: number;
  width: number;
  heads: number;
  groups: number;
  headDimension: number;
  vocabulary: number;
  tied: boolean;
  /** Factors of the rotary frequencies (a tensor of its own in the file), for rope type llama3. */
  ropeFactors?: Float32Array;
}

/** Says that GGUF, or llama.cpp, has no way to express something. */
export function refuse(problem: string): never {
  throw new WeightsError('UNSUPPORTED_MODEL', `GGUF: ${problem}`);
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function number(config: JsonObject, field: string, fallback?: number): number {
  const value = config[field] ?? fallback;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  return refuse(`config.json: ${field} must be a number, got ${JSON.stringify(value)}`);
}

/** Fields that change the function, with the values for which llama.cpp computes the same. */
const NEUTRAL: Readonly<Record<string, readonly unknown[]>> = {
  hidden_act: ['silu', 'swish'],
  attention_bias: [false],
  mlp_bias: [false],
  use_sliding_window: [false],
  qk_norm: [false],
  attn_logit_softcapping: [null],
  final_logit_softcapping: [null],
  attention_multiplier: [null],
  embedding_multiplier: [1],
  residual_multiplier: [1],
  logits_scaling: [1],
  rope_interleaved: [false],
};

function checkRepresentable(config: JsonObject): GgufArchitecture {
  const architecture = config.model_type;
  if (architecture !== 'llama' && architecture !== 'smollm3') {
    return refuse(`model_type must be "llama" or "smollm3", got ${JSON.stringify(architecture)}`);
  }
  for (const [field, allowed] of Object.entries(NEUTRAL)) {
    const value = config[field];
    if (value != null && !allowed.includes(value)) {
      refuse(`config.json: ${field} = ${JSON.stringify(value)} has no key in GGUF for ${architecture}`);
    }
  }
  const types = Array.isArray(config.layer_types) ? (config.layer_types as unknown[]) : [];
  if (config.sliding_window != null && config.use_sliding_window !== false && types.includes('sliding_attention')) {
    refuse(`config.json: layers that slide have no key in GGUF for ${architecture}`);
  }
  return architecture;
}

/** One flag a layer, 1 for RoPE, as transformers derives it. */
function ropeFlags(config: JsonObject, layers: number): number[] {
  const given = config.no_rope_layers;
  if (Array.isArray(given)) return given.slice(0, layers) as number[];
  const interval = config.model_type === 'llama' ? Infinity : number(config, 'no_rope_layer_interval', 4);
  return Array.from({ length: layers }, (_, layer) => Number((layer + 1) % interval !== 0));
}

function checkRopeLayers(config: JsonObject, layers: number): void {
  const interval = config.model_type === 'smollm3' ? NO_ROPE_INTERVAL : Infinity;
  const wrong = ropeFlags(config, layers).findIndex((flag, layer) => flag !== Number((layer + 1) % interval !== 0));
  if (wrong < 0) return;
  refuse(
    config.model_type === 'smollm3'
      ? `llama.cpp leaves RoPE out of every fourth layer of smollm3, and of no other; no_rope_layers differs at layer ${wrong} (a model with RoPE everywhere can be saved with model_type llama)`
      : `llama.cpp has RoPE in every layer of llama; no_rope_layers differs at layer ${wrong}`,
  );
}

/** `rope_scaling` of older files and `rope_parameters` of newer ones, as one object. */
function ropeSettings(config: JsonObject): JsonObject {
  const parts = [config.rope_scaling, config.rope_parameters].filter(isObject);
  return Object.assign({}, ...parts) as JsonObject;
}

/** Llama 3.1's stretch of long wavelengths, as the factors by which ggml divides the frequencies. */
function llama3Factors(rope: JsonObject, theta: number, headDimension: number): Float32Array {
  const [factor, low, high] = ['factor', 'low_freq_factor', 'high_freq_factor'].map((field) => number(rope, field));
  const original = number(rope, 'original_max_position_embeddings');
  return Float32Array.from({ length: headDimension / 2 }, (_, index) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * index) / headDimension);
    if (wavelength < original / high) return 1;
    if (wavelength > original / low) return factor;
    const smooth = (original / wavelength - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

const scalar = (type: GgufScalarType, value: number | string): GgufValue => ({ type, value });

function scalingKeys(rope: JsonObject, maximum: number): [string, GgufValue][] {
  const original = number(rope, 'original_max_position_embeddings', maximum);
  const keys: [string, GgufValue][] = [
    ['rope.scaling.type', scalar('string', 'yarn')],
    ['rope.scaling.factor', scalar('f32', number(rope, 'factor'))],
    ['rope.scaling.original_context_length', scalar('u32', original)],
  ];
  if (rope.attention_factor != null) refuse('rope_scaling.attention_factor has no key that llama.cpp reads');
  if (rope.beta_fast != null) keys.push(['rope.scaling.yarn_beta_fast', scalar('f32', number(rope, 'beta_fast'))]);
  if (rope.beta_slow != null) keys.push(['rope.scaling.yarn_beta_slow', scalar('f32', number(rope, 'beta_slow'))]);
  return keys;
}

/** What a model's `config.json` says about its tensors. */
export function ggufShape(config: JsonObject): GgufShape {
  const architecture = checkRepresentable(config);
  const layers = number(config, 'num_hidden_layers');
  checkRopeLayers(config, layers);
  const [width, heads] = [number(config, 'hidden_size'), number(config, 'num_attention_heads')];
  const headDimension = number(config, 'head_dim', width / heads);
  const rope = ropeSettings(config);
  const type = rope.rope_type ?? rope.type ?? 'default';
  if (type !== 'default' && type !== 'yarn' && (type !== 'llama3' || architecture !== 'llama')) {
    refuse(`rope type ${JSON.stringify(type)} has no key in GGUF for ${architecture}`);
  }
  const theta = ropeTheta(config);
  return {
    architecture,
    layers,
    width,
    heads,
    headDimension,
    groups: number(config, 'num_key_value_heads', heads),
    vocabulary: number(config, 'vocab_size'),
    tied: (config.tie_word_embeddings ?? architecture === 'smollm3') === true,
    ...(type === 'llama3' && { ropeFactors: llama3Factors(rope, theta, headDimension) }),
  };
}

function ropeTheta(config: JsonObject): number {
  const fallback = config.model_type === 'smollm3' ? 2e6 : 1e4;
  return number({ ...config, ...ropeSettings(config) }, 'rope_theta', fallback);
}

/**
 * The metadata that llama.cpp needs to know a model's shape.
 *
 * @throws WeightsError `UNSUPPORTED_MODEL` for what GGUF cannot say, such as other patterns of layers without RoPE
 */
export function ggufConfigMetadata(config: JsonObject): GgufMetadata {
  const shape = ggufShape(config);
  const fallbackLength = shape.architecture === 'smollm3' ? 32_768 : 2048;
  const context = number(config, 'max_position_embeddings', fallbackLength);
  const rope = ropeSettings(config);
  const keys: [string, GgufValue][] = [
    ['block_count', scalar('u32', shape.layers)],
    ['context_length', scalar('u32', context)],
    ['embedding_length', scalar('u32', shape.width)],
    ['feed_forward_length', scalar('u32', number(config, 'intermediate_size'))],
    ['attention.head_count', scalar('u32', shape.heads)],
    ['attention.head_count_kv', scalar('u32', shape.groups)],
    ['attention.key_length', scalar('u32', shape.headDimension)],
    ['attention.value_length', scalar('u32', shape.headDimension)],
    ['attention.layer_norm_rms_epsilon', scalar('f32', number(config, 'rms_norm_eps', 1e-6))],
    ['rope.freq_base', scalar('f32', ropeTheta(config))],
    ['rope.dimension_count', scalar('u32', shape.headDimension)],
    ['vocab_size', scalar('u32', shape.vocabulary)],
    ...((rope.rope_type ?? rope.type) === 'yarn' ? scalingKeys(rope, context) : []),
  ];
  const prefixed = keys.map(([key, value]) => [`${shape.architecture}.${key}`, value] as const);
  return new Map([['general.architecture', scalar('string', shape.architecture)], ...prefixed]);
}
