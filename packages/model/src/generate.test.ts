import { disposeEngine, useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SmolLM } from './index.ts';
import { KvCache } from './kv-cache.ts';
import { ids, TINY, tinyModel } from './fixtures/tiny-model.ts';

const PROMPT = [3, 1, 4, 1, 5];

/** Greedy continuation without a cache: a whole forward pass for every token. */
function greedyByForwardPasses(model: SmolLM, prompt: readonly number[], count: number): number[] {
  const sequence = [...prompt];
  for (let step = 0; step < count; step++) {
    const last = tf.tidy(() => {
      return tf.slice(model.logits(ids([sequence])), [0, sequence.length - 1, 0], [1, 1, -1]).dataSync();
    });
    sequence.push([...last].indexOf(Math.max(...last)));
  }
  return sequence.slice(prompt.length);
}

const GREEDY = { maxNewTokens: 20, temperature: 0 };

describe.each(['cpu', 'wasm'] as const)('generate on the engine %s', (engine) => {
  beforeAll(async () => {
    await useEngine(engine, { threads: 2 });
  });
  afterAll(() => disposeEngine());

  it.each([
    ['SmolLM3', {}],
    ['sliding windows', { sliding_window: 4, layer_types: Array<string>(4).fill('sliding_attention') }],
    ['SmolLM3 with windows', { sliding_window: 3, use_sliding_window: true }],
    ['QK-norm and soft caps', { qk_norm: true, attn_logit_softcapping: 2, final_logit_softcapping: 5 }],
    ['YaRN', { rope_scaling: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16 } }],
    [
      'multipliers',
      { attention_multiplier: 0.1, embedding_multiplier: 0.5, residual_multiplier: 2, logits_scaling: 2 },
    ],
    ['an untied head', { tie_word_embeddings: false }],
  ])('gives on cached keys and values what whole forward passes give: %s', async (_, changes) => {
    const model = SmolLM.initialize({ ...TINY, ...changes, initializer_range: 0.3 }, { seed: 4 });
    const expected = greedyByForwardPasses(model, PROMPT, 20);
    expect(await model.generate(PROMPT, GREEDY)).toEqual(expected);
    // A prompt in pieces: 5 tokens, two at a time.
    expect(await model.generate(PROMPT, { ...GREEDY, prefillChunk: 2 })).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(1);
    model.dispose();
  });

  it('continues a batch of prompts of any lengths as each alone, greedy or drawn', async () => {
    const model = tinyModel();
    const prompts = [PROMPT, [7], [2, 2, 2, 9, 9, 30, 1, 0, 12], [31, 5]];
    const batch = await model.generateBatch(prompts, GREEDY);
    for (const [index, prompt] of prompts.entries()) {
      expect(batch[index].ids).toEqual(await model.generate(prompt, GREEDY));
    }
    const drawn = await model.generateBatch(prompts, { maxNewTokens: 20, seed: 3 });
    expect(drawn[0].ids).toEqual(await model.generate(PROMPT, { maxNewTokens: 20, seed: 3 }));
    expect(drawn[1].ids).not.toEqual(await model.generate([7], { maxNewTokens: 20, seed: 3 }));
    expect(await model.generateBatch([], GREEDY)).toEqual([]);
  });

  it('lets sequences leave the batch when they end', async () => {
    const model = tinyModel();
    const prompts = [PROMPT, [7, 3]];
    const [first, second] = await model.generateBatch(prompts, GREEDY);
    const stop = first.ids[3];
    const stopped = await model.generateBatch(prompts, { ...GREEDY, stopIds: [stop] });
    expect(stopped[0].ids).toEqual(first.ids.slice(0, first.ids.indexOf(stop)));
    const at = second.ids.indexOf(stop);
    expect(stopped[1].ids).toEqual(at < 0 ? second.ids : second.ids.slice(0, at));
    expect([stopped[0].finishReason, first.finishReason]).toEqual(['stop', 'length']);
  });

  it('reports log-probabilities: those of a forward pass, and the likeliest tokens', async () => {
    const model = tinyModel();
    const [{ ids: made, logProbabilities, topTokens }] = await model.generateBatch([PROMPT], {
      maxNewTokens: 6,
      temperature: 2,
      seed: 1,
      topLogProbabilities: 3,
    });
    const sequence = [...PROMPT, ...made];
    const expected = tf.tidy(() => tf.logSoftmax(model.logits(ids([sequence]))).arraySync() as number[][][])[0];
    for (const [step, id] of made.entries()) {
      const row = expected[PROMPT.length - 1 + step];
      expect(logProbabilities[step]).toBeCloseTo(row[id], 4);
      const best = [...row.keys()].sort((a, b) => row[b] - row[a]).slice(0, 3);
      expect(topTokens![step].map((token) => token.id)).toEqual(best);
      expect(topTokens![step][0].logProbability).toBeCloseTo(row[best[0]], 4);
    }
  });

  it('gives the same tokens for the same seed, others for another', async () => {
    const model = tinyModel();
    const run = (seed: number) => model.generate(PROMPT, { maxNewTokens: 20, seed });
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it('repeats less under a repetition penalty', async () => {
    const model = tinyModel();
    const distinct = async (repetitionPenalty: number) =>
      new Set(await model.generate(PROMPT, { ...GREEDY, repetitionPenalty })).size;
    expect(await distinct(20)).toBeGreaterThan(await distinct(1));
    expect(await distinct(20)).toBe(20);
  });

  it('ends before a stop token and when the listener says so', async () => {
    const model = tinyModel();
    const tokens = await model.generate(PROMPT, GREEDY);
    const stopped = await model.generate(PROMPT, { ...GREEDY, stopIds: [tokens[3]] });
    expect(stopped).toEqual(tokens.slice(0, tokens.indexOf(tokens[3])));
    const heard: number[] = [];
    const onToken = (id: number) => heard.push(id) < 2;
    expect(await model.generate(PROMPT, { ...GREEDY, onToken })).toEqual(heard);
    expect(heard).toEqual(tokens.slice(0, 2));
  });

  it('makes do with one token, and goes on to the full context and beyond it', async () => {
    const model = tinyModel();
    expect(await model.generate([9], { maxNewTokens: 1, temperature: 0 })).toEqual(
      greedyByForwardPasses(model, [9], 1),
    );
    expect(await model.generate([9], { maxNewTokens: 0 })).toEqual([]);
    const long = Array.from({ length: 63 }, (_, index) => (index * 7) % 32);
    expect(await model.generate(long, { maxNewTokens: 2, temperature: 0 })).toEqual(
      greedyByForwardPasses(model, long, 2),
    );
  });

  it('grows its cache beyond what was allotted at first', () => {
    const cache = new KvCache(2);
    const rows = (start: number, count: number) =>
      tf.reshape(tf.range(start * 2, (start + count) * 2), [1, count, 1, 2]) as tf.Tensor4D;
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      for (const [start, count] of [
        [0, 1],
        [1, 2],
        [3, 6],
      ]) {
        const { k_1TGK, v_1TGK } = cache.append(0, { k_1TGK: rows(start, count), v_1TGK: rows(start, count) });
        expect(Array.from(k_1TGK.dataSync().subarray(0, 2 * (start + count)))).toEqual([
          ...Array(2 * (start + count)).keys(),
        ]);
        expect(v_1TGK.shape).toEqual([1, start + count, 1, 2]);
        cache.advance(count);
      }
    });
    cache.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leaves no tensors behind, also when it is broken off', async () => {
    const model = tinyModel();
    const run = () => model.generateBatch([PROMPT, [4]], { maxNewTokens: 4 });
    await run();
    const before = tf.memory().numTensors;
    await run();
    for await (const step of model.generateSteps([PROMPT], { maxNewTokens: 9 })) if (step.id >= 0) break;
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses empty prompts, ids outside the vocabulary and options out of range', async () => {
    const model = tinyModel();
    const run = (prompt: number[], options: object) => model.generate(prompt, { maxNewTokens: 1, ...options });
    await expect(run([1], { maxNewTokens: NaN })).rejects.toThrow('maxNewTokens must be at least 0, got NaN');
    await expect(run([], {})).rejects.toThrow('at least one token');
    await expect(run([1, 32], {})).rejects.toThrow('must be in [0, 32), got 32');
    await expect(run([1], { prefillChunk: 0 })).rejects.toThrow('prefillChunk must be a positive integer, got 0');
    await expect(run([1], { repetitionPenalty: 0 })).rejects.toThrow('repetitionPenalty must be above 0, got 0');
    await expect(run([1], { topLogProbabilities: -1 })).rejects.toThrow('non-negative integer, got -1');
  });
});
