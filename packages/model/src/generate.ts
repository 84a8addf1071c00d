/** Legend: B sequences, T new positions, V vocabulary. */
import { RandomStream } from '@smol/random';
import * as tf from '@tensorflow/tfjs-core';
import { KvCache } from './kv-cache.ts';
import { logProbability, topTokens } from './log-probabilities.ts';
import type { TopToken } from './log-probabilities.ts';
import { ModelError } from './model-error.ts';
import { penalizeRepetition, sampleToken } from './sample-token.ts';
import type { SamplingOptions } from './sample-token.ts';

export type { TopToken };

/** Options of `SmolLM.generate` and `generateBatch`. */
export interface GenerateOptions extends SamplingOptions {
  /** Stop after so many new tokens. */
  maxNewTokens: number;
  /** Same seed, same tokens (default 0). Sequences of a batch draw independently; the first one as it would alone. */
  seed?: number;
  /** Generation ends before one of these, which is not returned (default: the configuration's `eos_token_id`). */
  stopIds?: readonly number[];
  /** Also report so many of the likeliest tokens of every step, with their log-probabilities (default 0). */
  topLogProbabilities?: number;
  /** Positions of a prompt that are computed at a time (default 512): bounds memory with long prompts. */
  prefillChunk?: number;
  /** Called with every token as it comes; returning false ends its sequence. */
  onToken?: (id: number, sequence: number) => void | boolean;
}

/** A continuation. */
export interface Generation {
  /** The new tokens, without prompt and stop token. */
  ids: number[];
  /** ln of the probability the model itself gave each token: before penalty, temperature and filters. */
  logProbabilities: number[];
  /** The likeliest tokens of each step, with `topLogProbabilities`. */
  topTokens?: TopToken[][];
  /** A stop token came; `maxNewTokens` did; the listener said so. */
  finishReason: 'stop' | 'length' | 'listener';
}

/** What generation needs of a model. */
export interface CausalModel {
  vocabularySize: number;
  stopIds: readonly number[];
  /** Logits `[B, V]` of the token after `ids` `[B, T]`, whose keys and values join the caches, one a sequence. */
  nextLogits(ids_BT: tf.Tensor2D, caches: readonly KvCache[]): tf.Tensor2D;
}

/** A sequence while it grows. */
interface Sequence {
  index: number;
  cache: KvCache;
  random: RandomStream;
  prompt: readonly number[];
  result: Generation;
  isDone: boolean;
}

/** One token of one sequence. */
export interface GenerationStep {
  sequence: number;
  id: number;
  /** Ends the sequence after this token. */
  stop(): void;
}

function check(isValid: boolean, message: string): void {
  if (!isValid) throw new ModelError('INVALID_ARGUMENT', message);
}

function checkPrompt(promptIds: readonly number[], vocabularySize: number): void {
  check(promptIds.length > 0, 'the prompt must have at least one token, got none');
  const wrong = promptIds.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
  check(wrong === undefined, `the prompt's token ids must be in [0, ${vocabularySize}), got ${wrong}`);
}

function checkOptions({ maxNewTokens, prefillChunk = 1, topLogProbabilities = 0 }: GenerateOptions): void {
  check(maxNewTokens >= 0, `maxNewTokens must be at least 0, got ${maxNewTokens}`);
  check(
    Number.isInteger(prefillChunk) && prefillChunk > 0,
    `prefillChunk must be a positive integer, got ${prefillChunk}`,
  );
  check(
    Number.isInteger(topLogProbabilities) && topLogProbabilities >= 0,
    `topLogProbabilities must be a non-negative integer, got ${topLogProbabilities}`,
  );
}

/** Logits of each sequence's next token; `rows` holds the same number of new tokens for each. */
async function readLogits(model: CausalModel, rows: number[][], sequences: Sequence[]): Promise<Float32Array[]> {
  const caches = sequences.map(({ cache }) => cache);
  const logits_BV = tf.tidy(() => model.nextLogits(tf.tensor2d(rows, [rows.length, rows[0].length], 'int32'), caches));
  try {
    const values = await logits_BV.data<'float32'>();
    const size = model.vocabularySize;
    return sequences.map((_, row) => values.subarray(row * size, (row + 1) * size));
  } finally {
    logits_BV.dispose();
  }
}

/** The whole prompt, some positions at a time; the logits after its last token. */
async function prefill(model: CausalModel, sequence: Sequence, chunk: number): Promise<Float32Array> {
  const { prompt, cache } = sequence;
  const lastChunk = Math.floor((prompt.length - 1) / chunk) * chunk;
  while (cache.length < lastChunk) {
    tf.tidy(() => {
      const ids = prompt.slice(cache.length, cache.length + chunk);
      model.nextLogits(tf.tensor2d(ids, [1, chunk], 'int32'), [cache]);
    });
  }
  return (await readLogits(model, [prompt.slice(lastChunk)], [sequence]))[0];
}

/** Chooses the next token and writes down what there is to say about it; undefined when the sequence ends instead. */
function choose(sequence: Sequence, logits: Float32Array, stopIds: ReadonlySet<number>, options: GenerateOptions) {
  const { result, prompt, random } = sequence;
  const { repetitionPenalty = 1, topLogProbabilities = 0 } = options;
  const seen = repetitionPenalty === 1 ? [] : [...prompt, ...result.ids];
  const penalized = penalizeRepetition(logits, seen, repetitionPenalty);
  const id = sampleToken(penalized, options, random.uniform(result.ids.length));
  if (stopIds.has(id)) {
    sequence.isDone = true;
    result.finishReason = 'stop';
    return undefined;
  }
  result.ids.push(id);
  result.logProbabilities.push(logProbability(logits, id));
  if (topLogProbabilities > 0) (result.topTokens ??= []).push(topTokens(logits, topLogProbabilities));
  sequence.isDone = result.ids.length >= options.maxNewTokens;
  return id;
}

function begin(prompt: readonly number[], index: number, { seed = 0, maxNewTokens }: GenerateOptions): Sequence {
  return {
    index,
    prompt,
    cache: new KvCache(prompt.length + Math.min(maxNewTokens, 4096)),
    random: new RandomStream(seed, index === 0 ? 'generate' : `generate ${index}`),
    result: { ids: [], logProbabilities: [], finishReason: 'length' },
    isDone: maxNewTokens === 0,
  };
}

/**
 * Continues prompts token by token: each prompt alone, then all sequences together, one position at a time on the cached
 * keys and values. Sequences have caches of their own, so prompts of different lengths need no padding, and those that end
 * leave the batch.
 *
 * @returns yields every token; in the end the whole generations, in the order of the prompts
 * @throws ModelError `INVALID_ARGUMENT` when a prompt is empty or has ids outside the vocabulary, or an option is out of range
 */
export async function* generateSteps(
  model: CausalModel,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): AsyncGenerator<GenerationStep, Generation[]> {
  for (const prompt of prompts) checkPrompt(prompt, model.vocabularySize);
  checkOptions(options);
  const stopIds = new Set(options.stopIds ?? model.stopIds);
  const sequences = prompts.map((prompt, index) => begin(prompt, index, options));
  function* step(sequence: Sequence, logits: Float32Array): Generator<GenerationStep> {
    const id = choose(sequence, logits, stopIds, options);
    if (id === undefined) return;
    const stop = (): void => {
      sequence.isDone = true;
      sequence.result.finishReason = 'listener';
    };
    yield { sequence: sequence.index, id, stop };
  }
  try {
    for (const sequence of sequences.filter(({ isDone }) => !isDone)) {
      yield* step(sequence, await prefill(model, sequence, options.prefillChunk ?? 512));
    }
    for (;;) {
      const active = sequences.filter(({ isDone }) => !isDone);
      if (active.length === 0) break;
      const rows = active.map(({ result }) => [result.ids[result.ids.length - 1]]);
      const logits = await readLogits(model, rows, active);
      for (const [row, sequence] of active.entries()) yield* step(sequence, logits[row]);
    }
  } finally {
    for (const { cache } of sequences) cache.dispose();
  }
  return sequences.map(({ result }) => result);
}

/** Runs {@link generateSteps} to its end, with the listener of the options. */
export async function generateBatch(
  model: CausalModel,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<Generation[]> {
  const steps = generateSteps(model, prompts, options);
  for (;;) {
    const next = await steps.next();
    if (next.done) return next.value;
    if (options.onToken?.(next.value.id, next.value.sequence) === false) next.value.stop();
  }
}
