import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SmolLM } from '@smol/model';
import { loadModel, saveGgufModel, saveModel } from '@smol/model/node';
import { headTensors } from '@smol/mtp';
import '@smol/ops/cpu';
import { convertModel, writeSafetensors } from '@smol/weights/node';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from './fixtures/tiny-run.ts';
import { loadHeads, saveHeads } from './heads-file.ts';
import { makeHeads, type HeadsShape } from './make-heads.ts';

const folder = temporaryFolder();
const path = (...names: string[]) => join(folder, ...names);
const config = {
  model_type: 'smollm3',
  vocab_size: 64,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  rope_theta: 50_000,
  max_position_embeddings: 64,
};
const shapes: HeadsShape[] = [
  { kind: 'parallel', heads: 3, block: 'transformer' },
  { kind: 'parallel', heads: 2, block: 'residual' },
  { kind: 'sequential', heads: 3, block: 'transformer' },
];
const model = SmolLM.initialize(config, { seed: 1 });

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(shapes)('$kind heads of kind $block beside a model', (shape) => {
  const [plain, withHeads] = [
    path(`${shape.kind}-${shape.block}`, 'plain'),
    path(`${shape.kind}-${shape.block}`, 'heads'),
  ];
  beforeAll(async () => {
    await saveModel(model, plain);
    await saveModel(model, withHeads);
    await saveHeads(withHeads, { shape, heads: makeHeads(shape, model.config, 5) }, model.config);
  });

  it('come back as they were', async () => {
    const loaded = (await loadHeads(withHeads, model.config))!;
    expect(loaded.shape).toEqual(shape);
    expect(headTensors(loaded.heads)).toEqual(headTensors(makeHeads(shape, model.config, 5)));
    expect(await loadHeads(plain, model.config)).toBeUndefined();
  });

  it('leave the export as it is without them, apart from their own file', async () => {
    expect(readdirSync(withHeads).sort()).toEqual([...readdirSync(plain), 'heads.safetensors'].sort());
    for (const file of readdirSync(plain))
      expect(readFileSync(join(withHeads, file)).equals(readFileSync(join(plain, file)))).toBe(true);
    const ids = tf.tensor2d([[3, 1, 4, 1, 5]], [1, 5], 'int32');
    const logits = (one: SmolLM) => tf.tidy(() => one.logits(ids).dataSync().slice());
    const reread = await loadModel(withHeads);
    expect(logits(reread)).toEqual(logits(model));
    expect([...reread.parameters.keys()]).toEqual([...model.parameters.keys()]);
  });

  it('are left out of GGUF files, byte for byte', async () => {
    const files = [plain, withHeads].map((from) => `${from}.gguf`);
    for (const [index, from] of [plain, withHeads].entries())
      await saveGgufModel(await loadModel(from), files[index], { type: 'F32', name: 'tiny' });
    expect(readFileSync(files[0]).equals(readFileSync(files[1]))).toBe(true);
  });

  it('do not hinder a conversion of the folder', async () => {
    await convertModel(plain, path('plain-converted'), { type: 'BF16' });
    await convertModel(withHeads, path('heads-converted'), { type: 'BF16' });
    const weights = (name: string) => readFileSync(path(name, 'model.safetensors'));
    expect(weights('heads-converted').equals(weights('plain-converted'))).toBe(true);
  });
});

describe('a file that is not what it should be', () => {
  const good = path('good');
  const bad = (name: string): string => {
    mkdirSync(path(name));
    cpSync(good, path(name), { recursive: true });
    return path(name);
  };
  const file = (name: string) => path(name, 'heads.safetensors');
  const tensors = headTensors(makeHeads(shapes[1], model.config, 5));
  beforeAll(async () => {
    mkdirSync(good);
    await saveHeads(good, { shape: shapes[1], heads: makeHeads(shapes[1], model.config, 5) }, model.config);
  });

  it('of another model is refused', async () => {
    const wider = SmolLM.initialize({ ...config, hidden_size: 64 }, { seed: 1 });
    await expect(loadHeads(good, wider.config)).rejects.toMatchObject({
      code: 'HEADS_INVALID',
      message: expect.stringContaining('does not fit the model beside it') as string,
    });
  });

  it.each([
    ['nothing of heads', {}, 'has no smol.heads'],
    ['no JSON', { 'smol.heads': '{' }, 'is not JSON'],
    ['something unknown', { 'smol.heads': '{"kind":"both"}' }, 'kind'],
    ['absurd numbers', { 'smol.heads': '{"kind":"parallel","heads":1e9,"block":"residual","ropeTheta":1}' }, 'heads'],
  ])('with metadata that say %s is refused', async (name, metadata, message) => {
    await writeSafetensors(file(bad(name).slice(folder.length + 1)), tensors, metadata);
    await expect(loadHeads(path(name), model.config)).rejects.toMatchObject({
      code: 'HEADS_INVALID',
      message: expect.stringContaining(message) as string,
    });
  });

  it('that is cut short is refused', async () => {
    const bytes = readFileSync(file('good'));
    for (const length of [0, 7, 100, bytes.length - 1]) {
      bad(`cut ${length}`);
      writeFileSync(file(`cut ${length}`), bytes.subarray(0, length));
      await expect(loadHeads(path(`cut ${length}`), model.config)).rejects.toMatchObject({ name: 'WeightsError' });
    }
  });
});
