import { RandomStream } from '@smol/random';
import type { ModelConfig } from './model-config.ts';
import { ModelError } from './model-error.ts';
import { EMBEDDING, HEAD, parameterShapes, sizeOf } from './parameter-shapes.ts';

/**
 * How fresh matrices are drawn; gains are always 1. σ is `initializer_range`, L the number of layers.
 * - `scaled` (default; nanotron, SmolLM3): N(0, σ), and σ/√(2L) where a projection adds to the residual stream (GPT-2)
 * - `normal` (transformers): N(0, σ) everywhere
 * - `zero-residual` (modded-nanogpt): as `normal`, but projections into the residual stream start at 0
 * - `mup` (Yang et al. 2022): as `scaled`, with variances of hidden matrices divided by m = width / `baseWidth`
 * - `spectral` (Yang et al. 2023; nanotron): hidden matrices have σ = 1/√fan_in · min(1, √(fan_out/fan_in))
 */
export type Initialization =
  | { rule: 'scaled' | 'normal' | 'zero-residual' | 'spectral' }
  | { rule: 'mup'; baseWidth: number };

/** The names of the rules that need no number. */
export type InitializationRule = Exclude<Initialization['rule'], 'mup'>;

/** A slice of a parameter: which elements, counted row-major. */
export interface ElementRange {
  start?: number;
  length?: number;
}

const RESIDUAL_OUTPUT = /\.(o_proj|down_proj)\.weight$/;

const isHidden = (name: string): boolean => name !== EMBEDDING && name !== HEAD;

function widthRatio(config: ModelConfig, baseWidth: number): number {
  if (baseWidth > 0 && Number.isFinite(baseWidth)) return config.hidden_size / baseWidth;
  throw new ModelError('INVALID_ARGUMENT', `mup needs a positive baseWidth, got ${baseWidth}`);
}

/** Standard deviation of a fresh matrix `[out, in]`. */
export function initialDeviation(
  name: string,
  [fanOut, fanIn]: readonly number[],
  config: ModelConfig,
  initialization: Initialization = { rule: 'scaled' },
): number {
  const sigma = config.initializer_range;
  const isResidual = RESIDUAL_OUTPUT.test(name);
  const scaled = isResidual ? sigma / Math.sqrt(2 * config.num_hidden_layers) : sigma;
  if (!isHidden(name)) return sigma;
  switch (initialization.rule) {
    case 'scaled':
      return scaled;
    case 'normal':
      return sigma;
    case 'zero-residual':
      return isResidual ? 0 : sigma;
    case 'mup':
      return scaled / Math.sqrt(widthRatio(config, initialization.baseWidth));
    case 'spectral':
      return Math.min(1, Math.sqrt(fanOut / fanIn)) / Math.sqrt(fanIn);
    default:
      throw new ModelError('INVALID_ARGUMENT', `unknown initialization ${JSON.stringify(initialization)}`);
  }
}

/**
 * Fresh values of one parameter, or of a slice of it. Every element is a function of (seed, tensor name, index) alone, so
 * that it does not matter who initialises which part of the model: SmolLM3 was once restarted after a trillion tokens
 * because all shards had drawn the same numbers.
 *
 * @param name under which `parameterShapes` knows it
 * @returns f32, row-major
 * @throws ModelError `INVALID_ARGUMENT` for an unknown name or rule
 */
export function initialValues(
  name: string,
  config: ModelConfig,
  options: { seed: number; initialization?: Initialization } & ElementRange,
): Float32Array {
  const shape = parameterShapes(config).get(name);
  if (shape === undefined) throw new ModelError('INVALID_ARGUMENT', `the configuration has no parameter ${name}`);
  const { seed, initialization, start = 0, length = sizeOf(shape) - start } = options;
  if (shape.length === 1) return new Float32Array(length).fill(1);
  const deviation = initialDeviation(name, shape, config, initialization);
  return new RandomStream(seed, name).normals(length, deviation, start);
}

/**
 * What the learning rate of each parameter is multiplied by, so that one learning rate is right for all widths under Adam:
 * µP 1/m for hidden matrices; spectral fan_out/fan_in for them (nanotron); 1 for embeddings, head and gains, and for all
 * other rules. The coupled weight decay of a matrix wants the inverse.
 *
 * @returns by parameter name
 */
export function learningRateMultipliers(config: ModelConfig, initialization: Initialization): Map<string, number> {
  const multiplier = (name: string, shape: readonly number[]): number => {
    if (shape.length === 1 || !isHidden(name)) return 1;
    if (initialization.rule === 'mup') return 1 / widthRatio(config, initialization.baseWidth);
    return initialization.rule === 'spectral' ? shape[0] / shape[1] : 1;
  };
  return new Map([...parameterShapes(config)].map(([name, shape]) => [name, multiplier(name, shape)]));
}

/**
 * The multipliers of µP's forward pass in a configuration: attention scale √base_dim / head_dim and logits divided by m
 * (EleutherAI/nanoGPT-mup). Use it with the initialization `mup` of the same base width.
 *
 * @param baseHeadDimension head dimension at the base width; default: the same as here
 */
export function withMup(config: ModelConfig, baseWidth: number, baseHeadDimension = config.head_dim): ModelConfig {
  return {
    ...config,
    attention_multiplier: Math.sqrt(baseHeadDimension) / config.head_dim,
    logits_scaling: widthRatio(config, baseWidth),
  };
}
