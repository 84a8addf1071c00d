import { afterEach, describe, expect, it, vi } from 'vitest';
import { findTensorflow, useTensorflow } from './tensorflow-engine.ts';

const util = process.getBuiltinModule('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };

afterEach(() => vi.unstubAllEnvs());

describe('tensorflow engine', () => {
  it('gives tfjs-node the function that Node 23 took away', async () => {
    const { isNullOrUndefined } = util;
    delete util.isNullOrUndefined;
    try {
      await findTensorflow();
      expect([null, undefined, 0].map((value) => util.isNullOrUndefined?.(value))).toEqual([true, true, false]);
    } finally {
      util.isNullOrUndefined = isNullOrUndefined;
    }
  });

  it('shows TensorFlow one GPU, that of the local rank, and lets its memory grow', async () => {
    vi.stubEnv('CUDA_VISIBLE_DEVICES', undefined);
    vi.stubEnv('TF_FORCE_GPU_ALLOW_GROWTH', undefined);
    vi.stubEnv('LOCAL_RANK', '3');
    await findTensorflow();
    expect(process.env['CUDA_VISIBLE_DEVICES']).toBe('3');
    expect(process.env['TF_FORCE_GPU_ALLOW_GROWTH']).toBe('true');
  });

  it('says which folder it could not load', async () => {
    vi.stubEnv('SMOL_TFJS_NODE', '/nowhere/tfjs-node');
    await expect(useTensorflow()).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('/nowhere/tfjs-node'),
    });
  });
});
