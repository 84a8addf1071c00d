/** Legend: T positions, K head dimension. */
import { ropeTable } from '@smol/ops';
import type { RopeTable } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { llama3RopeTable } from './llama3-rope.ts';
import type { ModelConfig } from './model-config.ts';

/** Keeps one table of rotary angles, which grows to powers of two, and hands out the rows for the positions at hand. */
export class RopeCache {
  readonly #config: ModelConfig;
  #table: RopeTable | undefined;
  #length = 0;

  constructor(config: ModelConfig) {
    this.#config = config;
  }

  /** The rows of positions start … start + length − 1, `[length, K/2]`, for use within the caller's tidy. */
  rows(start: number, length: number): RopeTable {
    const { cos, sin } = this.#grow(start + length);
    if (length === this.#length) return { cos, sin };
    return { cos: tf.slice(cos, [start, 0], [length, -1]), sin: tf.slice(sin, [start, 0], [length, -1]) };
  }

  #grow(length: number): RopeTable {
    if (this.#table && length <= this.#length) return this.#table;
    this.dispose();
    this.#length = 2 ** Math.ceil(Math.log2(length));
    this.#table = this.#build();
    tf.keep(this.#table.cos);
    tf.keep(this.#table.sin);
    return this.#table;
  }

  #build(): RopeTable {
    const { head_dim, rope_theta, rope_scaling: scaling } = this.#config;
    const options = { length: this.#length, headDimension: head_dim, theta: rope_theta };
    if (scaling?.rope_type === 'llama3') return llama3RopeTable(options, scaling);
    if (scaling === null) return ropeTable(options);
    const yarn = {
      factor: scaling.factor,
      originalLength: scaling.original_max_position_embeddings,
      betaFast: scaling.beta_fast,
      betaSlow: scaling.beta_slow,
      attentionFactor: scaling.attention_factor ?? undefined,
    };
    return ropeTable({ ...options, yarn });
  }

  dispose(): void {
    if (this.#table) tf.dispose({ ...this.#table });
    this.#table = undefined;
    this.#length = 0;
  }
}
