import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TINY } from './fixtures/tiny-model.ts';
import {
  configFromDepth,
  deriveFromDepth,
  initialValues,
  learningRateMultipliers,
  parameterShapes,
  presetConfig,
  SmolLM,
  withMup,
} from './index.ts';
import type { Initialization } from './index.ts';
import { initialDeviation } from './initialization.ts';

const O = 'model.layers.0.self_attn.o_proj.weight';
const UP = 'model.layers.0.mlp.up_proj.weight';
const EMBEDDING = 'model.embed_tokens.weight';

function deviations(initialization?: Initialization): number[] {
  const config = presetConfig('smollm3-3b');
  const shapes = parameterShapes(config);
  return [O, UP, EMBEDDING].map((name) => initialDeviation(name, shapes.get(name)!, config, initialization));
}

describe('initialValues', () => {
  it('follow the rule', () => {
    const residual = 0.02 / Math.sqrt(72);
    expect(residual).toBeCloseTo(0.002357023, 9);
    expect(deviations()).toEqual([residual, 0.02, 0.02]);
    expect(deviations({ rule: 'normal' })).toEqual([0.02, 0.02, 0.02]);
    expect(deviations({ rule: 'zero-residual' })).toEqual([0, 0.02, 0.02]);
    // Width 2048 is 8 times the base.
    expect(deviations({ rule: 'mup', baseWidth: 256 })).toEqual([residual / Math.sqrt(8), 0.02 / Math.sqrt(8), 0.02]);
    // 2048 → 2048, and 2048 → 11008, where min(1, √(fan_out/fan_in)) is 1.
    expect(deviations({ rule: 'spectral' })).toEqual([1 / Math.sqrt(2048), 1 / Math.sqrt(2048), 0.02]);
    const down = initialDeviation('model.layers.0.mlp.down_proj.weight', [2048, 11_008], presetConfig('smollm3-3b'), {
      rule: 'spectral',
    });
    expect(down).toBeCloseTo(Math.sqrt(2048 / 11_008) / Math.sqrt(11_008), 12);
  });

  it('have the deviation they should', () => {
    const values = initialValues(UP, configFromDepth(4, 64), { seed: 1 });
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
    expect(deviation / 0.02).toBeCloseTo(1, 2);
  });

  it('are the same however the parameter is cut into shards', () => {
    const whole = initialValues(UP, TINY, { seed: 5 });
    fc.assert(
      fc.property(
        fc.array(fc.nat(whole.length), { maxLength: 5 }),
        fc.constantFrom('scaled', 'spectral'),
        (cuts, rule) => {
          const edges = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
          const shards = edges.slice(1).map((end, index) =>
            initialValues(UP, TINY, {
              seed: 5,
              start: edges[index],
              length: end - edges[index],
              initialization: { rule } as Initialization,
            }),
          );
          expect(shards.flatMap((shard) => Array.from(shard))).toEqual([
            ...initialValues(UP, TINY, { seed: 5, initialization: { rule } as Initialization }),
          ]);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('depend on seed and name; gains are 1', () => {
    const draw = (name: string, seed: number) => [...initialValues(name, TINY, { seed, length: 8 })];
    expect(draw(UP, 1)).toEqual(draw(UP, 1));
    expect(draw(UP, 1)).not.toEqual(draw(UP, 2));
    expect(draw(UP, 1)).not.toEqual(draw('model.layers.0.mlp.gate_proj.weight', 1));
    expect(draw('model.norm.weight', 1).every((gain) => gain === 1)).toBe(true);
    expect(() => draw('model.extra', 1)).toThrow('has no parameter model.extra');
  });

  it('are what a model starts with; a model whose residual projections are zero predicts from the last token alone', () => {
    const model = SmolLM.initialize(TINY, { seed: 2, initialization: { rule: 'zero-residual' } });
    const tensors = model.toTensors();
    expect(tensors.get('model.layers.1.mlp.down_proj.weight')!.data.every((value) => value === 0)).toBe(true);
    expect([...tensors.get(UP)!.data]).toEqual([...initialValues(UP, TINY, { seed: 2 })]);
    model.dispose();
  });

  it('refuse a base width that is none', () => {
    expect(() => initialValues(UP, TINY, { seed: 1, initialization: { rule: 'mup', baseWidth: 0 } })).toThrow(
      'positive baseWidth, got 0',
    );
  });
});

describe('learningRateMultipliers', () => {
  const at = (initialization: Initialization) => {
    const multipliers = learningRateMultipliers(presetConfig('smollm3-3b'), initialization);
    return [O, UP, EMBEDDING, 'model.norm.weight'].map((name) => multipliers.get(name));
  };

  it('keep one learning rate right for all widths', () => {
    expect(at({ rule: 'scaled' })).toEqual([1, 1, 1, 1]);
    expect(at({ rule: 'mup', baseWidth: 256 })).toEqual([1 / 8, 1 / 8, 1, 1]);
    expect(at({ rule: 'spectral' })).toEqual([1, 11_008 / 2048, 1, 1]);
  });

  it('come with multipliers of the forward pass for µP', () => {
    const config = withMup(presetConfig('smollm3-3b'), 256, 64);
    expect([config.logits_scaling, config.attention_multiplier]).toEqual([8, 8 / 128]);
  });
});

describe('deriveFromDepth', () => {
  it('derives a whole run, and says how', () => {
    const { config, tokens, batchTokens, steps, learningRates, lines } = deriveFromDepth(4, 4096);
    expect([config.hidden_size, config.num_attention_heads, config.num_key_value_heads]).toEqual([256, 4, 1]);
    expect([tokens, batchTokens, steps]).toEqual([20 * 3_868_928, 32_768, 2362]);
    expect(learningRates.adamw).toBeCloseTo(0.0037, 4);
    expect(lines.join('\n')).toContain('width 64 · 4 = 256');
    expect(lines.join('\n')).toContain('batch 0.292 · C^0.3271');
  });
});
