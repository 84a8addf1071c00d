import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { largestError, randomTensor, runKernel } from './fixtures/engine-test.ts';
import { findNative } from './native-engine.ts';
import { disposeEngine, useEngine } from './use-engine.ts';

const native = findNative();

afterEach(() => vi.unstubAllEnvs());
afterAll(disposeEngine);

/** A fingerprint of the bits of a result. */
const bits = (values: number[]): string =>
  createHash('sha256')
    .update(new Uint8Array(Float32Array.from(values).buffer))
    .digest('hex');

const product = (transposeA: boolean, transposeB: boolean): number[] => {
  const a = randomTensor('a', transposeA ? [700, 210] : [210, 700]);
  const b = randomTensor('b', transposeB ? [330, 700] : [700, 330]);
  return runKernel('BatchMatMul', { a, b }, { transposeA, transposeB })[0];
};

const deepValues = Float32Array.from({ length: 3_000_000 }, (_, i) => Math.cos(i));
const deep = (shape: number[]): tf.Tensor => tf.tensor(deepValues.subarray(0, shape[0] * shape[1]), shape);

/** Calls that are cut into chunks. */
const CALLS: Record<string, () => number[][]> = {
  'matrix product': () => [product(false, true)],
  'product with a deep inner dimension': () =>
    runKernel('BatchMatMul', { a: deep([40, 60_000]), b: deep([60_000, 50]) }),
  'gradient of a weight': () =>
    runKernel('BatchMatMul', { a: deep([4_001, 130]), b: deep([4_001, 70]) }, { transposeA: true, transposeB: false }),
  'gradient of a norm': () => {
    const [dy, x] = ['dy', 'x'].map((name) => randomTensor(name, [1_000, 70]));
    return runKernel('SmolRmsNormGrad', {
      dy,
      x,
      gain: randomTensor('g', [70]),
      inverseRms: randomTensor('r', [1_000]),
    });
  },
  'stacked products': () =>
    runKernel('BatchMatMul', { a: randomTensor('a', [3, 70, 90]), b: randomTensor('b', [3, 90, 110]) }),
  'norm of a tensor': () => runKernel('SmolGlobalNorm', { x0: randomTensor('x', [100_003]) }),
  'gradient of attention': () => {
    const [dy, q, output] = ['dy', 'q', 'o'].map((name) => randomTensor(name, [1, 700, 4, 16]));
    const [k, v] = ['k', 'v'].map((name) => randomTensor(name, [1, 700, 2, 16]));
    const inputs = { dy, q, k, v, output, logSumExp: randomTensor('l', [1, 4, 700]) };
    return runKernel('SmolAttentionGrad', inputs, { scale: 0.2, causal: true, slidingWindow: 0, softCap: 0 });
  },
};

describe.runIf(native.found)('the native engine', () => {
  for (const [name, call] of Object.entries(CALLS)) {
    it(`gives the same bits with 1, 2 and 3 threads: ${name}`, async () => {
      await useEngine('native', { threads: 1 });
      const alone = call().map(bits);
      for (const threads of [2, 3]) {
        expect(await useEngine('native', { threads })).toMatchObject({ name: 'native', threads });
        for (let repeat = 0; repeat < 5; repeat++) expect(call().map(bits)).toEqual(alone);
      }
    });
  }

  it("with precision 'bf16' rounds the operands of products and nothing else", async () => {
    await useEngine('native');
    const exact = product(false, true);
    await useEngine('native', { precision: 'bf16' });
    const rounded = product(false, true);
    const x = randomTensor('x', [1000]);
    expect([...tf.add(x, x).dataSync()]).toEqual(Array.from(x.dataSync(), (value) => Math.fround(2 * value)));
    await useEngine('native', { precision: 'f32' });
    expect(product(false, true)).toEqual(exact);
    const error = largestError(rounded, exact);
    expect(error).toBeGreaterThan(1e-5);
    // 700 products, each off by at most 2·2⁻⁹ of numbers below 1, with signs at random.
    expect(error).toBeLessThan(2 ** -8);
  });

  it("'bf16' is exact where operands have at most eight bits", async () => {
    await useEngine('native', { precision: 'bf16' });
    const a = tf.tensor2d(
      Array.from({ length: 77 * 33 }, (_, i) => (i % 255) - 127),
      [77, 33],
    );
    const actual = runKernel('BatchMatMul', { a, b: a }, { transposeA: false, transposeB: true })[0];
    await useEngine('native', { precision: 'f32' });
    expect(actual).toEqual(runKernel('BatchMatMul', { a, b: a }, { transposeA: false, transposeB: true })[0]);
  });

  it('keeps NaN and infinities through bf16', async () => {
    await useEngine('native', { precision: 'bf16' });
    const column = tf.tensor2d([NaN, Infinity, -Infinity, 3, 0], [5, 1]);
    const [values] = runKernel('BatchMatMul', { a: column, b: tf.tensor2d([2], [1, 1]) });
    await useEngine('native', { precision: 'f32' });
    expect(values).toEqual([NaN, Infinity, -Infinity, 6, 0]);
  });

  it('refuses more memory than the machine has, and works on', async () => {
    await useEngine('native');
    const huge = () => tf.zeros([2 ** 20, 2 ** 22]);
    expect(huge).toThrow(/Invalid typed array length|Array buffer allocation failed|does not fit/);
    const vectors = () => tf.matMul(tf.ones([2 ** 22, 1]), tf.ones([1, 2 ** 22]));
    expect(vectors).toThrow(/a tensor of 67108864\.0 MiB does not fit/);
    expect(product(true, false)).toHaveLength(210 * 330);
  });
});

describe("choosing 'native'", () => {
  it('names the file it could not load', () => {
    vi.stubEnv('SMOL_NATIVE_ADDON', '/nowhere/smol.node');
    expect(findNative()).toMatchObject({ found: false, why: expect.stringContaining('/nowhere/smol.node') });
  });

  it.runIf(native.found)(
    'on another instruction set than the one it runs on is refused, and disturbs nothing',
    async () => {
      await useEngine('native');
      const before = product(false, true);
      for (const set of ['avx9000', 'avx2', 'avx512', 'avx512bf16', 'neon']) {
        vi.stubEnv('SMOL_NATIVE_ISA', set);
        const again = findNative();
        expect(again.found).toBe(native.found && native.instructionSet === set);
        expect(product(false, true)).toEqual(before);
      }
    },
  );

  it.runIf(native.found)('names an instruction set that this machine or build lacks', () => {
    vi.stubEnv('SMOL_NATIVE_ISA', 'avx9000');
    expect(findNative()).toMatchObject({ found: false, why: expect.stringContaining('SMOL_NATIVE_ISA=avx9000') });
  });

  it("offers 'bf16' on the native engine only", async () => {
    await expect(useEngine('wasm', { precision: 'bf16' })).rejects.toMatchObject({ code: 'BAD_OPTION' });
  });
});
