import { disposeEngine, useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configFromDepth, SmolLM } from './index.ts';

const LENGTH = 65_536;
const MEGABYTE = 1e6;

/** Width 64; the layer's activations at 64k: 17 MB for each tensor as wide as the model, 50 MB in the feed-forward layer. */
const CONFIG = configFromDepth(1, 64, { max_position_embeddings: LENGTH, rope_theta: 5e6, initializer_range: 0.2 });
const SLIDING = { ...CONFIG, num_hidden_layers: 2, no_rope_layers: [1, 0], sliding_window: 128 };

const reserved = (): number => (tf.memory() as unknown as { reservedBytes: number }).reservedBytes / MEGABYTE;
const tokens = Array.from({ length: LENGTH }, (_, index) => (index * index + 7 * index) % 64);

beforeAll(async () => {
  await useEngine('wasm', { threads: 2 });
});
afterAll(() => disposeEngine());

describe('65,536 tokens', () => {
  it('train within 1.2 GB, with checkpointing and sliding windows', { tags: ['slow'], timeout: 240_000 }, () => {
    const layer_types = Array<'sliding_attention'>(2).fill('sliding_attention');
    const model = SmolLM.initialize({ ...SLIDING, layer_types }, { seed: 1 });
    const row = tf.tensor2d(tokens, [1, LENGTH], 'int32');
    const { value, grads } = tf.variableGrads(() =>
      model.loss({ inputs_BT: row, targets_BT: row }, { checkpointing: true }),
    );
    expect(Number.isFinite(value.dataSync()[0])).toBe(true);
    const finite = Object.values(grads).every((gradient) => gradient.dataSync().every(Number.isFinite));
    expect(finite).toBe(true);
    expect(reserved()).toBeLessThan(1200);
    tf.dispose([value, grads, row]);
    model.dispose();
  });

  it('are continued from a cache, the prompt in pieces', { tags: ['slow'], timeout: 240_000 }, async () => {
    const layer_types = Array<'sliding_attention'>(2).fill('sliding_attention');
    const model = SmolLM.initialize({ ...SLIDING, layer_types }, { seed: 1 });
    const options = { maxNewTokens: 3, temperature: 0, stopIds: [], prefillChunk: 2048 };
    const made = await model.generate(tokens.slice(0, LENGTH - 3), options);
    // With windows of 128 in 2 layers nothing beyond 2 · 128 tokens back can matter.
    expect(made).toEqual(await model.generate(tokens.slice(LENGTH - 3 - 2048, LENGTH - 3), options));
    model.dispose();
  });
});
