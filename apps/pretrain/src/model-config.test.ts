import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRecipe } from './load-recipe.ts';
import { modelConfig, stageRopeThetas } from './model-config.ts';

describe('stageRopeThetas', () => {
  it('says the base of each stage: its own, or that of the stage before', () => {
    const path = join(import.meta.dirname, '../recipes/quickstart.yaml');
    const { model, train } = parseRecipe(readFileSync(path, 'utf8'), path);
    const thetas = (...own: (number | undefined)[]) =>
      stageRopeThetas({
        model,
        train: {
          ...train,
          stages: own.map((ropeTheta) => ({ name: 'one', steps: 1, mixture: { web: 1 }, ropeTheta })),
        },
      });
    expect(thetas(undefined, undefined)).toEqual([50_000, 50_000]);
    expect(thetas(undefined, 2e6, undefined, 5e6)).toEqual([50_000, 2e6, 2e6, 5e6]);
  });
});

describe('modelConfig', () => {
  it('is a SmolLM3 as transformers reads it, every 4th layer without rotary embedding', () => {
    const path = join(import.meta.dirname, '../recipes/quickstart.yaml');
    const recipe = parseRecipe(readFileSync(path, 'utf8'), path);
    const model = { ...recipe.model, hiddenSize: 96, attentionHeads: 6, layers: 8 };
    const config = modelConfig({ ...recipe, model }, 2048, 0, 1);
    expect(config).toMatchObject({
      model_type: 'smollm3',
      vocab_size: 2048,
      hidden_size: 96,
      head_dim: 16,
      no_rope_layers: [1, 1, 1, 0, 1, 1, 1, 0],
      tie_word_embeddings: true,
      eos_token_id: 0,
      pad_token_id: 1,
      max_position_embeddings: recipe.train.sequenceLength,
    });
  });
});
