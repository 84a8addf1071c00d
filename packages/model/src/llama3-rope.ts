/** Legend: T positions, K head dimension. */
import { ropeFrequencies } from '@smol/ops';
import type { RopeTable } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { Llama3Scaling } from './model-config.ts';

/**
 * Frequencies of Llama 3.1 (transformers, `_compute_llama3_parameters`): wavelengths below L/high are kept, those above L/low
 * are stretched by the factor, and between them the frequency is interpolated, L the length of pretraining.
 *
 * @param frequencies angle per position of each pair, in radians
 */
export function llama3Frequencies(frequencies: Float64Array, scaling: Llama3Scaling): Float64Array {
  const { factor, low_freq_factor: low, high_freq_factor: high } = scaling;
  return frequencies.map((frequency) => {
    const turns = (scaling.original_max_position_embeddings * frequency) / (2 * Math.PI);
    const kept = Math.min(Math.max((turns - low) / (high - low), 0), 1);
    return frequency * (kept + (1 - kept) / factor);
  });
}

/** Cosines and sines `[T, K/2]` for positions 0 … length − 1; the caller disposes of them. */
export function llama3RopeTable(
  options: { length: number; headDimension: number; theta: number },
  scaling: Llama3Scaling,
): RopeTable {
  const frequencies = llama3Frequencies(ropeFrequencies(options), scaling);
  const half = frequencies.length;
  const angles = (of: (angle: number) => number): tf.Tensor2D => {
    const values = new Float32Array(options.length * half);
    for (let index = 0; index < values.length; index++) {
      values[index] = of(Math.floor(index / half) * frequencies[index % half]);
    }
    return tf.tensor2d(values, [options.length, half]);
  };
  return { cos: angles(Math.cos), sin: angles(Math.sin) };
}
