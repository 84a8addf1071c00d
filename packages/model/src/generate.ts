/** Legend: B batch (here 1), T new positions, V vocabulary, D model width. */
import { RandomStream } from '@smol/random';
import * as tf from '@tensorflow/tfjs-core';
import { KvCache } from './kv-cache.ts';
import { ModelError } from './model-error.ts';
import { sampleToken } from './sample-token.ts';
import type { SamplingOptions } from './sample-token.ts';

/** Options of `SmolLM.generate`. */
export interface GenerateOptions extends SamplingOptions {
  /** Stop after so many new tokens. */
  maxNewTokens: number;
  /** Same seed, same tokens (default 0). */
  seed?: number;
  /** Generation ends before one of these, which is not returned (default: the configuration's `eos_token_id`). */
  stopIds?: readonly number[];
  /** Called with every token as it comes; returning false ends generation. */
  onToken?: (id: number) => void | boolean;
}

/** What generation needs of a model. */
export interface CausalModel {
  vocabularySize: number;
  stopIds: readonly number[];
  /** Logits `[V]` of the token after `ids`, whose keys and values join the cache. */
  nextLogits(ids: tf.Tensor2D, cache: KvCache): tf.Tensor1D;
}

function checkCount(maxNewTokens: number): void {
  if (maxNewTokens >= 0) return;
  throw new ModelError('INVALID_ARGUMENT', `maxNewTokens must be at least 0, got ${maxNewTokens}`);
}

function checkPrompt(promptIds: readonly number[], vocabularySize: number): void {
  if (promptIds.length === 0)
    throw new ModelError('INVALID_ARGUMENT', 'the prompt must have at least one token, got none');
  const wrong = promptIds.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
  if (wrong !== undefined) {
    throw new ModelError('INVALID_ARGUMENT', `the prompt's token ids must be in [0, ${vocabularySize}), got ${wrong}`);
  }
}

async function readLogits(model: CausalModel, ids: readonly number[], cache: KvCache): Promise<Float32Array> {
  const logits_V = tf.tidy(() => model.nextLogits(tf.tensor2d([...ids], [1, ids.length], 'int32'), cache));
  try {
    return await logits_V.data<'float32'>();
  } finally {
    logits_V.dispose();
  }
}

/**
 * Continues a prompt token by token: the whole prompt in one pass, then one position at a time on the cached keys and values.
 *
 * @returns the new tokens, without the prompt and without the stop token
 * @throws ModelError `INVALID_ARGUMENT` when the prompt is empty or has ids outside the vocabulary, or an option is out of range
 */
export async function generateTokens(
  model: CausalModel,
  promptIds: readonly number[],
  options: GenerateOptions,
): Promise<number[]> {
  checkPrompt(promptIds, model.vocabularySize);
  checkCount(options.maxNewTokens);
  const stream = new RandomStream(options.seed ?? 0, 'generate');
  const stopIds = new Set(options.stopIds ?? model.stopIds);
  const cache = new KvCache();
  const generated: number[] = [];
  try {
    let newIds = promptIds;
    while (generated.length < options.maxNewTokens) {
      const logits = await readLogits(model, newIds, cache);
      const id = sampleToken(logits, options, stream.uniform(generated.length));
      if (stopIds.has(id)) break;
      generated.push(id);
      if (options.onToken?.(id) === false) break;
      newIds = [id];
    }
  } finally {
    cache.dispose();
  }
  return generated;
}
