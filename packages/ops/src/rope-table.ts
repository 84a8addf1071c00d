/** Legend: T positions, K head dimension. */
import * as tf from '@tensorflow/tfjs-core';
import { checkArgument } from './ops-error.ts';

/** YaRN (Peng et al. 2023): stretches the context by `factor` beyond the `originalLength` the model was trained on. */
export interface YarnOptions {
  /** How many times longer the context becomes; 1 changes nothing. */
  factor: number;
  /** Number of positions of pretraining. */
  originalLength: number;
  /** Rotations over the original length above which a frequency is left alone (default 32). */
  betaFast?: number;
  /** Rotations below which a frequency is divided by `factor` (default 1). */
  betaSlow?: number;
  /** Multiplies cos and sin; default 0.1·ln(factor) + 1. */
  attentionFactor?: number;
}

/** What determines the angles of a rotary embedding. */
export interface RopeFrequencyOptions {
  /** K, even. */
  headDimension: number;
  /** Base of the geometric series of wavelengths (SmolLM3: 50 000 at 4k, 5 000 000 at 64k). */
  theta: number;
  yarn?: YarnOptions;
}

/** Cosines and sines of every position's angles, each `[T, K/2]`. */
export interface RopeTable {
  cos: tf.Tensor2D;
  sin: tf.Tensor2D;
}

/** Index of the frequency that turns `rotations` times over the original length. */
function correctionIndex(rotations: number, { headDimension, theta, yarn }: RopeFrequencyOptions): number {
  return (headDimension * Math.log(yarn!.originalLength / (2 * Math.PI * rotations))) / (2 * Math.log(theta));
}

/** Share of interpolation per frequency: 0 keeps it, 1 divides it by the factor. */
function yarnRamp(options: RopeFrequencyOptions): (index: number) => number {
  const { betaFast = 32, betaSlow = 1 } = options.yarn!;
  const low = Math.max(Math.floor(correctionIndex(betaFast, options)), 0);
  const high = Math.min(Math.ceil(correctionIndex(betaSlow, options)), options.headDimension - 1);
  const width = Math.max(high - low, 0.001);
  return (index) => Math.min(Math.max((index - low) / width, 0), 1);
}

/**
 * Angle per position of each of the K/2 pairs, in radians: theta^(−2i/K), blended with its `factor`-th by YaRN's ramp.
 *
 * @returns K/2 numbers in f64
 * @throws OpsError `INVALID_ARGUMENT` when K is odd or theta is not above 1
 */
export function ropeFrequencies(options: RopeFrequencyOptions): Float64Array {
  const { headDimension, theta, yarn } = options;
  checkArgument(
    headDimension > 0 && headDimension % 2 === 0,
    () => `ropeFrequencies: headDimension must be even, got ${headDimension}`,
  );
  checkArgument(theta > 1, () => `ropeFrequencies: theta must be above 1, got ${theta}`);
  checkArgument(
    yarn === undefined || yarn.factor >= 1,
    () => `ropeFrequencies: yarn.factor must be at least 1, got ${yarn?.factor}`,
  );
  const ramp = yarn ? yarnRamp(options) : () => 0;
  return Float64Array.from({ length: headDimension / 2 }, (_, index) => {
    const frequency = theta ** ((-2 * index) / headDimension);
    return frequency * (1 - ramp(index) * (1 - 1 / (yarn?.factor ?? 1)));
  });
}

/** YaRN's scale of cos and sin, which sharpens attention to make up for the longer context. */
function attentionFactor(yarn: YarnOptions | undefined): number {
  if (!yarn) return 1;
  return yarn.attentionFactor ?? 0.1 * Math.log(yarn.factor) + 1;
}

/**
 * Builds the table that {@link rope} needs, for positions `start` … `start + length − 1`. Angles are computed in f64.
 *
 * @param options number of positions, first position (default 0) and the frequencies
 * @returns two f32 tensors `[length, K/2]`; the caller disposes of them
 * @throws OpsError `INVALID_ARGUMENT` as {@link ropeFrequencies}
 */
export function ropeTable(options: RopeFrequencyOptions & { length: number; start?: number }): RopeTable {
  const { length, start = 0, yarn } = options;
  const frequencies = ropeFrequencies(options);
  const half = frequencies.length;
  const scale = attentionFactor(yarn);
  const cos = new Float32Array(length * half);
  const sin = new Float32Array(length * half);
  for (let index = 0; index < cos.length; index++) {
    const angle = (start + Math.floor(index / half)) * frequencies[index % half];
    cos[index] = Math.cos(angle) * scale;
    sin[index] = Math.sin(angle) * scale;
  }
  return { cos: tf.tensor2d(cos, [length, half]), sin: tf.tensor2d(sin, [length, half]) };
}
