import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { OpsError, rmsNorm } from './index.ts';
import * as reference from './fixtures/rms-norm.ts';
import { describeBothPaths, difference, gradientDifference, randomValues, tensor } from './fixtures/testing.ts';

const EPSILON = 1e-3;
const x = randomValues(2 * 3 * 8, 1);
const gain = randomValues(8, 2);

describeBothPaths('rmsNorm', () => {
  it('divides every row by its root mean square and scales it by the gain', () => {
    expect(
      difference(rmsNorm(tensor(x, [2, 3, 8]), tensor(gain, [8]), EPSILON), reference.rmsNorm(x, gain, EPSILON).y),
    ).toBeLessThan(2e-5);
  });

  it('has the gradients that finite differences give', () => {
    expect(
      gradientDifference(
        (a, b) => rmsNorm(a, b, EPSILON),
        (a, b) => reference.rmsNorm(a, b, EPSILON).y,
        [
          [x, [6, 8]],
          [gain, [8]],
        ],
      ),
    ).toBeLessThan(1e-4);
  });

  it('leaves nothing behind', () => {
    const before = tf.memory().numTensors;
    tf.dispose([1].map(() => tf.tidy(() => rmsNorm(tensor(x, [6, 8]), tensor(gain, [8]), EPSILON))));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a gain of another length', () => {
    expect(() => rmsNorm(tensor(x, [6, 8]), tf.ones([7]), EPSILON)).toThrow(OpsError);
    expect(() => rmsNorm(tensor(x, [6, 8]), tf.ones([7]), EPSILON)).toThrow('got x [6,8] and gain [7]');
  });
});
