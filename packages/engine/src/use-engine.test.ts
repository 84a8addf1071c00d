import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findNative } from './native-engine.ts';
import { disposeEngine, useEngine } from './use-engine.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  disposeEngine();
});

describe('useEngine', () => {
  it("'auto' takes the native engine where it is built, else wasm, and says so", async () => {
    const lines: string[] = [];
    const info = await useEngine('auto', { threads: 2, log: (line) => lines.push(line) });
    const name = findNative().found ? 'native' : 'wasm';
    expect(info).toMatchObject({ name, backend: `smol-${name}`, threads: 2 });
    expect(lines[0]).toContain(`engine ${name} with 2 threads: tfjs-node is not installed`);
    expect(tf.getBackend()).toBe(`smol-${name}`);
  });

  it("'auto' takes wasm where the native engine is not built, and says how to build it", async () => {
    vi.stubEnv('SMOL_NATIVE_ADDON', '/nowhere/smol.node');
    const lines: string[] = [];
    const info = await useEngine('auto', { threads: 2, log: (line) => lines.push(line) });
    expect(info.name).toBe('wasm');
    expect(lines).toEqual([
      'engine wasm with 2 threads: tfjs-node is not installed, and the native engine is not built',
      expect.stringContaining('npx smol-engine build'),
    ]);
  });

  it('changes threads and engines while tensors live on', async () => {
    await useEngine('wasm', { threads: 1 });
    const x = tf.tensor1d([1, 2, 3]);
    const { close } = await useEngine('wasm', { threads: 3 });
    expect([...tf.add(x, x).dataSync()]).toEqual([2, 4, 6]);
    close();
    expect([...tf.add(x, x).dataSync()]).toEqual([2, 4, 6]);
    const info = await useEngine('cpu');
    expect(info).toMatchObject({ name: 'cpu', backend: 'cpu', threads: 1 });
    expect([...tf.add(x, x).dataSync()]).toEqual([2, 4, 6]);
  });

  it('gives the cpu backend a scatter-add that is fit to train', async () => {
    await useEngine('cpu');
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const sum = tf.unsortedSegmentSum(x, tf.tensor1d([9999, 0, 9999], 'int32'), 10_000);
    expect([...tf.gather(sum, [0, 9999]).dataSync()]).toEqual([3, 4, 6, 8]);
  });

  it('reads the threads from SMOL_THREADS; the option comes first', async () => {
    vi.stubEnv('SMOL_THREADS', '3');
    expect((await useEngine('wasm')).threads).toBe(3);
    expect((await useEngine('wasm', { threads: 2 })).threads).toBe(2);
  });

  it.each(['0', '-1', '2.5', 'many', '1000'])('refuses SMOL_THREADS=%s', async (value) => {
    vi.stubEnv('SMOL_THREADS', value);
    await expect(useEngine('wasm')).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: expect.stringContaining(`got "${value}"`),
    });
  });

  it('refuses an engine it does not know', async () => {
    await expect(useEngine('webgl' as 'cpu')).rejects.toMatchObject({ code: 'BAD_OPTION' });
  });

  it("'tensorflow' without tfjs-node says how to install it", async () => {
    await expect(useEngine('tensorflow')).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringMatching(
        /tfjs-node-gpu: .*; @tensorflow\/tfjs-node: .*npm install @tensorflow\/tfjs-node-gpu@4\.22\.0/,
      ),
    });
  });
});
