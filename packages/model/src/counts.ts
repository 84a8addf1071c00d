import type { ModelConfig } from './model-config.ts';
import { parameterShapes, sizeOf } from './parameter-shapes.ts';

/** Number of trained numbers; a tied head counts once. */
export function countParameters(config: ModelConfig): number {
  return [...parameterShapes(config).values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
}

/**
 * Floating-point operations of training on one token, forward and backward: 6 per weight that multiplies (matrices and
 * output head, not the look-up) and 12·L·H·K·T for attention, without a discount for the causal mask (PaLM, appendix B).
 *
 * @param sequenceLength T (default `max_position_embeddings`)
 */
export function flopsPerToken(config: ModelConfig, sequenceLength = config.max_position_embeddings): number {
  const head = config.vocab_size * config.hidden_size;
  const matrices = [...parameterShapes(config)]
    .filter(([name, shape]) => shape.length === 2 && name.startsWith('model.layers.'))
    .reduce((sum, [, shape]) => sum + sizeOf(shape), 0);
  const attention = config.num_hidden_layers * config.num_attention_heads * config.head_dim * sequenceLength;
  return 6 * (matrices + head) + 12 * attention;
}
