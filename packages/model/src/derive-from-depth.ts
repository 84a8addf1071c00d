import { configFromDepth } from './config-from-depth.ts';
import { countParameters } from './counts.ts';
import type { ModelConfig } from './model-config.ts';

/** Everything that follows from a depth. */
export interface DepthDerivation {
  config: ModelConfig;
  /** Tokens to train on. */
  tokens: number;
  /** Tokens in one step, a power of two. */
  batchTokens: number;
  steps: number;
  learningRates: { adamw: number; muon: number };
  /** The reasoning, a line each. */
  lines: string[];
}

/** Hoffmann et al. 2022: the best use of compute is about 20 tokens a parameter. */
const TOKENS_PER_PARAMETER = 20;

/** Keller Jordan's Muon takes the same learning rate at every width. */
const MUON_LEARNING_RATE = 0.02;

/** Training operations on a token without embeddings (Bi et al. 2024): 72·L·D² + 12·L·D·T. */
function operationsPerToken({ num_hidden_layers: layers, hidden_size: width }: ModelConfig, length: number): number {
  return 72 * layers * width ** 2 + 12 * layers * width * length;
}

const thousands = (value: number): string => value.toLocaleString('en-US');

/**
 * One dial for a whole training run: shape, number of tokens, batch and learning rates of a SmolLM3 of a given depth.
 * Tokens by Hoffmann et al. 2022, batch and AdamW's learning rate by the laws of DeepSeek LLM (Bi et al. 2024).
 *
 * @param depth number of layers
 * @param vocabularySize number of tokens
 * @param sequenceLength tokens in a row (default 1024)
 * @param changes fields of the configuration to set otherwise
 * @returns with `lines` that say how each number came about
 * @throws ModelError as `configFromDepth`
 */
export function deriveFromDepth(
  depth: number,
  vocabularySize: number,
  { sequenceLength = 1024, ...changes }: Partial<ModelConfig> & { sequenceLength?: number } = {},
): DepthDerivation {
  const config = configFromDepth(depth, vocabularySize, changes);
  const { hidden_size: width, num_attention_heads: heads, num_key_value_heads: groups } = config;
  const parameters = countParameters(config);
  const tokens = TOKENS_PER_PARAMETER * parameters;
  const compute = operationsPerToken(config, sequenceLength) * tokens;
  const ideal = 0.292 * compute ** 0.3271;
  const batchTokens = Math.max(sequenceLength, 2 ** Math.round(Math.log2(ideal)));
  const adamw = 0.3118 * compute ** -0.125;
  const steps = Math.ceil(tokens / batchTokens);
  const lines = [
    `depth ${depth}: ${depth} layers`,
    `width 64 · ${depth} = ${width}`,
    `heads of 64: ${heads}; ${heads / groups} to a key head: ${groups} key heads`,
    `feed-forward 8/3 · ${width}, up to a multiple of 64: ${config.intermediate_size}`,
    `parameters with a vocabulary of ${thousands(vocabularySize)}: ${thousands(parameters)}`,
    `tokens 20 · ${thousands(parameters)} = ${thousands(tokens)}`,
    `compute (72·L·D² + 12·L·D·${sequenceLength}) · tokens = ${compute.toExponential(2)} operations`,
    `batch 0.292 · C^0.3271 = ${thousands(Math.round(ideal))} tokens, as a power of two: ${thousands(batchTokens)}`,
    `steps ${thousands(tokens)} / ${thousands(batchTokens)} = ${thousands(steps)}`,
    `learning rate of AdamW 0.3118 · C^-0.125 = ${adamw.toPrecision(3)}; of Muon ${MUON_LEARNING_RATE} at every width`,
  ];
  return { config, tokens, batchTokens, steps, learningRates: { adamw, muon: MUON_LEARNING_RATE }, lines };
}
