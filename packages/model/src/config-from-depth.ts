import { ModelError } from './model-error.ts';
import type { ModelConfig } from './model-config.ts';
import { parseConfig } from './parse-config.ts';

const HEAD_DIMENSION = 64;
const LARGEST_GROUP = 4;

/** The largest number of query heads, up to four, that can share a key head. */
function groupSize(heads: number): number {
  let size = LARGEST_GROUP;
  while (heads % size !== 0) size--;
  return size;
}

/**
 * One dial for a SmolLM3 of any size: depth L gives width 64·L, L heads of dimension 64 in groups of up to four, a
 * feed-forward width of 8/3 the width rounded up to a multiple of 64, and RoPE base 50 000 (as SmolLM3 at 4k).
 *
 * @param depth number of layers
 * @param vocabularySize number of tokens
 * @param changes fields to set otherwise
 * @throws ModelError `INVALID_ARGUMENT` when depth is not a positive integer, and as `parseConfig`
 */
export function configFromDepth(
  depth: number,
  vocabularySize: number,
  changes: Partial<ModelConfig> = {},
): ModelConfig {
  if (!Number.isSafeInteger(depth) || depth < 1) {
    throw new ModelError('INVALID_ARGUMENT', `depth must be a positive integer, got ${depth}`);
  }
  const width = HEAD_DIMENSION * depth;
  return parseConfig({
    model_type: 'smollm3',
    vocab_size: vocabularySize,
    hidden_size: width,
    intermediate_size: Math.ceil((width * 8) / 3 / 64) * 64,
    num_hidden_layers: depth,
    num_attention_heads: depth,
    num_key_value_heads: depth / groupSize(depth),
    max_position_embeddings: 4096,
    rope_theta: 50_000,
    ...changes,
  });
}
