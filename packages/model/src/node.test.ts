import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, saveModel } from './node.ts';
import { difference, ids, tinyModel } from './fixtures/tiny-model.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smol-model-'));
});
afterAll(() => rm(folder, { recursive: true }));

const logits = (model: ReturnType<typeof tinyModel>) => [...model.logits(ids([[1, 2, 3, 4]])).dataSync()];

describe('saveModel and loadModel', () => {
  it('bring a model back bit for bit', async () => {
    const model = tinyModel();
    await saveModel(model, folder, { files: { 'README.md': 'tiny' } });
    const loaded = await loadModel(folder);
    expect(loaded.config).toEqual(model.config);
    expect(logits(loaded)).toEqual(logits(model));
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toBe('tiny');
  });

  it('write a config.json that transformers knows how to load', async () => {
    await saveModel(tinyModel(), folder);
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    expect(config).toMatchObject({
      architectures: ['SmolLM3ForCausalLM'],
      model_type: 'smollm3',
      torch_dtype: 'float32',
      hidden_act: 'silu',
      no_rope_layers: [1, 1, 1, 0],
      tie_word_embeddings: true,
      head_dim: 4,
    });
  });

  it('round to bfloat16 on request', async () => {
    const model = tinyModel();
    await saveModel(model, folder, { dtype: 'BF16' });
    const loaded = await loadModel(folder);
    expect(logits(loaded)).not.toEqual(logits(model));
    expect(difference(logits(loaded), logits(model))).toBeLessThan(0.05);
  });

  it('name the folder that is not there', async () => {
    await expect(loadModel(join(folder, 'nowhere'))).rejects.toThrow('nowhere');
  });
});
