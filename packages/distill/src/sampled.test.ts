import { useEngine } from '@smol/engine';
import { RandomStream } from '@smol/random';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { distillationLoss } from './distillation-loss.ts';
import { klDivergence } from './divergence.ts';
import { gradientError } from './fixtures/finite-difference.ts';
import { linearDistillationLoss } from './linear-distillation.ts';
import type { ChunkedTeacher } from './mixed-rows.ts';
import { sampledCrossEntropy, sampledTargets } from './sampled.ts';
import { rowProbabilities, sampleRow, topRow } from './teacher-row.ts';
import { topKDivergence, topKTargets } from './top-k.ts';

beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const teacherRow = [2, 1.4, 1, 0.8, 0.5, 0.2, 0, -0.6];
const studentRow = [0.5, 1, -1, 0.3, 0, 1.2, -0.2, 0.1];
const draws = 4000;
const uniforms = new RandomStream(1, 'draws');
const repeated = (row: number[], times: number) => tf.tile(tf.tensor2d([row]), [times, 1]) as tf.Tensor2D;
const numbersOf = (x: tf.Tensor) => Array.from(x.dataSync());
const gradientOf = (loss: (x: tf.Tensor2D) => tf.Tensor, x: tf.Tensor2D) =>
  numbersOf(tf.grad((z) => loss(z as tf.Tensor2D))(x));

describe('sampling ids of a teacher', () => {
  const row = fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 4, maxLength: 30 });

  it('gives K different ids whose weights sum to 1, the likeliest with their own probability', () => {
    fc.assert(
      fc.property(row, fc.nat(), fc.double({ min: 0, max: 0.9999, noNaN: true }), (logits, seed, uniform) => {
        const p = rowProbabilities(Float32Array.from(logits), 1, 'here');
        const k = 1 + (seed % logits.length);
        const { ids, weights } = sampleRow(p, k, uniform);
        expect(new Set(ids).size).toBe(k);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
        ids.forEach((id, index) =>
          expect(weights[index]).toBeGreaterThanOrEqual(weights[index] === 0 ? 0 : p[id] - 1e-12),
        );
      }),
    );
  });

  it('estimates every probability without bias; the likeliest ids alone, even scaled to sum to 1, are too sure', () => {
    const p = rowProbabilities(Float32Array.from(teacherRow), 1, 'here');
    const sum = new Float64Array(8);
    const squares = new Float64Array(8);
    for (let draw = 0; draw < draws; draw++) {
      const { ids, weights } = sampleRow(p, 3, uniforms.uniform(draw));
      ids.forEach((id, index) => {
        sum[id] += weights[index];
        squares[id] += weights[index] ** 2;
      });
    }
    p.forEach((probability, id) => {
      const mean = sum[id] / draws;
      const error = Math.sqrt(Math.max(0, squares[id] / draws - mean ** 2) / draws);
      expect(Math.abs(mean - probability)).toBeLessThan(4 * error + 1e-9);
    });
    const { ids, probabilities } = topRow(p, 3);
    const kept = probabilities.reduce((total, one) => total + one, 0);
    expect(probabilities[0] / kept - p[ids[0]]).toBeGreaterThan(0.1);
  });
});

describe('sampledCrossEntropy', () => {
  it('has the mean, and its gradient has the mean, of the whole teacher; naive top-k has not', () => {
    const [student, teacher] = [tf.tensor2d([studentRow]), tf.tensor2d([teacherRow])];
    const many = repeated(studentRow, draws);
    const kept = sampledTargets(
      repeated(teacherRow, draws),
      3,
      Array.from({ length: draws }, (_, i) => uniforms.uniform(i)),
    );
    const losses = numbersOf(sampledCrossEntropy(many, kept));
    const entropy = -rowProbabilities(Float32Array.from(teacherRow), 1, '').reduce(
      (sum, p) => sum + p * Math.log(p),
      0,
    );
    const expected = klDivergence(student, teacher).dataSync()[0] + entropy;
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / draws;
    const deviation = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / draws);
    expect(Math.abs(mean - expected)).toBeLessThan((4 * deviation) / Math.sqrt(draws));
    const slopes = gradientOf(
      (x) => tf.mean(sampledCrossEntropy(tf.tile(x, [draws, 1]) as tf.Tensor2D, kept)),
      student,
    );
    const exact = gradientOf((x) => klDivergence(x, teacher), student);
    const naive = gradientOf((x) => topKDivergence(x, topKTargets(teacher, 3), 1, 'renormalize'), student);
    const worst = (found: number[]) => Math.max(...found.map((slope, id) => Math.abs(slope - exact[id])));
    expect(worst(slopes)).toBeLessThan(0.01);
    expect(worst(naive)).toBeGreaterThan(0.1);
  });

  it('pulls a student that is the teacher nowhere, on average', () => {
    const teacher = tf.tensor2d([teacherRow]);
    const kept = sampledTargets(
      repeated(teacherRow, draws),
      3,
      Array.from({ length: draws }, (_, i) => uniforms.uniform(i)),
    );
    const slopes = gradientOf(
      (x) => tf.mean(sampledCrossEntropy(tf.tile(x, [draws, 1]) as tf.Tensor2D, kept)),
      teacher,
    );
    for (const slope of slopes) expect(Math.abs(slope)).toBeLessThan(0.01);
  });

  it('has the gradient that finite differences give', () => {
    const kept = sampledTargets(tf.tensor2d([teacherRow, studentRow]), 3, [0.3, 0.8], 2);
    const loss = (x: tf.Tensor2D) => tf.sum(tf.mul(sampledCrossEntropy(x, kept, 2), tf.tensor1d([1, 3]))) as tf.Scalar;
    expect(gradientError(loss, [studentRow, teacherRow])).toBeLessThan(5e-4);
  });

  it('refuses what does not fit', () => {
    const teacher = tf.tensor2d([teacherRow]);
    expect(() => sampledTargets(teacher, 9, [0.5])).toThrow('k must be an integer in [1, 8], the vocabulary, got 9');
    expect(() => sampledTargets(tf.tensor2d([[1, Number.NaN]]), 1, [0.5])).toThrow('got NaN for id 1 at row 0');
    const kept = sampledTargets(teacher, 3, [0.5]);
    expect(() => sampledCrossEntropy(tf.tensor2d([teacherRow, teacherRow]), kept)).toThrow('needs logits [N, V]');
  });
});

describe('linearDistillationLoss', () => {
  const rows = 5;
  const random = (shape: [number, number], seed: number) =>
    tf.randomNormal(shape, 0, 1, 'float32', seed) as tf.Tensor2D;
  const inputs = () => ({
    hidden: random([rows, 4], 1),
    weight: random([8, 4], 2),
    targets: tf.tensor1d([1, 7, -100, 0, 3], 'int32'),
  });
  const teachers = (temperature: number): Record<string, [ChunkedTeacher, Parameters<typeof distillationLoss>[1]]> => {
    const [teacherHidden_NE, teacherHeadWeight_VE] = [random([rows, 6], 3), random([8, 6], 4)];
    const teacherLogits_NV = tf.matMul(teacherHidden_NE, teacherHeadWeight_VE, false, true) as tf.Tensor2D;
    const top = topKTargets(teacherLogits_NV, 3, temperature);
    const sampled = sampledTargets(teacherLogits_NV, 3, [0.1, 0.3, 0.5, 0.7, 0.9], temperature);
    return {
      hidden: [{ teacherHidden_NE, teacherHeadWeight_VE }, { teacherLogits_NV }],
      'top-k': [top, top],
      sampled: [sampled, sampled],
    };
  };

  const cases = [
    ['hidden', 'forward'],
    ['hidden', 'reverse'],
    ['hidden', 'jensen-shannon'],
    ['top-k', 'forward'],
    ['sampled', 'forward'],
  ] as const;
  it.each(cases.flatMap((of) => [1, 2].map((temperature) => [...of, temperature] as const)))(
    'of a %s teacher, %s divergence, at temperature %i is distillationLoss of the logits, with its gradients',
    (kind, divergence, temperature) => {
      const { hidden, weight, targets } = inputs();
      const [teacher, plain] = teachers(temperature)[kind];
      const options = { temperature, alpha: 0.7, divergence };
      const whole = tf.grads((x, w) =>
        distillationLoss(tf.matMul(x, w, false, true) as tf.Tensor2D, plain, targets, options),
      );
      const fused = tf.grads((x, w) =>
        linearDistillationLoss(x as tf.Tensor2D, w as tf.Tensor2D, teacher, targets, { ...options, chunkRows: 2 }),
      );
      const expected = whole([hidden, weight]);
      fused([hidden, weight]).forEach((gradient, index) => {
        expect(tf.max(tf.abs(tf.sub(gradient, expected[index]))).dataSync()[0]).toBeLessThan(2e-6);
      });
      const value = linearDistillationLoss(hidden, weight, teacher, targets, options).dataSync()[0];
      const reference = distillationLoss(
        tf.matMul(hidden, weight, false, true) as tf.Tensor2D,
        plain,
        targets,
        options,
      );
      expect(value).toBeCloseTo(reference.dataSync()[0], 5);
    },
  );

  it('tells the parts it is made of, over all chunks', () => {
    const { hidden, weight, targets } = inputs();
    const [teacher] = teachers(2).hidden;
    const parts: number[] = [];
    const onParts = (hard: tf.Scalar, soft: tf.Scalar) => void parts.push(hard.dataSync()[0], soft.dataSync()[0]);
    const options = { temperature: 2, alpha: 0.25, chunkRows: 2, onParts };
    const loss = linearDistillationLoss(hidden, weight, teacher, targets, options).dataSync()[0];
    expect(loss).toBeCloseTo(0.75 * parts[0] + 0.25 * 4 * parts[1], 5);
    const hard = linearDistillationLoss(hidden, weight, teacher, targets, { alpha: 0 }).dataSync()[0];
    expect(parts[0]).toBeCloseTo(hard, 5);
  });

  it('never holds [rows, vocabulary] of a cached teacher: its peak does not grow with the rows as the logits do', async () => {
    const [many, vocabulary, width] = [512, 2048, 8];
    const [hidden, weight] = [random([many, width], 5), random([vocabulary, width], 6)];
    const ids_NK = tf.tile(tf.tensor2d([[3, 9, 27]], [1, 3], 'int32'), [many, 1]) as tf.Tensor2D;
    const weights_NK = tf.div(tf.ones([many, 3]), 3) as tf.Tensor2D;
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => {
      tf.tidy(() =>
        linearDistillationLoss(hidden, weight, { ids_NK, weights_NK }, tf.zeros([many], 'int32'), {
          chunkRows: 16,
        }).dataSync(),
      );
      return tf.scalar(0);
    });
    expect(peakBytes - before).toBeLessThan(many * vocabulary * 4 * 0.5);
  });

  it('leaks nothing and refuses what does not fit', () => {
    const { hidden, weight, targets } = inputs();
    const [teacher] = teachers(1).sampled;
    const before = tf.memory().numTensors;
    tf.tidy(() => void tf.grad((x) => linearDistillationLoss(x as tf.Tensor2D, weight, teacher, targets))(hidden));
    expect(tf.memory().numTensors).toBe(before);
    expect(() => linearDistillationLoss(hidden, weight, teacher, tf.zeros([2], 'int32'))).toThrow('targets [N]');
    const large = { teacherHidden_NE: hidden, teacherHeadWeight_VE: random([9, 4], 1) };
    expect(() => linearDistillationLoss(hidden, weight, large, targets)).toThrow("must be the student's 8, got 9");
  });
});
