/** Legend: T tokens of a pass, D model width; the batch is 1. */
import * as tf from '@tensorflow/tfjs-core';
import { KvCache } from './kv-cache.ts';
import { ModelError } from './model-error.ts';

/** One sequence as a model reads it: only what is new is computed, and the last tokens can be taken back. */
export interface DecodingSession {
  /** Tokens read and not taken back. */
  readonly length: number;
  /**
   * Reads further tokens, 512 at a time.
   *
   * @returns `[1, T, D]`, the states of just these after the final normalisation; the caller disposes of it
   * @throws ModelError `INVALID_ARGUMENT` when there are none
   */
  extend(ids: readonly number[]): tf.Tensor3D;
  /**
   * Takes the last `count` tokens back. Nothing is computed or copied.
   *
   * @throws ModelError `INVALID_ARGUMENT` when there are not so many
   */
  rewind(count: number): void;
  /** Frees keys and values. */
  dispose(): void;
}

/** As many as `generate` computes of a prompt at a time. */
const chunkLength = 512;

/**
 * Begins a sequence.
 *
 * @param hidden the model's states `[1, T, D]` after new tokens, whose keys and values join the cache
 * @param capacity positions to make room for at once
 */
export function startSession(
  hidden: (ids_1T: tf.Tensor2D, caches: readonly [KvCache]) => tf.Tensor3D,
  capacity?: number,
): DecodingSession {
  const cache = new KvCache(capacity);
  const read = (ids: readonly number[]) => hidden(tf.tensor2d(ids as number[], [1, ids.length], 'int32'), [cache]);
  return {
    get length() {
      return cache.length;
    },
    extend(ids) {
      if (ids.length === 0) throw new ModelError('INVALID_ARGUMENT', 'extend needs at least one token, got none');
      return tf.tidy(() => {
        if (ids.length <= chunkLength) return read(ids);
        const chunks: tf.Tensor3D[] = [];
        for (let start = 0; start < ids.length; start += chunkLength)
          chunks.push(read(ids.slice(start, start + chunkLength)));
        return tf.concat(chunks, 1);
      });
    },
    rewind: (count) => cache.rewind(cache.length - count),
    dispose: () => cache.dispose(),
  };
}
