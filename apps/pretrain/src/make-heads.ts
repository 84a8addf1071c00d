import type { ModelConfig } from '@smol/model';
import { ParallelHeads, residualBlock, SequentialModules, transformerBlock } from '@smol/mtp';

/** What heads that look further than the next token are like, beside the model's own shape. */
export interface HeadsShape {
  /** Side by side, as Meta's, or each on top of the one before it, as DeepSeek's. */
  kind: 'parallel' | 'sequential';
  /** How many tokens are predicted, the next one included. */
  heads: number;
  /** A transformer layer like the model's a head, or one residual matrix, which drafts fastest. */
  block: 'transformer' | 'residual';
}

/**
 * New heads for a model.
 *
 * @param weight of each further head (parallel), of all modules together (sequential, λ); default as in `@smol/mtp`
 */
export function makeHeads(
  { kind, heads, block: blockKind, weight }: HeadsShape & { weight?: number },
  config: ModelConfig,
  seed: number,
): ParallelHeads | SequentialModules {
  const dimension = config.hidden_size;
  const epsilon = config.rms_norm_eps;
  const layer = {
    dimension,
    epsilon,
    queryHeads: config.num_attention_heads,
    keyValueHeads: config.num_key_value_heads,
    headDimension: config.head_dim,
    feedForward: config.intermediate_size,
    ropeTheta: config.rope_theta,
    initializerRange: config.initializer_range,
    seed,
  };
  const block = blockKind === 'residual' ? residualBlock({ dimension, epsilon }) : transformerBlock(layer);
  const isGiven = weight !== undefined;
  if (kind === 'parallel') return new ParallelHeads({ predictions: heads, block, ...(isGiven && { weight }) });
  const depth = heads - 1;
  return new SequentialModules({ depth, dimension, block, epsilon, seed, ...(isGiven && { lambda: weight }) });
}
