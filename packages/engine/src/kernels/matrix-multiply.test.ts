import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestError, onWasm, randomTensor, randomValues } from '../fixtures/engine-test.ts';
import { disposeEngine } from '../use-engine.ts';

beforeAll(() => onWasm(2));
afterAll(disposeEngine);

/** One product in f64, straight from the definition. */
function multiplyReference(
  a: Float32Array,
  b: Float32Array,
  [rows, depth, columns]: number[],
  ta: boolean,
  tb: boolean,
): number[] {
  return Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < depth; k++) {
      sum += a[ta ? k * rows + row : row * depth + k] * b[tb ? column * depth + k : k * columns + column];
    }
    return sum;
  });
}

const size = fc.integer({ min: 1, max: 40 });

describe('BatchMatMul', () => {
  it('equals the definition for any sizes and transposes', () => {
    fc.assert(
      fc.property(size, size, size, fc.boolean(), fc.boolean(), (rows, depth, columns, ta, tb) => {
        const a = randomValues('a', rows * depth);
        const b = randomValues('b', depth * columns);
        const actual = tf.tidy(() =>
          tf
            .matMul(
              tf.tensor2d(a, ta ? [depth, rows] : [rows, depth]),
              tf.tensor2d(b, tb ? [columns, depth] : [depth, columns]),
              ta,
              tb,
            )
            .dataSync(),
        );
        expect(largestError(actual, multiplyReference(a, b, [rows, depth, columns], ta, tb))).toBeLessThan(1e-6);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    [81, 257, 513],
    [160, 600, 9],
    [5, 512, 8],
    [1, 1000, 77],
    [4, 33, 1030],
  ])('equals the definition across block borders: %i×%i×%i', (rows, depth, columns) => {
    const a = randomValues('a', rows * depth);
    const b = randomValues('b', depth * columns);
    for (const [ta, tb] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ]) {
      const actual = tf.tidy(() =>
        tf
          .matMul(
            tf.tensor2d(a, ta ? [depth, rows] : [rows, depth]),
            tf.tensor2d(b, tb ? [columns, depth] : [depth, columns]),
            ta,
            tb,
          )
          .dataSync(),
      );
      expect(largestError(actual, multiplyReference(a, b, [rows, depth, columns], ta, tb))).toBeLessThan(2e-6);
    }
  });

  it.each([
    { a: [3, 7, 5], b: [3, 5, 6] },
    { a: [3, 7, 5], b: [1, 5, 6] },
    { a: [1, 7, 5], b: [3, 5, 6] },
    { a: [2, 1, 7, 5], b: [1, 3, 5, 6] },
    { a: [2, 3, 7, 5], b: [2, 3, 5, 6] },
  ])('broadcasts batches: $a · $b', ({ a, b }) => {
    tf.tidy(() => {
      const left = randomTensor('a', a);
      const right = randomTensor('b', b);
      const product = tf.matMul(left, right);
      const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.slice(0, -2), b.slice(0, -2));
      expect(product.shape).toEqual([...batch, 7, 6]);
      const leftAll = tf.broadcastTo(left, [...batch, 7, 5]).dataSync() as Float32Array;
      const rightAll = tf.broadcastTo(right, [...batch, 5, 6]).dataSync() as Float32Array;
      const expected = Array.from({ length: tf.util.sizeFromShape(batch) }, (_, i) =>
        multiplyReference(
          leftAll.slice(i * 35, (i + 1) * 35),
          rightAll.slice(i * 30, (i + 1) * 30),
          [7, 5, 6],
          false,
          false,
        ),
      ).flat();
      expect(largestError(product.dataSync(), expected)).toBeLessThan(1e-6);
    });
  });

  it('of an empty matrix is empty or zero', () => {
    tf.tidy(() => {
      expect(tf.matMul(tf.zeros([0, 5]), tf.zeros([5, 3])).shape).toEqual([0, 3]);
      expect([...tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 2])).dataSync()]).toEqual([0, 0, 0, 0]);
    });
  });
});
