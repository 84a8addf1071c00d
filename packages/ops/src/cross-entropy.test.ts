import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { crossEntropy, linearCrossEntropy } from './index.ts';
import * as reference from './fixtures/cross-entropy.ts';
import { describeBothPaths, difference, gradientDifference, randomValues, tensor } from './fixtures/testing.ts';
import type { Tensor2D } from '@tensorflow/tfjs-core';

const [ROWS, WIDTH, VOCABULARY] = [5, 4, 7];
const targets = [3, -100, 0, 6, 3];
const targets_N = () => tf.tensor1d(targets, 'int32');
const logits = randomValues(ROWS * VOCABULARY, 20).map((value) => 3 * value);
const hidden = randomValues(ROWS * WIDTH, 21);
const weight = randomValues(VOCABULARY * WIDTH, 22);
const SETTINGS = { ignoreIndex: -100, zLoss: 0.01 };

const rowsOf = (z: Float64Array) => reference.crossEntropy(z, targets, SETTINGS).loss;
const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
const mean = (z: Float64Array) => Float64Array.of(sum(rowsOf(z)) / 4);

function project(h: Float64Array, w: Float64Array): Float64Array {
  return Float64Array.from({ length: ROWS * VOCABULARY }, (_, index) => {
    const [row, token] = [Math.floor(index / VOCABULARY), index % VOCABULARY];
    return [0, 1, 2, 3].reduce((total, i) => total + h[row * WIDTH + i] * w[token * WIDTH + i], 0);
  });
}

describeBothPaths('crossEntropy', () => {
  it('gives the golden values', () => {
    const student: Tensor2D = tf.tensor2d([[1, 1, 1, 0]]);
    const first = tf.tensor1d([0], 'int32');
    expect(crossEntropy(student, first).dataSync()[0]).toBeCloseTo(1.2142833, 6);
    const teacher: Tensor2D = tf.tensor2d([[2, 1, 0, -1]]);
    const plain = crossEntropy(student, first).dataSync()[0];
    expect(crossEntropy(student, first, { zLoss: 1e-4 }).dataSync()[0] - plain).toBeCloseTo(4.9030505e-4, 6);
    expect(crossEntropy(teacher, first).dataSync()[0]).toBeCloseTo(0.4401897, 6);
  });

  it.each([
    ['mean', mean(logits)],
    ['sum', Float64Array.of(sum(rowsOf(logits)))],
    ['none', rowsOf(logits)],
  ] as const)('reduces by %s over the rows that are not ignored', (reduction, expected) => {
    expect(
      difference(crossEntropy(tensor(logits, [ROWS, VOCABULARY]), targets_N(), { zLoss: 0.01, reduction }), expected),
    ).toBeLessThan(2e-5);
  });

  it.each(['mean', 'none'] as const)('has the gradients that finite differences give: %s', (reduction) => {
    expect(
      gradientDifference(
        (z) => crossEntropy(z as Tensor2D, targets_N(), { zLoss: 0.01, reduction }),
        reduction === 'mean' ? mean : rowsOf,
        [[logits, [ROWS, VOCABULARY]]],
      ),
    ).toBeLessThan(1e-4);
  });

  it('is 0 with zero gradient when every row is ignored', () => {
    const none = tf.tensor1d(
      targets.map(() => -100),
      'int32',
    );
    const { value, grad } = tf.valueAndGrad((z) => crossEntropy(z as Tensor2D, none))(
      tensor(logits, [ROWS, VOCABULARY]),
    );
    expect(value.dataSync()[0]).toBe(0);
    expect(difference(grad, new Float64Array(logits.length))).toBeLessThan(2e-5);
  });

  it('refuses targets that are not one int32 per row', () => {
    expect(() => crossEntropy(tf.ones([2, 3]), tf.tensor1d([1, 1]))).toThrow('got [2,3] and float32 [2]');
  });
});

describeBothPaths('linearCrossEntropy', () => {
  const inputs: [Float64Array, number[]][] = [
    [hidden, [ROWS, WIDTH]],
    [weight, [VOCABULARY, WIDTH]],
  ];

  it.each([1, 2, 5, 100])('equals head and cross-entropy in chunks of %i rows, with its gradients', (chunkRows) => {
    const op = (h: tf.Tensor, w: tf.Tensor) =>
      linearCrossEntropy(h as Tensor2D, w, targets_N(), { zLoss: 0.01, chunkRows });
    const definition = (h: Float64Array, w: Float64Array) => mean(project(h, w));
    const tensors = inputs.map(([values, shape]) => tensor(values, shape));
    expect(difference(op(tensors[0], tensors[1]), definition(hidden, weight))).toBeLessThan(2e-5);
    expect(gradientDifference(op, definition, inputs)).toBeLessThan(1e-4);
  });

  it.each([1, 2, 3, 6])('is the same with %i columns of the vocabulary at a time', (chunkVocabulary) => {
    const op = (h: tf.Tensor, w: tf.Tensor) =>
      linearCrossEntropy(h, w, targets_N(), { zLoss: 0.01, chunkRows: 2, chunkVocabulary });
    const definition = (h: Float64Array, w: Float64Array) => mean(project(h, w));
    const tensors = inputs.map(([values, shape]) => tensor(values, shape));
    expect(difference(op(tensors[0], tensors[1]), definition(hidden, weight))).toBeLessThan(2e-5);
    expect(gradientDifference(op, definition, inputs)).toBeLessThan(1e-4);
  });

  it('sums instead of averaging on request', () => {
    const op = (h: tf.Tensor, w: tf.Tensor) =>
      linearCrossEntropy(h as Tensor2D, w, targets_N(), { zLoss: 0.01, reduction: 'sum' });
    expect(gradientDifference(op, (h, w) => Float64Array.of(sum(rowsOf(project(h, w)))), inputs)).toBeLessThan(1e-4);
  });

  it('holds no tensor after the gradients are disposed of', () => {
    const [h, w] = inputs.map(([values, shape]) => tensor(values, shape));
    const before = tf.memory().numTensors;
    const target = targets_N();
    tf.dispose(tf.grads((a, b) => linearCrossEntropy(a as Tensor2D, b, target, { chunkRows: 2 }))([h, w]));
    tf.dispose([linearCrossEntropy(h as Tensor2D, w, target, { chunkRows: 2 }), target]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses chunks of nothing', () => {
    const call = (options: object) => () => linearCrossEntropy(tf.ones([5, 4]), tf.ones([7, 4]), targets_N(), options);
    expect(call({ chunkRows: 0 })).toThrow('chunkRows must be a positive integer, got 0');
    expect(call({ chunkVocabulary: 1.5 })).toThrow('chunkVocabulary must be a positive integer, got 1.5');
  });

  it('refuses a head of another width', () => {
    expect(() => linearCrossEntropy(tf.ones([5, 3]), tf.ones([7, 4]), targets_N())).toThrow(
      'got [5,3], [7,4] and int32 [5]',
    );
  });
});
