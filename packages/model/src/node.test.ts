import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TensorInput } from '@smol/weights';
import { saveModelFolder } from '@smol/weights/node';
import * as tf from '@tensorflow/tfjs-core';
import { SmolLM, toConfigJson } from './index.ts';
import { loadGgufModel, loadModel, measureQuantization, saveGgufModel, saveModel } from './node.ts';
import { difference, ids, TINY, tinyModel } from './fixtures/tiny-model.ts';

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

describe('saveGgufModel and loadGgufModel', () => {
  it.each([
    ['F32', 1e-9],
    ['F16', 2e-3],
    ['BF16', 2e-2],
    ['Q8_0', 5e-2],
    ['Q4_0', 1.5],
    ['Q4_K', 5e-2],
  ] as const)('bring a model back from %s with logits within %d', async (type, tolerance) => {
    const model = SmolLM.initialize(
      { ...TINY, hidden_size: 32, intermediate_size: 64, initializer_range: 0.2 },
      { seed: 3 },
    );
    const path = join(folder, `${type}.gguf`);
    const errors = await saveGgufModel(model, path, { type });
    expect(errors).toHaveLength(38);
    const { model: back, tokenizer } = await loadGgufModel(path);
    expect(tokenizer).toBeUndefined();
    expect(back.config).toEqual({ ...model.config, initializer_range: 0.02 });
    const rows = [[1, 5, 9, 13, 2, 6, 31, 0]];
    expect(difference(back.logits(ids(rows)).dataSync(), model.logits(ids(rows)).dataSync())).toBeLessThan(tolerance);
  });

  it('refuse what llama.cpp cannot run, and leave no file', async () => {
    const model = SmolLM.initialize({ ...TINY, no_rope_layers: [1, 0, 1, 0] }, { seed: 1 });
    await expect(saveGgufModel(model, join(folder, 'x.gguf'))).rejects.toThrow('every fourth layer of smollm3');
    const normed = SmolLM.initialize({ ...TINY, qk_norm: true }, { seed: 1 });
    await expect(saveGgufModel(normed, join(folder, 'x.gguf'))).rejects.toThrow('qk_norm = true has no key');
  });
});

describe('measureQuantization', () => {
  it('gives the loss before and after, and the error of every tensor', async () => {
    const model = SmolLM.initialize(
      { ...TINY, hidden_size: 32, intermediate_size: 64, initializer_range: 0.2 },
      { seed: 3 },
    );
    const rows = [[1, 5, 9, 13, 2, 6, 31, 0]];
    const batches = [{ inputs_BT: ids(rows), targets_BT: ids([rows[0].map((id, index) => (index < 4 ? id : -100))]) }];
    tf.dispose(model.logits(batches[0].inputs_BT));
    const before = tf.memory().numTensors;
    const coarse = await measureQuantization(model, 'Q4_0', batches);
    const fine = await measureQuantization(model, 'F32', batches);
    expect(tf.memory().numTensors).toBe(before);
    expect(fine.lossAfter).toBe(fine.lossBefore);
    expect(coarse.lossBefore).toBe(fine.lossBefore);
    expect(coarse.lossAfter).not.toBe(coarse.lossBefore);
    expect(coarse.bytes).toBeLessThan(fine.bytes / 4);
    expect(coarse.tensors.find(({ name }) => name.includes('q_proj'))!.relativeError).toBeGreaterThan(0.03);
  });
});

describe('loadModel', () => {
  it.each([
    ['NaN', Float32Array.of(1, NaN), 'element 1 is NaN, but weights must be finite'],
    ['infinite numbers', Float32Array.of(-Infinity, 1), 'element 0 is -Infinity'],
    ['integers', Int32Array.of(1, 1), 'weights must be F16, BF16, F32 or F64, got I32'],
  ])('refuses weights that are %s, naming the tensor, and keeps nothing', async (_, start, message) => {
    const tensors = new Map<string, TensorInput>(tinyModel().toTensors());
    const data = start instanceof Int32Array ? new Int32Array(16) : new Float32Array(16);
    data.set(start);
    tensors.set('model.norm.weight', { shape: [16], data });
    await saveModelFolder(folder, { config: toConfigJson(TINY), tensors });
    const before = tf.memory().numTensors;
    await expect(loadModel(folder)).rejects.toThrow(`tensor "model.norm.weight": ${message}`);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses wrong shapes before it reads anything', async () => {
    const tensors = new Map<string, TensorInput>(tinyModel().toTensors());
    tensors.set('model.norm.weight', { shape: [15], data: new Float32Array(15).fill(NaN) });
    await saveModelFolder(folder, { config: toConfigJson(TINY), tensors });
    await expect(loadModel(folder)).rejects.toThrow('model.norm.weight must have shape [16], got [15]');
  });
});
