import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { crossEntropy, linearCrossEntropy } from './index.ts';
import type { TeacherTargets } from './index.ts';
import { describeBothPaths, difference, gradientDifference, randomValues, tensor } from './fixtures/testing.ts';

const [ROWS, WIDTH, VOCABULARY, KEPT] = [4, 3, 7, 2];
const logits = randomValues(ROWS * VOCABULARY, 30).map((value) => 2 * value);
const teacher = softmaxRows(randomValues(ROWS * VOCABULARY, 31).map((value) => 3 * value));
const ids = [3, 0, 6, 2, 1, 5, 0, 4];
const keptProbability = ids.map((id, index) => teacher[Math.floor(index / KEPT) * VOCABULARY + id]);
const counted = [1, 0, 1, 1];

function softmaxRows(values: Float64Array): Float64Array {
  const at = (row: number) => values.subarray(row * VOCABULARY, (row + 1) * VOCABULARY);
  const sums = Array.from({ length: ROWS }, (_, row) => at(row).reduce((sum, value) => sum + Math.exp(value), 0));
  return values.map((value, index) => Math.exp(value) / sums[Math.floor(index / VOCABULARY)]);
}

/** −Σ p·log q over the vocabulary. */
function softLoss(q: Float64Array, row: number): number {
  const terms = Array.from({ length: VOCABULARY }, (_, v) => row * VOCABULARY + v).map(
    (i) => teacher[i] * Math.log(q[i]),
  );
  return -terms.reduce((sum, term) => sum + term, 0);
}

/** −Σ p·log q over the ids kept, and all others as one. */
function sparseLoss(q: Float64Array, row: number): number {
  const own = [0, 1].map((slot) => row * KEPT + slot);
  const p = own.map((index) => keptProbability[index]);
  const student = own.map((index) => q[row * VOCABULARY + ids[index]]);
  const kept = p.reduce((sum, value, index) => sum + value * Math.log(student[index]), 0);
  const rest = (values: number[]) => 1 - values.reduce((sum, value) => sum + value, 0);
  return -kept - rest(p) * Math.log(rest(student));
}

function logSumExp(z: Float64Array, row: number): number {
  return Math.log(
    z.subarray(row * VOCABULARY, (row + 1) * VOCABULARY).reduce((sum, value) => sum + Math.exp(value), 0),
  );
}

/** Loss of every row by the definition, 0 where it does not count. */
function definition(z: Float64Array, rowLoss: typeof softLoss): Float64Array {
  const q = softmaxRows(z);
  return Float64Array.from(counted, (counts, row) => counts * (rowLoss(q, row) + 0.01 * logSumExp(z, row) ** 2));
}

const mean = (values: Float64Array) => Float64Array.of(values.reduce((sum, value) => sum + value, 0) / 3);

const soft = (): TeacherTargets => ({ probabilities_NV: tensor(teacher, [ROWS, VOCABULARY]) });
const sparse = (): TeacherTargets => ({
  ids_NS: tf.tensor2d(ids, [ROWS, KEPT], 'int32'),
  logProbabilities_NS: tf.tensor2d(keptProbability.map(Math.log), [ROWS, KEPT]),
});
const TEACHERS = [
  ['whole distributions', soft, softLoss],
  ['the likeliest ids and a bucket for the rest', sparse, sparseLoss],
] as const;

describeBothPaths('crossEntropy under a teacher', () => {
  const options = () => ({ zLoss: 0.01, counted_N: tf.tensor1d(counted) });

  describe.each(TEACHERS)('of %s', (_, targets, rowLoss) => {
    it('gives the loss of every row, 0 where it does not count', () => {
      const loss = crossEntropy(tensor(logits, [ROWS, VOCABULARY]), targets(), { ...options(), reduction: 'none' });
      expect(difference(loss, definition(logits, rowLoss))).toBeLessThan(2e-5);
    });

    it('has the gradients that finite differences give', () => {
      const op = (z: tf.Tensor) => crossEntropy(z, targets(), options());
      const slow = (z: Float64Array) => mean(definition(z, rowLoss));
      expect(gradientDifference(op, slow, [[logits, [ROWS, VOCABULARY]]])).toBeLessThan(1e-4);
    });

    it.each([
      [1, undefined],
      [3, undefined],
      [100, undefined],
      [3, 2],
      [100, 5],
    ])(
      'equals head and loss in chunks of %s rows and %s columns, with both gradients',
      (chunkRows, chunkVocabulary) => {
        const hidden = randomValues(ROWS * WIDTH, 32);
        const weight = randomValues(VOCABULARY * WIDTH, 33);
        const project = (h: Float64Array, w: Float64Array) =>
          Float64Array.from({ length: ROWS * VOCABULARY }, (__, index) => {
            const [row, token] = [Math.floor(index / VOCABULARY), index % VOCABULARY];
            return [0, 1, 2].reduce((sum, i) => sum + h[row * WIDTH + i] * w[token * WIDTH + i], 0);
          });
        const op = (h: tf.Tensor, w: tf.Tensor) =>
          linearCrossEntropy(h, w, targets(), { ...options(), chunkRows, chunkVocabulary });
        const slow = (h: Float64Array, w: Float64Array) => mean(definition(project(h, w), rowLoss));
        const inputs: [Float64Array, number[]][] = [
          [hidden, [ROWS, WIDTH]],
          [weight, [VOCABULARY, WIDTH]],
        ];
        expect(
          difference(op(tensor(hidden, [ROWS, WIDTH]), tensor(weight, [VOCABULARY, WIDTH])), slow(hidden, weight)),
        ).toBeLessThan(2e-5);
        expect(gradientDifference(op, slow, inputs)).toBeLessThan(1e-4);
      },
    );

    it('leaves nothing behind', () => {
      const z = tensor(logits, [ROWS, VOCABULARY]);
      const before = tf.memory().numTensors;
      tf.tidy(() => void tf.grad((x) => crossEntropy(x, targets(), options()))(z));
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  it('is the plain cross-entropy when a teacher is sure', () => {
    const z = tensor(logits, [ROWS, VOCABULARY]);
    const targets = tf.tensor1d([3, 0, 6, 2], 'int32');
    const sure = { probabilities_NV: tf.oneHot(targets, VOCABULARY, 1, 0, 'float32') as tf.Tensor2D };
    expect(difference(crossEntropy(z, sure), crossEntropy(z, targets).dataSync())).toBeLessThan(1e-6);
  });

  it('refuses a teacher of other rows or another vocabulary', () => {
    expect(() => crossEntropy(tf.ones([2, 3]), { probabilities_NV: tf.ones([2, 4]) })).toThrow('got float32 [2,4]');
    expect(() => crossEntropy(tf.ones([2, 3]), sparse())).toThrow('ids int32 [2, S]');
  });
});
