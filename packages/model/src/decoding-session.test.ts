import { describeEngines, disposeEngine, useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KvCache, SmolLM } from './index.ts';
import { ids, TINY } from './fixtures/tiny-model.ts';

const TOKENS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8];

const models: [string, object][] = [
  ['SmolLM3', {}],
  ['sliding windows', { sliding_window: 4, layer_types: Array<string>(4).fill('sliding_attention') }],
  ['QK-norm and soft caps', { qk_norm: true, attn_logit_softcapping: 2, final_logit_softcapping: 5 }],
  ['multipliers', { attention_multiplier: 0.1, embedding_multiplier: 0.5, residual_multiplier: 2, logits_scaling: 2 }],
  ['an untied head', { tie_word_embeddings: false }],
];
const found = (await describeEngines()).engines;
const engines = (['cpu', 'wasm', 'native'] as const).filter((name) => found[name].available);

/** Largest difference between two lists of numbers. */
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, index) => Math.abs(value - b[index])));

describe.each(engines)('reading on with kept keys and values on the engine %s', (engine) => {
  beforeAll(() => useEngine(engine, { threads: 2 }));
  afterAll(() => disposeEngine());
  const tolerance = engine === 'cpu' ? 0 : 2e-5;

  it.each(models)('gives the logits of several positions that a whole pass gives: %s', (_, changes) => {
    const model = SmolLM.initialize({ ...TINY, ...changes, initializer_range: 0.3 }, { seed: 4 });
    const cache = new KvCache(2);
    tf.tidy(() => {
      const whole = model.logits(ids([TOKENS]));
      let read = 0;
      for (const count of [3, 1, 5, 3]) {
        const own = model.logits(ids([TOKENS.slice(read, read + count)]), { caches: [cache] });
        const expected = tf.slice(whole, [0, read, 0], [1, count, -1]);
        expect(distance(own.dataSync(), expected.dataSync())).toBeLessThanOrEqual(tolerance);
        read += count;
        expect(cache.length).toBe(read);
      }
    });
    cache.dispose();
    model.dispose();
  });

  it.each(models)('gives after wrong tokens were taken back what it gives without them: %s', (_, changes) => {
    const model = SmolLM.initialize({ ...TINY, ...changes, initializer_range: 0.3 }, { seed: 4 });
    const before = tf.memory().numTensors;
    const session = model.startSession(4);
    session.extend(TOKENS.slice(0, 4)).dispose();
    session.extend([7, 7, 7, 7, 7]).dispose();
    session.rewind(4);
    session.extend([30, 31]).dispose();
    session.rewind(3);
    expect(session.length).toBe(4);
    const states = session.extend(TOKENS.slice(4));
    const expected = tf.tidy(() =>
      tf
        .slice(model.hidden(ids([TOKENS])), [0, 4, 0], [1, -1, -1])
        .dataSync()
        .slice(),
    );
    expect(distance(states.dataSync(), expected)).toBeLessThanOrEqual(tolerance);
    states.dispose();
    session.dispose();
    expect(tf.memory().numTensors).toBe(before + (model.config.no_rope_layers.includes(1) ? 2 : 0)); // rotary angles stay
    model.dispose();
  });

  it('reads sequences of different lengths together', () => {
    const model = SmolLM.initialize({ ...TINY, initializer_range: 0.3 }, { seed: 4 });
    const caches = [new KvCache(), new KvCache()];
    tf.tidy(() => {
      model.hidden(ids([TOKENS.slice(0, 6)]), { caches: [caches[0]] });
      model.hidden(ids([TOKENS.slice(3, 5)]), { caches: [caches[1]] });
      const both = model.logits(ids([TOKENS.slice(6, 9), TOKENS.slice(5, 8)]), { caches }).dataSync();
      const alone = [TOKENS.slice(0, 9), TOKENS.slice(3, 8)].flatMap((row) => [
        ...tf.slice(model.logits(ids([row])), [0, row.length - 3, 0]).dataSync(),
      ]);
      expect(distance(both, Float32Array.from(alone))).toBeLessThanOrEqual(tolerance);
    });
    for (const cache of caches) cache.dispose();
    model.dispose();
  });
});

describe('a session', () => {
  beforeAll(() => useEngine('wasm', { threads: 1 }));
  afterAll(() => disposeEngine());

  it('reads a long prompt in pieces of 512', () => {
    const model = SmolLM.initialize(
      { ...TINY, num_hidden_layers: 1, no_rope_layers: [1], layer_types: undefined },
      { seed: 4 },
    );
    const long = Array.from({ length: 520 }, (_, index) => (index * 7) % 32);
    const session = model.startSession();
    const states = session.extend(long);
    expect(states.shape).toEqual([1, 520, model.config.hidden_size]);
    const expected = tf.tidy(() =>
      model
        .hidden(ids([long]))
        .dataSync()
        .slice(),
    );
    expect(distance(states.dataSync(), expected)).toBeLessThan(2e-5);
    states.dispose();
    session.dispose();
    model.dispose();
  });

  it('refuses what cannot be', () => {
    const model = SmolLM.initialize(TINY, { seed: 1 });
    const session = model.startSession();
    session.extend([1, 2, 3]).dispose();
    expect(() => session.rewind(4)).toThrow('from 0 to the 3 positions it holds, got -1');
    expect(() => session.rewind(-1)).toThrow('got 4');
    expect(() => session.extend([])).toThrow('at least one token');
    const caches = [new KvCache()];
    expect(() => model.hidden(ids([[1], [2]]), { caches })).toThrow('one a row of ids, so 2, got 1');
    expect(() => model.hidden(ids([[1]]), { caches, segmentIds_BT: ids([[0]]) })).toThrow('neither segmentIds_BT');
    expect(() => model.hidden(ids([[1]]), { caches, checkpointing: true })).toThrow('nor checkpointing');
  });
});
