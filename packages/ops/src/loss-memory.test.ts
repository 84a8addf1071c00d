import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { crossEntropy, linearCrossEntropy } from './index.ts';
import type { TeacherTargets } from './index.ts';
import { peakBytes } from './fixtures/live-bytes.ts';
import { describeBothPaths } from './fixtures/testing.ts';

const [ROWS, VOCABULARY, WIDTH] = [512, 512, 2];
/** Bytes of a tensor `[tokens, vocabulary]`: 1 MiB. */
const LOGITS = 4 * ROWS * VOCABULARY;

const ids_N = () =>
  tf.tensor1d(
    Int32Array.from({ length: ROWS }, (_, row) => row % VOCABULARY),
    'int32',
  );
const TARGETS: Record<string, () => tf.Tensor1D | TeacherTargets> = {
  ids: ids_N,
  'a cached teacher': () => ({
    ids_NS: tf.reshape(ids_N(), [ROWS, 1]),
    logProbabilities_NS: tf.fill<tf.Rank.R2>([ROWS, 1], -1),
  }),
};

/** The most memory of tensors at once during `work`, beyond what was there before, in tensors of the size of the logits. */
const peakOf = (work: () => tf.TensorContainer): number => peakBytes(work) / LOGITS;

describeBothPaths('memory of the losses', () => {
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  it.each(Object.entries(TARGETS))('crossEntropy under %s: beside the logits none of their size', (_, make) => {
    const logits: tf.Tensor2D = tf.zeros([ROWS, VOCABULARY]);
    const targets = make();
    expect(peakOf(() => crossEntropy(logits, targets))).toBeLessThan(0.4);
  });

  it.each(Object.entries(TARGETS))('crossEntropy under %s, backwards: the gradient, and no other', (_, make) => {
    const logits: tf.Tensor2D = tf.zeros([ROWS, VOCABULARY]);
    const targets = make();
    const peak = peakOf(() => tf.grad((z) => crossEntropy(z, targets))(logits));
    expect(peak).toBeGreaterThanOrEqual(1);
    expect(peak).toBeLessThan(1.4);
  });

  it.each(Object.entries(TARGETS))('linearCrossEntropy under %s, forwards and backwards: not even one', (_, make) => {
    const [hidden, weight] = [tf.zeros([ROWS, WIDTH]), tf.ones([VOCABULARY, WIDTH])];
    const targets = make();
    const loss = (chunks: object) => (h: tf.Tensor, w: tf.Tensor) => linearCrossEntropy(h, w, targets, chunks);
    const gradients = (chunks: object) => tf.grads(loss(chunks))([hidden, weight]);
    expect(peakOf(() => gradients({ chunkRows: ROWS / 32 }))).toBeLessThan(0.25);
    expect(peakOf(() => gradients({ chunkRows: ROWS / 4, chunkVocabulary: VOCABULARY / 16 }))).toBeLessThan(0.2);
    expect(peakOf(() => loss({ chunkRows: ROWS / 32 })(hidden, weight))).toBeLessThan(0.2);
  });
});
