import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toFloat32 } from './convert.ts';
import { loadModelFolder, saveModelFolder } from './model-folder.ts';
import { encodeSafetensors } from './safetensors.ts';
import { readSafetensors, SafetensorsFile, writeSafetensors } from './safetensors-file.ts';
import type { TensorInput } from './tensor.ts';

const config = { model_type: 'smollm3', hidden_size: 4 };

/** Four tensors of 40 bytes each. */
const tensors = new Map<string, TensorInput>(
  ['a', 'b', 'c', 'd'].map((name, index) => [name, { shape: [2, 5], data: new Float32Array(10).fill(index) }]),
);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smol-weights-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('writeSafetensors and readSafetensors', () => {
  it('write what encodeSafetensors encodes, and read it back', async () => {
    const path = join(folder, 'x.safetensors');
    await writeSafetensors(path, tensors, { format: 'pt', note: 'é' });
    expect(await readFile(path)).toEqual(Buffer.from(encodeSafetensors(tensors, { format: 'pt', note: 'é' })));
    const contents = await readSafetensors(path);
    expect(contents.metadata).toEqual({ format: 'pt', note: 'é' });
    expect([...contents.tensors.keys()]).toEqual(['a', 'b', 'c', 'd']);
  });

  it('read one tensor of a file by position', async () => {
    const path = join(folder, 'x.safetensors');
    await writeSafetensors(path, tensors);
    const file = await SafetensorsFile.open(path);
    expect([...toFloat32(await file.read('c'))]).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
    await expect(file.read('z')).rejects.toThrow(`${path}: has no tensor "z" among its 4`);
    await file.close();
  });

  it('leave the old file and no trace when writing fails', async () => {
    const path = join(folder, 'x.safetensors');
    await writeSafetensors(path, tensors);
    const before = await readFile(path);
    const bad = new Map(tensors).set('bad', { shape: [3], data: new Float32Array(2) });
    await expect(writeSafetensors(path, bad)).rejects.toThrow('tensor "bad"');
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(folder)).toEqual(['x.safetensors']);
  });

  it('name the file when it is absent or cut at any byte', async () => {
    const path = join(folder, 'x.safetensors');
    await expect(readSafetensors(path)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    const whole = encodeSafetensors({ x: { shape: [2], data: Float32Array.of(1, 2) } });
    for (let length = 0; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      await expect(readSafetensors(path)).rejects.toThrow(path);
    }
  });
});

describe('saveModelFolder and loadModelFolder', () => {
  it('keep a small model in one file', async () => {
    await saveModelFolder(folder, {
      config,
      tensors,
      generationConfig: { eos_token_id: 0 },
      files: { 'README.md': '# x' },
    });
    expect((await readdir(folder)).sort()).toEqual([
      'README.md',
      'config.json',
      'generation_config.json',
      'model.safetensors',
    ]);
    const model = await loadModelFolder(folder);
    expect(model.config).toEqual(config);
    expect(model.generationConfig).toEqual({ eos_token_id: 0 });
    expect([...model.tensors].map(([name, tensor]) => [name, toFloat32(tensor)[0]])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
      ['d', 3],
    ]);
  });

  it('split a large model into shards with an index', async () => {
    await saveModelFolder(folder, { config, tensors, maximumShardBytes: 100 });
    expect(JSON.parse(await readFile(join(folder, 'model.safetensors.index.json'), 'utf8'))).toEqual({
      metadata: { total_size: 160 },
      weight_map: {
        a: 'model-00001-of-00002.safetensors',
        b: 'model-00001-of-00002.safetensors',
        c: 'model-00002-of-00002.safetensors',
        d: 'model-00002-of-00002.safetensors',
      },
    });
    expect([...(await loadModelFolder(folder)).tensors.keys()]).toEqual(['a', 'b', 'c', 'd']);
  });

  it('store f32 tensors as BF16 when asked, but not those that say otherwise', async () => {
    const kept = new Map(tensors).set('b', { shape: [1], data: Float32Array.of(1), dtype: 'F32' as const });
    await saveModelFolder(folder, { config, tensors: kept, dtype: 'BF16' });
    const loaded = (await loadModelFolder(folder)).tensors;
    expect([loaded.get('a')?.dtype, loaded.get('b')?.dtype]).toEqual(['BF16', 'F32']);
  });

  it('leave no weight file of an earlier save behind', async () => {
    await saveModelFolder(folder, { config, tensors, maximumShardBytes: 100 });
    await saveModelFolder(folder, { config, tensors });
    expect((await readdir(folder)).sort()).toEqual(['config.json', 'model.safetensors']);
    await saveModelFolder(folder, { config, tensors, maximumShardBytes: 50 });
    expect(await readdir(folder)).toHaveLength(6);
  });

  it('refuse an index that disagrees with its shards', async () => {
    await saveModelFolder(folder, { config, tensors, maximumShardBytes: 100 });
    const indexPath = join(folder, 'model.safetensors.index.json');
    const index = JSON.parse(await readFile(indexPath, 'utf8'));
    const withMap = (changes: object): Promise<void> =>
      writeFile(indexPath, JSON.stringify({ weight_map: { ...index.weight_map, ...changes } }));
    await withMap({ e: 'model-00001-of-00002.safetensors' });
    await expect(loadModelFolder(folder)).rejects.toThrow('model-00001-of-00002.safetensors: lacks "e"');
    await withMap({ a: 'model-00002-of-00002.safetensors' });
    await expect(loadModelFolder(folder)).rejects.toThrow('holds "a", which the index places in model-00002');
    await withMap({ a: '../secret.safetensors' });
    await expect(loadModelFolder(folder)).rejects.toThrow('"../secret.safetensors" is not a plain file name');
    await withMap({ a: 3 });
    await expect(loadModelFolder(folder)).rejects.toMatchObject({ code: 'BAD_FOLDER' });
  });

  it('refuse a folder without config or weights, and a config that is no object', async () => {
    await expect(loadModelFolder(folder)).rejects.toThrow('config.json: no such file');
    await writeFile(join(folder, 'config.json'), '{}');
    await expect(loadModelFolder(folder)).rejects.toThrow('model.safetensors: no such file');
    for (const text of ['{', '[]', '3']) {
      await writeFile(join(folder, 'config.json'), text);
      await expect(loadModelFolder(folder)).rejects.toMatchObject({ code: 'BAD_FOLDER' });
    }
  });

  it('refuse to write an extra file outside the folder', async () => {
    const files = { '../evil': 'x' };
    await expect(saveModelFolder(folder, { config, tensors, files })).rejects.toThrow(
      '"../evil" is not a plain file name',
    );
  });
});
