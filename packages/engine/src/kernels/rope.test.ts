import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestError, onWasm, randomValues, runKernel } from '../fixtures/engine-test.ts';
import { disposeEngine } from '../use-engine.ts';

beforeAll(() => onWasm(2));
afterAll(disposeEngine);

describe.each([{ shape: [2, 5, 3, 8] }, { shape: [1, 7, 1, 6] }, { shape: [3, 40, 4, 32] }])(
  'SmolRope of $shape',
  ({ shape }) => {
    const [, time, heads, dimension] = shape;
    const half = dimension / 2;
    const angles = Float32Array.from(
      { length: time * half },
      (_, i) => Math.floor(i / half) * 10_000 ** (-(i % half) / half),
    );
    const table = {
      cos: tf.tensor2d(angles.map(Math.cos), [time, half]),
      sin: tf.tensor2d(angles.map(Math.sin), [time, half]),
    };
    const x = randomValues(
      'x',
      shape.reduce((a, b) => a * b, 1),
    );

    /** Multiplies each pair (i, i + K/2), seen as a complex number, by e^(±i·angle). */
    function rotate(values: ArrayLike<number>, sign: number): number[] {
      return Array.from(values, (value, i) => {
        const at = i % dimension;
        const position = Math.floor(i / dimension / heads) % time;
        const angle = sign * angles[position * half + (at % half)];
        const [other, direction] = at < half ? [values[i + half], -1] : [values[i - half], 1];
        return value * Math.cos(angle) + direction * other * Math.sin(angle);
      });
    }

    it('rotates by the angle of the position', () => {
      const [y] = runKernel('SmolRope', { x: tf.tensor(x, shape), ...table }, { inverse: false });
      expect(largestError(y, rotate(x, 1))).toBeLessThan(1e-6);
    });

    it('rotates back when inverse', () => {
      const [y] = runKernel('SmolRope', { x: tf.tensor(x, shape), ...table }, { inverse: true });
      expect(largestError(y, rotate(x, -1))).toBeLessThan(1e-6);
    });
  },
);
