import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRecipe } from './load-recipe.ts';
import { modelConfig } from './model-config.ts';

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
