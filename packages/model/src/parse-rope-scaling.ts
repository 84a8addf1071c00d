/** Ways to stretch the rotary embedding, as `config.json` says them. */
import { ROPE_FIELDS } from './config-fields.ts';
import { invalid, optionalNumber, positiveInteger, positiveNumber, unsupported } from './config-values.ts';
import type { Json } from './config-values.ts';
import type { Llama3Scaling, ModelConfig, YarnScaling } from './model-config.ts';

/** `rope_scaling` of older files and `rope_parameters` of newer ones, as one object. */
export function ropeSettings(json: Json): Json {
  const settings: Json = {};
  for (const field of ['rope_scaling', 'rope_parameters']) {
    const value = json[field] ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) invalid(field, 'an object or null', value);
    Object.assign(settings, value);
  }
  return settings;
}

function stretch(rope: Json): number {
  const factor = positiveNumber(rope, 'factor');
  return factor >= 1 ? factor : invalid('rope_scaling.factor', 'at least 1', factor);
}

function parseYarn(rope: Json, maximumPositions: number): YarnScaling {
  return {
    rope_type: 'yarn',
    factor: stretch(rope),
    original_max_position_embeddings: positiveInteger(rope, 'original_max_position_embeddings', maximumPositions),
    beta_fast: positiveNumber(rope, 'beta_fast', 32),
    beta_slow: positiveNumber(rope, 'beta_slow', 1),
    attention_factor: optionalNumber(rope, 'attention_factor'),
  };
}

function parseLlama3(rope: Json): Llama3Scaling {
  const scaling: Llama3Scaling = {
    rope_type: 'llama3',
    factor: stretch(rope),
    low_freq_factor: positiveNumber(rope, 'low_freq_factor'),
    high_freq_factor: positiveNumber(rope, 'high_freq_factor'),
    original_max_position_embeddings: positiveInteger(rope, 'original_max_position_embeddings'),
  };
  if (scaling.high_freq_factor > scaling.low_freq_factor) return scaling;
  return invalid('rope_scaling.high_freq_factor', 'above low_freq_factor', scaling.high_freq_factor);
}

/**
 * Reads the merged rope settings.
 *
 * @param maximumPositions what `original_max_position_embeddings` is when YaRN does not say it
 * @returns null for the plain rotary embedding
 */
export function parseRopeScaling(rope: Json, maximumPositions: number): ModelConfig['rope_scaling'] {
  for (const field of Object.keys(rope)) {
    if (!ROPE_FIELDS.has(field)) unsupported(`rope_scaling.${field}`, rope[field], 'remove it if it has no effect');
  }
  const type = rope.rope_type ?? rope.type ?? 'default';
  if (type === 'default') return null;
  if (type === 'yarn') return parseYarn(rope, maximumPositions);
  if (type === 'llama3') return parseLlama3(rope);
  return unsupported('rope_scaling.rope_type', type, 'only "default", "yarn" or "llama3" is');
}
