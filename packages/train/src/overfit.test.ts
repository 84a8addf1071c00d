import { useEngine } from '@smol/engine';
import { SmolLM } from '@smol/model';
import { AdamW, Muon, splitParameters } from '@smol/optim-muon';
import { beforeAll, expect, it } from 'vitest';
import type { TrainOptimizer } from './optimizer.ts';
import { wsd } from './schedule.ts';
import { Trainer } from './trainer.ts';

beforeAll(() => useEngine('wasm'));

const totalSteps = 200;
const [rows, sequenceLength, vocabulary] = [2, 32, 64];

/** One batch of scrambled tokens, again and again. */
function sameBatch() {
  const scramble = (index: number) => (Math.imul(index + 1, 2654435761) >>> 16) % vocabulary;
  const ids = Int32Array.from({ length: rows * sequenceLength + 1 }, (_, index) => scramble(index));
  const batch = {
    inputs: ids.subarray(0, -1),
    targets: ids.subarray(1),
    segments: new Int32Array(rows * sequenceLength),
  };
  return { next: () => ({ ...batch, rows, sequenceLength }), state: () => null, restore: () => {} };
}

const optimizersOf: Record<string, (model: SmolLM) => TrainOptimizer[]> = {
  AdamW: (model) => [new AdamW(model.parameters, { learningRate: 3e-3, weightDecay: 0.1 })],
  Muon: (model) => {
    const { muon, adamw } = splitParameters(model.parameters);
    return [new Muon(muon, { learningRate: 0.02, scaling: 'keller' }), new AdamW(adamw, { learningRate: 3e-3 })];
  },
};

it.each(Object.keys(optimizersOf))(
  'a model of 2 layers learns a batch by heart with %s',
  { tags: ['slow'] },
  async (name) => {
    const model = SmolLM.initialize(
      {
        model_type: 'smollm3',
        vocab_size: vocabulary,
        hidden_size: 64,
        intermediate_size: 160,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        num_key_value_heads: 2,
      },
      { seed: 1 },
    );
    const schedule = wsd({ totalSteps, warmupSteps: 10, decaySteps: 100 });
    const optimizers = optimizersOf[name](model);
    const { loss, skippedSteps } = await new Trainer({
      model,
      optimizers,
      loader: sameBatch(),
      totalSteps,
      schedule,
    }).run();
    expect(skippedSteps).toBe(0);
    expect(loss).toBeLessThan(0.05);
  },
);
