import { useEngine } from '@smol/engine';
import { configFromDepth, SmolLM } from '@smol/model';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { showActivations } from './show-activations.ts';

await useEngine('cpu');

describe('showActivations', () => {
  it.each([
    ['smollm3', {}],
    ['llama', { model_type: 'llama', no_rope_layers: undefined }],
  ])("computes what the model computes, for %s, and shows each layer's activations", (_, changes) => {
    const config = {
      ...configFromDepth(4, 40),
      hidden_size: 32,
      head_dim: 8,
      intermediate_size: 24,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      initializer_range: 0.2,
      ...changes,
    };
    const model = SmolLM.initialize(JSON.parse(JSON.stringify(config)) as object, { seed: 1 });
    const before = tf.memory().numTensors;
    const shown: Record<string, number[]> = {};
    tf.tidy(() => {
      const ids = Int32Array.from({ length: 20 }, (__, index) => (7 * index) % 40);
      const inputs_BT = tf.tensor2d(ids, [2, 10], 'int32');
      const segmentIds_BT = tf.tensor2d(
        Int32Array.from({ length: 20 }, (__, index) => Number(index % 10 > 5)),
        [2, 10],
        'int32',
      );
      const traced_ND = showActivations(
        model,
        { inputs_BT, segmentIds_BT },
        (name, { shape }) => void (shown[name] = shape),
      );
      const expected_ND = tf.reshape(model.hidden(inputs_BT, { segmentIds_BT }), [20, 32]);
      expect(tf.max(tf.abs(tf.sub(traced_ND, expected_ND))).dataSync()[0]).toBeLessThan(1e-5);
    });
    expect(Object.keys(shown)).toHaveLength(12);
    expect(shown).toMatchObject({
      'layers.3.self_attn': [20, 32],
      'layers.3.mlp.hidden': [20, 24],
      'layers.3': [20, 32],
    });
    model.dispose();
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before);
  });
});
