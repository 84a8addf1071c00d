import { RandomStream } from '@smol/random';
import type { ModelConfig } from './model-config.ts';
import { sizeOf } from './parameter-shapes.ts';

const RESIDUAL_OUTPUT = /\.(o_proj|down_proj)\.weight$/;

/** Standard deviation of a fresh matrix: σ, and σ/√(2L) where 2L projections add up in the residual stream (GPT-2). */
export function initialDeviation(name: string, config: ModelConfig): number {
  const sigma = config.initializer_range;
  return RESIDUAL_OUTPUT.test(name) ? sigma / Math.sqrt(2 * config.num_hidden_layers) : sigma;
}

/**
 * Fresh values of one parameter: gains are 1, matrices normal. Every element is a function of (seed, tensor name, index),
 * so it does not matter who initialises which part of the model.
 *
 * @returns f32, row-major
 */
export function initialValues(name: string, shape: readonly number[], config: ModelConfig, seed: number): Float32Array {
  const size = sizeOf(shape);
  if (shape.length === 1) return new Float32Array(size).fill(1);
  return new RandomStream(seed, name).normals(size, initialDeviation(name, config));
}
