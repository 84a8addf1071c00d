import { countParameters, parameterShapes, type ModelConfig } from '@smol/model';
import { isTokenTable } from '@smol/optim-muon';
import type { TrainRecipe } from '../train-schema.ts';

/** Bytes that training needs at once on one device; f32 throughout. */
export interface MemoryEstimate {
  parameters: number;
  gradients: number;
  /** running averages */
  optimizer: number;
  /** what the backward pass remembers of one micro-batch */
  activations: number;
  total: number;
}

/** Numbers that the optimizers keep: Muon one a weight of a hidden matrix, AdamW two a parameter. */
export function optimizerBytes(config: ModelConfig, { optimizer, adamw }: TrainRecipe): number {
  const perAdamw = adamw.stateBits === 8 ? 2 * (1 + 4 / 256) : 8;
  return [...parameterShapes(config)].reduce((sum, [name, shape]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const isMuon = optimizer !== 'adamw' && shape.length === 2 && !isTokenTable(name);
    return sum + size * (isMuon ? 4 : perAdamw);
  }, 0);
}

/**
 * Remembered for the backward pass, a token and a layer: the residual stream before and after attention and both
 * normalised copies (4·D), queries, keys, values and the attention's output (2·H·K + 2·G·K), gate, up and their product (3·F).
 */
function activationsPerToken(config: ModelConfig): number {
  const { hidden_size: D, intermediate_size: F, num_attention_heads: H, num_key_value_heads: G, head_dim: K } = config;
  return 4 * config.num_hidden_layers * (4 * D + 2 * H * K + 2 * G * K + 3 * F);
}

/** @param share devices that share one copy of the model */
export function estimateMemory(
  config: ModelConfig,
  train: TrainRecipe,
  { tokens, share }: { tokens: number; share: number },
): MemoryEstimate {
  const parameters = (4 * countParameters(config)) / share;
  const optimizer = optimizerBytes(config, train) / share;
  const activations = (tokens * activationsPerToken(config)) / share;
  return { parameters, gradients: parameters, optimizer, activations, total: 2 * parameters + optimizer + activations };
}
