import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ids, TINY, tinyModel } from './fixtures/tiny-model.ts';
import { SmolLM } from './index.ts';
import { toConfigJson } from './config-json.ts';

const ROWS = [[1, 5, 9, 13, 2, 6, 3, 7, 11, 15, 4, 8]];
const logitsOf = (model: SmolLM) => [...tf.tidy(() => model.logits(ids(ROWS)).dataSync())];

const STRETCHES = {
  none: null,
  yarn: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16 },
  llama3: {
    rope_type: 'llama3',
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 16,
  },
};

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe('another base of the rotary embedding', () => {
  it.each(Object.entries(STRETCHES))('makes the model that is made with it (stretch: %s)', (_, rope_scaling) => {
    const made = (rope_theta: number) =>
      SmolLM.initialize({ ...TINY, initializer_range: 0.3, rope_scaling, rope_theta }, { seed: 1 });
    const [changed, expected] = [made(50_000), made(5e6)];
    const before = logitsOf(changed);
    changed.setRopeTheta(5e6);
    expect(changed.config).toEqual(expected.config);
    expect(logitsOf(changed)).toEqual(logitsOf(expected));
    expect(logitsOf(changed)).not.toEqual(before);
    changed.setRopeTheta(50_000);
    expect(logitsOf(changed)).toEqual(before);
  });

  it('is used by gradients, with recomputed layers too, and by generation', async () => {
    const [changed, expected] = [
      tinyModel(),
      SmolLM.initialize({ ...tinyModel().config, rope_theta: 100 }, { seed: 1 }),
    ];
    logitsOf(changed);
    changed.setRopeTheta(100);
    const gradientsOf = (model: SmolLM, checkpointing: boolean) => {
      const batch = { inputs_BT: ids(ROWS), targets_BT: ids(ROWS) };
      const { grads } = tf.variableGrads(() => model.loss(batch, { checkpointing }), [...model.parameters.values()]);
      return [...model.parameters.values()].map(({ name }) => Array.from(grads[name].dataSync()));
    };
    for (const checkpointing of [false, true])
      expect(gradientsOf(changed, checkpointing)).toEqual(gradientsOf(expected, checkpointing));
    const options = { maxNewTokens: 12, temperature: 1, seed: 3, stopIds: [] };
    expect(await changed.generate(ROWS[0], options)).toEqual(await expected.generate(ROWS[0], options));
  });

  it('goes into config.json, and leaves an earlier look at the configuration alone', () => {
    const model = tinyModel();
    const earlier = model.config;
    model.setRopeTheta(2e6);
    expect(toConfigJson(model.config)).toMatchObject({ rope_theta: 2e6 });
    expect(earlier.rope_theta).toBe(50_000);
  });

  it('keeps no second table of angles', () => {
    const model = tinyModel();
    logitsOf(model);
    const tensors = tf.memory().numTensors;
    for (const theta of [1e3, 1e4, 1e5]) {
      model.setRopeTheta(theta);
      logitsOf(model);
    }
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it.each([0, -1, Number.NaN, Infinity])('must be a positive number, not %d; the model stays as it was', (theta) => {
    const model = tinyModel();
    const before = logitsOf(model);
    expect(() => model.setRopeTheta(theta)).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringContaining('rope_theta') }),
    );
    expect(model.config.rope_theta).toBe(50_000);
    expect(logitsOf(model)).toEqual(before);
  });
});
