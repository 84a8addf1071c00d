import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { checkpoint, linear, rmsNorm } from './index.ts';
import { randomValues, tensor } from './fixtures/testing.ts';

const BLOCKS = 8;
const weights = Array.from({ length: BLOCKS }, (_, index) => tf.variable(tensor(randomValues(64, 40 + index), [8, 8])));
const gain = tf.variable(tensor(randomValues(8, 50), [8]));

function run(x: tf.Tensor, block: (x: tf.Tensor, weight: tf.Variable) => tf.Tensor): tf.Tensor {
  return weights.reduce((y, weight) => block(y, weight), x);
}
const plain = (x: tf.Tensor, weight: tf.Variable) => tf.add(x, tf.tanh(linear(rmsNorm(x, gain, 1e-6), weight)));
const recomputed = (x: tf.Tensor, weight: tf.Variable) => checkpoint((y) => plain(y, weight), [x], [weight, gain]);

function gradients(block: typeof plain) {
  let live = 0;
  const { value, grads } = tf.variableGrads(() => {
    const y = run(tensor(randomValues(24, 60), [3, 8]), block);
    live = tf.memory().numTensors;
    return tf.sum(tf.square(y));
  });
  const result = {
    value: value.dataSync()[0],
    values: Object.entries(grads).map(([name, g]) => [name, [...g.dataSync()]]),
    live,
  };
  tf.dispose([value, grads]);
  return result;
}

describe('checkpoint', () => {
  it('gives bit for bit the value and the gradients of the plain call', () => {
    const [expected, actual] = [gradients(plain), gradients(recomputed)];
    expect(actual.value).toBe(expected.value);
    expect(actual.values).toEqual(expected.values);
  });

  it('remembers little more than the inputs of each block, and leaks nothing', () => {
    const before = tf.memory().numTensors;
    expect(gradients(recomputed).live - before).toBeLessThan((gradients(plain).live - before) / 3);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('nests', () => {
    const nested = (x: tf.Tensor, weight: tf.Variable) => checkpoint((y) => recomputed(y, weight), [x], [weight, gain]);
    expect(gradients(nested).values).toEqual(gradients(plain).values);
  });

  it('keeps constants for the backward pass after the tidy that made them has ended', () => {
    const gradient = tf.grad((x) =>
      tf.tidy(() => {
        const rows = tf.tensor1d([1, 0], 'int32');
        return checkpoint((y, indices) => tf.square(tf.gather(y, indices as tf.Tensor1D)), [x], [], [rows]);
      }),
    );
    expect([...gradient(tf.tensor1d([3, 4])).dataSync()]).toEqual([6, 8]);
  });

  it('gives zeros to inputs that do not matter', () => {
    const [used, unused] = tf.grads((a, b) => checkpoint((x) => tf.square(x), [a, b], []))([
      tf.scalar(3),
      tf.scalar(4),
    ]);
    expect([used.dataSync()[0], unused.dataSync()[0]]).toEqual([6, 0]);
  });
});
