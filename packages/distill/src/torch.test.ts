import { readFileSync } from 'node:fs';
import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { attentionTransferLoss, relationLoss } from './attention-loss.ts';
import { bestTeacher, predictStudentLoss, rampAt } from './capacity.ts';
import { distillationLoss } from './distillation-loss.ts';
import { klDivergence } from './divergence.ts';
import { gradientError } from './fixtures/finite-difference.ts';
import { hiddenLoss } from './hidden-loss.ts';
import { cachedReport } from './cached-report.ts';
import { sampledCrossEntropy, sampledTargets } from './sampled.ts';
import { teacherReport } from './teacher-report.ts';
import { topKDivergence, topKTargets } from './top-k.ts';
import { universalLogitLoss } from './universal-logit-loss.ts';

beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

interface Case {
  student: number[][];
  teacher: number[][][];
  value: number;
  gradient: number[];
}
/** Made by scripts/oracle.py --write with PyTorch, in f64. */
const fixtures = JSON.parse(readFileSync(new URL('fixtures/torch.json', import.meta.url), 'utf8')) as Record<
  string,
  Case
>;

type Loss = (student: tf.Tensor, first: tf.Tensor, second: () => tf.Tensor) => tf.Tensor;
const matrix = (x: tf.Tensor) => x as tf.Tensor2D;
const int = (x: tf.Tensor) => tf.cast(x, 'int32');
const mixed = { temperature: 2, alpha: 0.7 };
const losses: Record<string, Loss> = {
  'kl T=1': (x, t) => tf.sum(klDivergence(matrix(x), matrix(t))),
  'kl T=2': (x, t) => tf.sum(klDivergence(matrix(x), matrix(t), 2)),
  'reverse kl T=1': (x, t) => tf.sum(klDivergence(matrix(x), matrix(t), 1, 'reverse')),
  'reverse kl T=2': (x, t) => tf.sum(klDivergence(matrix(x), matrix(t), 2, 'reverse')),
  'jensen-shannon T=1': (x, t) => tf.sum(klDivergence(matrix(x), matrix(t), 1, 'jensen-shannon')),
  'jensen-shannon T=2': (x, t) => tf.sum(klDivergence(matrix(x), matrix(t), 2, 'jensen-shannon')),
  'top-3 rest bucket T=1': (x, t) => tf.sum(topKDivergence(matrix(x), topKTargets(matrix(t), 3))),
  'top-3 rest bucket T=2': (x, t) => tf.sum(topKDivergence(matrix(x), topKTargets(matrix(t), 3, 2), 2)),
  sampled: (x, ids, weights) =>
    tf.sum(sampledCrossEntropy(matrix(x), { ids_NK: int(ids) as tf.Tensor2D, weights_NK: matrix(weights()) })),
  'mixed T=2': (x, t, y) =>
    distillationLoss(matrix(x), { teacherLogits_NV: matrix(t) }, int(y()) as tf.Tensor1D, mixed),
  'mixed top-3 T=2': (x, t, y) =>
    distillationLoss(matrix(x), topKTargets(matrix(t), 3, 2), int(y()) as tf.Tensor1D, mixed),
  uld: (x, t) => tf.sum(universalLogitLoss(matrix(x), matrix(t))),
  'hidden mse': (x, t, p) => hiddenLoss(matrix(x), matrix(t), { projection_DS: matrix(p()) }),
  'hidden cosine': (x, t, p) => hiddenLoss(matrix(x), matrix(t), { projection_DS: matrix(p()), measure: 'cosine' }),
  'attention transfer': (x, t) => attentionTransferLoss(x, t),
  'value relation': (x, t) => relationLoss(x as tf.Tensor4D, t as tf.Tensor4D),
};

describe('PyTorch', () => {
  it('has a fixture for each loss', () => expect(Object.keys(losses)).toEqual(Object.keys(fixtures)));

  it.each(Object.entries(losses))('agrees on %s and its gradient', (name, loss) => {
    const { student, teacher, value, gradient } = fixtures[name];
    const second = () => tf.tensor(teacher[1]);
    const run = (x: tf.Tensor) => loss(x, tf.tensor(teacher[0]), second);
    expect(run(tf.tensor(student)).dataSync()[0]).toBeCloseTo(value, 5);
    const found = tf.grad(run)(tf.tensor(student)).dataSync();
    gradient.forEach((slope, index) => expect(found[index]).toBeCloseTo(slope, 5));
  });
});

describe('attention losses', () => {
  const maps = () => tf.abs(tf.randomNormal([2, 2, 3, 3], 0, 1, 'float32', 1));
  const values = (heads: number, dimension: number) =>
    tf.randomNormal([1, 3, heads, dimension], 0, 1, 'float32', 2) as tf.Tensor4D;

  it('are zero with zero gradient when student and teacher agree', () => {
    const largest = (x: tf.Tensor) => tf.max(tf.abs(x)).dataSync()[0];
    expect(largest(attentionTransferLoss(maps(), maps()))).toBe(0);
    expect(largest(tf.grad((x) => attentionTransferLoss(x, maps()))(maps()))).toBeLessThan(1e-6);
    expect(largest(relationLoss(values(2, 2), values(2, 2)))).toBe(0);
    expect(largest(tf.grad((x) => relationLoss(x as tf.Tensor4D, values(2, 2)))(values(2, 2)))).toBeLessThan(1e-6);
  });

  it('have the gradients that finite differences give', () => {
    const start = [
      [0.3, -0.2, 0.5, 0.1],
      [1, 0.1, 0, -0.3],
      [-0.4, 0.2, 0.9, 0.6],
    ];
    const relation = (x: tf.Tensor2D) =>
      relationLoss(tf.reshape(x, [1, 3, 2, 2]), values(4, 3), { relationHeads: 2, causal: false });
    expect(gradientError(relation, start)).toBeLessThan(1e-3);
    expect(gradientError((x) => attentionTransferLoss(x, tf.tensor2d(start.toReversed())), start)).toBeLessThan(1e-3);
  });

  it('refuse what does not fit', () => {
    expect(() => attentionTransferLoss(maps(), tf.ones([2, 2]))).toThrow('needs maps of one shape');
    expect(() => relationLoss(values(2, 2), values(3, 1), { relationHeads: 2 })).toThrow(
      'a multiple of 2 relation heads',
    );
  });
});

/** Two rows of a student, undecided and decided. */
const studentLogits = () =>
  tf.tensor2d([
    [1, 1, 1, 0],
    [0, 3, 0, 0],
  ]);

describe('teacherReport', () => {
  it('tells entropy, agreement, gap and losses', () => {
    const [student, teacher] = [
      studentLogits(),
      tf.tensor2d([
        [2, 1, 0, -1],
        [0, 3, 0, 0],
      ]),
    ];
    const report = teacherReport(student, teacher, tf.tensor1d([0, 1], 'int32'));
    expect(report.studentGap).toBeCloseTo(0.29880494 / 2, 6);
    expect(report.agreement).toBe(1);
    const entropy = (row: number[]) => {
      const sum = row.reduce((total, z) => total + Math.exp(z), 0);
      return row.reduce((total, z) => total - (Math.exp(z) / sum) * Math.log(Math.exp(z) / sum), 0);
    };
    expect(report.teacherEntropy).toBeCloseTo((entropy([2, 1, 0, -1]) + entropy([0, 3, 0, 0])) / 2, 5);
    expect(report.studentLoss! - report.teacherLoss!).toBeCloseTo((1.2142833 - 0.4401897) / 2, 5);
  });
});

describe('cachedReport', () => {
  it('tells agreement and distance from what was kept', () => {
    const [student, teacher] = [
      studentLogits(),
      tf.tensor2d([
        [2, 1, 0, -1],
        [3, 0, 0, 0],
      ]),
    ];
    const top = cachedReport(student, topKTargets(teacher, 2));
    expect(top.agreement).toBe(0.5);
    expect(top.distance).toBeCloseTo(tf.mean(topKDivergence(student, topKTargets(teacher, 2))).dataSync()[0], 6);
    const sampled = cachedReport(student, sampledTargets(teacher, 3, [0.2, 0.7]));
    expect(sampled.agreement).toBe(0.5);
    expect(sampled.distance).toBeGreaterThan(top.distance);
  });
});

describe('capacity and schedules', () => {
  const law = { c0: 0.5, c1: 3, d1: 0.8, f1: 0.1, a: 300, alpha: 0.4, b: 900, beta: 0.4, gamma: 1 };
  const student = { supervisedLoss: 2.6, studentParameters: 1e8, tokens: 1e10 };

  it('expect a student to stay above its teacher, and to gain from tokens', () => {
    const few = predictStudentLoss(law, { ...student, teacherLoss: 2.4 });
    expect(few).toBeGreaterThan(2.4);
    expect(predictStudentLoss(law, { ...student, teacherLoss: 2.4, tokens: 1e12 })).toBeLessThan(few);
    const teachers = [3, 2.5, 2.2, 2];
    const expected = teachers.map((teacherLoss) => predictStudentLoss(law, { ...student, teacherLoss }));
    expect(bestTeacher(law, teachers, student)).toBe(expected.indexOf(Math.min(...expected)));
    expect(() => bestTeacher(law, [], student)).toThrow('at least one teacher');
  });

  it('move a value over a part of training', () => {
    const ramp = { from: 0, to: 1, start: 0.2, end: 0.6 };
    expect([0, 0.2, 0.4, 0.6, 1].map((progress) => Number(rampAt(ramp, progress).toFixed(6)))).toEqual([
      0, 0, 0.5, 1, 1,
    ]);
    expect(() => rampAt({ ...ramp, end: 1.5 }, 0)).toThrow('end must be a number in');
  });
});
