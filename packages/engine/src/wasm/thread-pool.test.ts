import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { onWasm, randomTensor, runKernel } from '../fixtures/engine-test.ts';
import { disposeEngine } from '../use-engine.ts';
import { ThreadPool } from './thread-pool.ts';
import { compileKernels } from './kernel-module.ts';
import { WasmMemory } from './wasm-memory.ts';
import { Heap } from '../heap/heap.ts';

afterAll(disposeEngine);

const ids = tf.util.createShuffledIndices(700).map((id) => id % 300);

/** A fingerprint of the bits of a result. */
function bits(values: number[]): string {
  return createHash('sha256')
    .update(new Uint8Array(Float32Array.from(values).buffer))
    .digest('hex');
}

/** Kernels large enough to be cut into chunks. */
const CALLS: Record<string, () => number[][]> = {
  BatchMatMul: () => runKernel('BatchMatMul', { a: randomTensor('a', [333, 290]), b: randomTensor('b', [290, 701]) }),
  'BatchMatMul (transposed)': () =>
    runKernel(
      'BatchMatMul',
      { a: randomTensor('a', [2, 270, 150]), b: randomTensor('b', [2, 170, 270]) },
      { transposeA: true, transposeB: true },
    ),
  Sum: () => runKernel('Sum', { x: randomTensor('x', [400, 300]) }, { axis: [0, 1], keepDims: false }),
  'Sum of columns': () => runKernel('Sum', { x: randomTensor('x', [400, 300]) }, { axis: 0, keepDims: false }),
  Sigmoid: () => runKernel('Sigmoid', { x: randomTensor('x', [400, 301]) }),
  UnsortedSegmentSum: () =>
    runKernel(
      'UnsortedSegmentSum',
      { x: randomTensor('x', [700, 200]), segmentIds: tf.tensor1d([...ids], 'int32') },
      { numSegments: 300 },
    ),
  SmolGlobalNorm: () => runKernel('SmolGlobalNorm', { x0: randomTensor('x', [100_003]) }),
  SmolRmsNormGrad: () => {
    const x = randomTensor('x', [500, 130]);
    const gain = randomTensor('gain', [130]);
    return runKernel('SmolRmsNormGrad', {
      dy: randomTensor('dy', [500, 130]),
      x,
      gain,
      inverseRms: randomTensor('r', [500]),
    });
  },
  SmolAttention: () => {
    const [q, k, v] = ['q', 'k', 'v'].map((name) => randomTensor(name, [2, 330, 2, 8]));
    return runKernel('SmolAttention', { q, k, v }, { scale: 0.3, causal: true, slidingWindow: 0, softCap: 0 });
  },
};

describe('ThreadPool', () => {
  for (const [name, call] of Object.entries(CALLS)) {
    it(`gives the same bits with 1, 2 and 3 threads: ${name}`, async () => {
      await onWasm(1);
      const alone = call().map(bits);
      for (const threads of [2, 3]) {
        const backend = await onWasm(threads);
        expect(backend.pool.threads).toBe(threads);
        for (let repeat = 0; repeat < 5; repeat++) expect(call().map(bits)).toEqual(alone);
      }
    });
  }

  it('spreads the chunks of a job over its threads and waits for all of them', async () => {
    const wasm = new WasmMemory();
    const heap = new Heap(wasm);
    const { memory } = wasm;
    const pool = new ThreadPool(await compileKernels(), memory);
    await pool.resize(3);
    const bytes = 4 * 16_000;
    const x = heap.allocate(bytes);
    const y = heap.allocate(bytes);
    const values = new Float32Array(memory.buffer, y, 16_000);
    for (let job = 1; job <= 2000; job++) {
      new Float32Array(memory.buffer, x, 16_000).fill(job);
      pool.run('unary', 1000, 10, 0, x, y);
      expect(values[0] + values[8000] + values[15_999]).toBe(-3 * job);
    }
    pool.stop();
    expect(pool.threads).toBe(1);
  });

  it('wakes threads that have gone to sleep between jobs', async () => {
    const wasm = new WasmMemory();
    const heap = new Heap(wasm);
    const { memory } = wasm;
    const pool = new ThreadPool(await compileKernels(), memory);
    await pool.resize(3);
    const values = heap.allocate(64_000);
    const view = new Float32Array(memory.buffer, values, 16_000).fill(1);
    for (let job = 0; job < 40; job++) {
      await new Promise((resolve) => setTimeout(resolve, job % 4));
      pool.run('unary', 1000, 10, 0, values, values);
      expect(view.every((value) => value === (job % 2 === 0 ? -1 : 1))).toBe(true);
    }
    pool.stop();
  });

  it('throws when a kernel traps, instead of waiting for ever', async () => {
    const wasm = new WasmMemory();
    const heap = new Heap(wasm);
    const { memory } = wasm;
    const pool = new ThreadPool(await compileKernels(), memory);
    await pool.resize(2);
    const outside = 2 ** 32 - 65_536;
    for (let attempt = 0; attempt < 20; attempt++) {
      expect(() => pool.run('unary', 1000, 10, 0, outside, outside)).toThrow();
    }
    const y = heap.allocate(64_000);
    pool.run('unary', 1000, 10, 0, y, y);
    pool.stop();
  });
});
