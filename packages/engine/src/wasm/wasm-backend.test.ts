import '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestError, onWasm, randomTensor } from '../fixtures/engine-test.ts';
import { disposeEngine } from '../use-engine.ts';
import { WasmBackend } from './wasm-backend.ts';

let backend: WasmBackend;
beforeAll(async () => {
  backend = await onWasm(2);
});
afterAll(disposeEngine);

describe('values', () => {
  it('are copied in: changing the array afterwards does not change the tensor', () => {
    const array = new Float32Array([1, 2, 3]);
    const x = tf.tensor1d(array);
    array[0] = 99;
    expect([...x.dataSync()]).toEqual([1, 2, 3]);
    x.dispose();
  });

  it('are copied out: an unshared array that changes nothing', async () => {
    const x = tf.tensor1d([1, 2, 3]);
    for (const data of [x.dataSync(), await x.data()]) {
      expect(data.buffer).toBeInstanceOf(ArrayBuffer);
      data[0] = 99;
    }
    expect([...x.dataSync()]).toEqual([1, 2, 3]);
    x.dispose();
  });

  it('keep their dtype: float32, int32, bool, string, complex64', () => {
    tf.tidy(() => {
      expect(tf.tensor1d([1, -2], 'int32').dataSync()).toEqual(new Int32Array([1, -2]));
      expect(tf.tensor1d([true, false], 'bool').dataSync()).toEqual(new Uint8Array([1, 0]));
      expect(tf.tensor1d(['smol', 'Ω'], 'string').dataSync()).toEqual(['smol', 'Ω']);
      expect([...tf.complex([1, 2], [3, 4]).dataSync()]).toEqual([1, 3, 2, 4]);
    });
  });

  it('survive a reshape, a clone and an assignment without being copied', () => {
    const x = tf.tensor1d([1, 2, 3, 4]);
    const used = backend.heap.usedBytes;
    const reshaped = tf.reshape(x, [2, 2]);
    const clone = tf.clone(reshaped);
    expect(backend.heap.usedBytes).toBe(used);
    tf.dispose([x, reshaped]);
    expect([...clone.dataSync()]).toEqual([1, 2, 3, 4]);
    clone.dispose();
    expect(backend.heap.usedBytes).toBe(used - 64);
  });

  it('move over from another backend on first use', async () => {
    await tf.setBackend('cpu');
    const x = tf.tensor1d([1, 2, 3]);
    await tf.setBackend('smol-wasm');
    const y = tf.add(x, x);
    expect([...y.dataSync()]).toEqual([2, 4, 6]);
    tf.dispose([x, y]);
  });
});

describe('kernels inherited from cpu', () => {
  it('read and write tensors of the heap', () => {
    tf.tidy(() => {
      const x = tf.tensor2d([3, 1, 2, 6, 5, 4], [2, 3]);
      expect([...tf.topk(x, 2).values.dataSync()]).toEqual([3, 2, 6, 5]);
      expect([...tf.argMax(x, 1).dataSync()]).toEqual([0, 0]);
      expect([...tf.concat([x, tf.neg(x)], 1).dataSync()]).toEqual([3, 1, 2, -3, -1, -2, 6, 5, 4, -6, -5, -4]);
      expect(
        largestError(tf.softmax(x).dataSync(), [0.66524, 0.09003, 0.24473, 0.66524, 0.24473, 0.09003]),
      ).toBeLessThan(1e-5);
    });
  });

  it('mix with ours after a cast that only relabels', () => {
    tf.tidy(() => {
      const mean = tf.mean(tf.tensor1d([1, 2, 4], 'int32'));
      expect(largestError(tf.mul(mean, 3).dataSync(), [7])).toBeLessThan(1e-5);
      expect(
        largestError(tf.add(tf.cast(tf.tensor1d([1, 2], 'int32'), 'float32'), 0.5).dataSync(), [1.5, 2.5]),
      ).toBeLessThan(1e-5);
      expect(largestError(tf.mul(tf.cast(tf.tensor1d([true, false]), 'float32'), 2).dataSync(), [2, 0])).toBeLessThan(
        1e-5,
      );
      expect([...tf.cast(tf.tensor1d([1.9, -1.9]), 'int32').dataSync()]).toEqual([1, -1]);
    });
  });
});

describe('memory', () => {
  it('is flat over steps with gradients', () => {
    const weight = tf.variable(randomTensor('w', [30, 40]));
    const x = randomTensor('x', [50, 30]);
    const step = () => {
      const { value, grads } = tf.variableGrads(() =>
        tf.sum(tf.square(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D))),
      );
      tf.tidy(() => weight.assign(tf.sub(weight, tf.mul(grads[weight.name], 1e-3))));
      tf.dispose([value, grads]);
    };
    step();
    const { numTensors } = tf.memory();
    const { usedBytes, reservedBytes } = backend.memory();
    for (let i = 0; i < 50; i++) step();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(backend.memory()).toMatchObject({ unreliable: false, usedBytes, reservedBytes });
    tf.dispose([weight, x]);
  });

  it('that runs out is a coded error that leaves nothing behind', async () => {
    const small = await WasmBackend.create(16 * 2 ** 20);
    tf.registerBackend('smol-wasm-small', () => small);
    for (const kernel of tf.getKernelsForBackend('smol-wasm'))
      tf.registerKernel({ ...kernel, backendName: 'smol-wasm-small' });
    await tf.setBackend('smol-wasm-small');
    const x = tf.ones([1000, 1500]);
    const used = small.heap.usedBytes;
    const tooMuch = () => tf.tidy(() => tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, true));
    expect(tooMuch).toThrow(expect.objectContaining({ name: 'EngineError', code: 'OUT_OF_MEMORY' }));
    expect(small.heap.usedBytes).toBe(used);
    expect(tf.tidy(() => tf.sum(x).dataSync()[0])).toBe(1_500_000);
    x.dispose();
    await tf.setBackend('smol-wasm');
    tf.removeBackend('smol-wasm-small');
  });
});
