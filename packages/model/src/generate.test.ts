import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ids, tinyModel } from './fixtures/tiny-model.ts';

const PROMPT = [3, 1, 4, 1, 5];

/** Greedy continuation without a cache: a whole forward pass for every token. */
function greedyByForwardPasses(model: ReturnType<typeof tinyModel>, count: number): number[] {
  const sequence = [...PROMPT];
  for (let step = 0; step < count; step++) {
    const last = tf.slice(model.logits(ids([sequence])), [0, sequence.length - 1, 0], [1, 1, -1]).dataSync();
    sequence.push([...last].indexOf(Math.max(...last)));
  }
  return sequence.slice(PROMPT.length);
}

describe('generate', () => {
  it('gives on cached keys and values what whole forward passes give', async () => {
    const model = tinyModel();
    const expected = greedyByForwardPasses(model, 20);
    expect(await model.generate(PROMPT, { maxNewTokens: 20, temperature: 0 })).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(2);
  });

  it('gives the same tokens for the same seed, others for another', async () => {
    const model = tinyModel();
    const run = (seed: number) => model.generate(PROMPT, { maxNewTokens: 20, seed });
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it('ends before a stop token and when the listener says so', async () => {
    const model = tinyModel();
    const tokens = await model.generate(PROMPT, { maxNewTokens: 20, temperature: 0 });
    const stopped = await model.generate(PROMPT, { maxNewTokens: 20, temperature: 0, stopIds: [tokens[3]] });
    expect(stopped).toEqual(tokens.slice(0, tokens.indexOf(tokens[3])));
    const heard: number[] = [];
    const onToken = (id: number) => heard.push(id) < 2;
    expect(await model.generate(PROMPT, { maxNewTokens: 20, temperature: 0, onToken })).toEqual(heard);
    expect(heard).toEqual(tokens.slice(0, 2));
  });

  it('leaves no tensors behind', async () => {
    const model = tinyModel();
    const run = () => model.generate(PROMPT, { maxNewTokens: 4 });
    await run();
    const before = tf.memory().numTensors;
    await run();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses empty prompts, ids outside the vocabulary and negative counts', async () => {
    const model = tinyModel();
    await expect(model.generate([1], { maxNewTokens: NaN })).rejects.toThrow(
      'maxNewTokens must be at least 0, got NaN',
    );
    await expect(model.generate([], { maxNewTokens: 1 })).rejects.toThrow('at least one token');
    await expect(model.generate([1, 32], { maxNewTokens: 1 })).rejects.toThrow('must be in [0, 32), got 32');
  });
});
