import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { checkpoint, linear, OpsError, rmsNorm, swiglu, variableGradients } from './index.ts';
import { peakBytes } from './fixtures/live-bytes.ts';
import { randomValues, tensor } from './fixtures/testing.ts';
import { pullBack } from './pull-back.ts';

const variable = (seed: number, shape: number[]) =>
  tf.variable(tensor(randomValues(tf.util.sizeFromShape(shape), seed), shape));
const [BLOCKS, ROWS, WIDTH] = [8, 64, 16];
const weights = Array.from({ length: BLOCKS }, (_, index) => variable(index, [WIDTH, WIDTH]));
const gain = variable(50, [WIDTH]);
const variables = [...weights, gain];
const x_ND = tf.tidy(() => tf.keep(tensor(randomValues(ROWS * WIDTH, 60), [ROWS, WIDTH])));

const block = (x: tf.Tensor, weight: tf.Variable) => {
  const y = linear(rmsNorm(x, gain, 1e-6), weight);
  return tf.add(x, swiglu(y, tf.tanh(y)));
};
const meanSquare = (x: tf.Tensor): tf.Scalar => tf.mean(tf.square(x));
const loss = () => meanSquare(weights.reduce<tf.Tensor>((x, weight) => tf.tidy(() => block(x, weight)), x_ND));

type Gradients = { value: tf.Scalar; grads: tf.NamedTensorMap };
const read = ({ value, grads }: Gradients) => {
  const values = Object.entries(grads).map(([name, gradient]) => [name, [...gradient.dataSync()]]);
  return { value: value.dataSync()[0], values: Object.fromEntries(values) as Record<string, number[]> };
};
const both = (f: () => tf.Scalar, of = variables) =>
  tf.tidy(() => [read(variableGradients(f, of)), read(tf.variableGrads(f, of))]);

describe('variableGradients', () => {
  it('gives bit for bit what tf.variableGrads gives', () => {
    const [ours, theirs] = both(loss);
    expect(ours).toEqual(theirs);
    expect(Object.keys(ours.values)).toHaveLength(variables.length);
  });

  it('needs about half of its memory', () => {
    const ours = peakBytes(() => variableGradients(loss, variables));
    const theirs = peakBytes(() => tf.variableGrads(loss, variables));
    expect(ours).toBeLessThan(0.6 * theirs);
  });

  it('leaves nothing behind but loss and gradients', () => {
    const before = tf.memory().numTensors;
    const { value, grads } = variableGradients(loss, variables);
    expect(tf.memory().numTensors).toBe(before + 1 + variables.length);
    tf.dispose([value, grads]);
  });

  it('takes gradients that an operation passes on, and those of a tensor that is used more than once', () => {
    const [a, b] = [variable(1, [3]), variable(2, [3])];
    const shared = () => {
      const c = tf.add(a, b);
      const d = tf.add(c, tf.mul(c, a));
      return tf.sum(tf.add(tf.add(d, d), tf.reshape(tf.clone(c), [3]))) as tf.Scalar;
    };
    const [ours, theirs] = both(shared, [a, b]);
    expect(ours).toEqual(theirs);
  });

  it('works through a customGrad that gives one tensor to two inputs, and operations of several outputs', () => {
    const [a, b] = [variable(3, [4, 2]), variable(4, [4, 2])];
    const sum = tf.customGrad((x, y) => ({
      value: tf.add(x as tf.Tensor, y as tf.Tensor),
      gradFunc: (dy: tf.Tensor) => [dy, dy],
    }));
    const f = () => {
      const [left] = tf.split(sum(a, b), 2, 1);
      return tf.sum(tf.square(left)) as tf.Scalar;
    };
    const [ours, theirs] = both(f, [a, b]);
    expect(ours).toEqual(theirs);
  });

  it('leaves out variables that do not matter, and side branches', () => {
    const other = variable(5, [2]);
    const f = () => {
      tf.square(other);
      return tf.sum(tf.mul(gain, tf.scalar(2))) as tf.Scalar;
    };
    const { values } = tf.tidy(() => read(variableGradients(f, [gain, other])));
    expect(values).toEqual({ [gain.name]: Array(WIDTH).fill(2) });
  });

  it('recomputes checkpoints on the way', () => {
    const recomputed = () =>
      meanSquare(
        weights.reduce<tf.Tensor>((x, weight) => checkpoint((y) => block(y, weight), [x], [weight, gain]), x_ND),
      );
    const before = tf.memory().numTensors;
    const [ours, plain] = tf.tidy(() => [recomputed, loss].map((f) => read(variableGradients(f, variables))));
    expect(ours).toEqual(plain);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives gradients of gradients', () => {
    const cube = (x: tf.Tensor) => tf.sum(tf.mul(tf.square(x), x));
    const slope = (x: tf.Tensor) => tf.sum(pullBack(() => cube(x), [x]).gradients[0]!);
    expect([
      ...tf.tidy(() =>
        tf
          .grad(slope)(tf.tensor1d([1, 2]))
          .dataSync(),
      ),
    ]).toEqual([6, 12]);
  });

  it.each([
    ['SHAPE_MISMATCH', () => tf.square(gain) as unknown as tf.Scalar],
    ['INVALID_ARGUMENT', () => tf.scalar(1)],
  ])('refuses with %s, and leaves nothing behind', (code, f) => {
    const before = tf.memory().numTensors;
    expect(() => variableGradients(f, variables)).toThrow(expect.objectContaining({ name: OpsError.name, code }));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('passes on what the loss or a gradient throws, and leaves nothing behind', () => {
    const before = tf.memory().numTensors;
    const broken = tf.customGrad((x) => ({
      value: tf.square(x as tf.Tensor),
      gradFunc: (): tf.Tensor => {
        throw new Error('a broken gradient');
      },
    }));
    const failing = () => {
      loss();
      throw new Error('a broken loss');
    };
    expect(() => variableGradients(failing, variables)).toThrow('a broken loss');
    expect(() => variableGradients(() => meanSquare(broken(tf.square(gain))), [gain])).toThrow('a broken gradient');
    expect(tf.memory().numTensors).toBe(before);
    expect(() => variableGradients(loss, variables)).not.toThrow();
  });
});
