import { useEngine } from '@smol/engine';
import { crossEntropy } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { distillationLoss } from './distillation-loss.ts';
import { klDivergence } from './divergence.ts';
import { gradientError } from './fixtures/finite-difference.ts';
import { hiddenLoss } from './hidden-loss.ts';
import { topKDivergence, topKTargets, type MissingMass } from './top-k.ts';
import { universalLogitLoss } from './universal-logit-loss.ts';

beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

// golden vectors, computed in f64
const teacherRow = [2, 1, 0, -1];
const studentRow = [1, 1, 1, 0];
const teacher = () => tf.tensor2d([teacherRow]);
const student = () => tf.tensor2d([studentRow]);
const first = () => tf.tensor1d([0], 'int32');
const numberOf = (tensor: tf.Tensor) => tensor.dataSync()[0];
const gradientOf = (f: (x: tf.Tensor2D) => tf.Tensor, x: tf.Tensor2D) =>
  Array.from(
    tf
      .grad(f as (x: tf.Tensor) => tf.Tensor)(x)
      .dataSync(),
  );

const twoRows = {
  student: [
    [0.3, -1.2, 0.8, 0.1, 0.5],
    [1.5, 0.2, -0.4, 0.9, -1],
  ],
  teacher: [
    [1, -0.5, 0.4, 0, 2],
    [-1, 0.7, 0.1, 0.3, 0.2],
  ],
};
const logits = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 6, maxLength: 6 });

describe('klDivergence', () => {
  it.each([
    [1, 0.29880494, [-0.34699152, 0.06003992, 0.20977842, 0.07717317]],
    [2, 0.088464, [-0.35555891, 0.00254087, 0.21973937, 0.13327866].map((slope) => slope / 4)],
  ])('at temperature %i is %f, with its gradient', (temperature, value, gradient) => {
    expect(numberOf(klDivergence(student(), teacher(), temperature))).toBeCloseTo(value, 6);
    const found = gradientOf((x) => klDivergence(x, teacher(), temperature), student());
    gradient.forEach((slope, index) => expect(found[index]).toBeCloseTo(slope, 6));
  });

  it('is never negative, and zero with zero gradient when student and teacher agree', () => {
    fc.assert(
      fc.property(logits, logits, (a, b) => {
        const [x, y] = [tf.tensor2d([a]), tf.tensor2d([b])];
        expect(numberOf(klDivergence(x, y))).toBeGreaterThan(-1e-6);
        expect(numberOf(klDivergence(x, x))).toBe(0);
        expect(gradientOf((z) => klDivergence(z, x), x).every((slope) => slope === 0)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it.each(['reverse', 'jensen-shannon'] as const)(
    'the %s way is never negative, and zero with zero gradient when student and teacher agree',
    (kind) => {
      fc.assert(
        fc.property(logits, logits, (a, b) => {
          const [x, y] = [tf.tensor2d([a]), tf.tensor2d([b])];
          expect(numberOf(klDivergence(x, y, 1, kind))).toBeGreaterThan(-1e-6);
          expect(numberOf(klDivergence(x, x, 1, kind))).toBeCloseTo(0, 6);
          for (const slope of gradientOf((z) => klDivergence(z, x, 1, kind), x)) expect(slope).toBeCloseTo(0, 6);
        }),
        { numRuns: 30 },
      );
    },
  );

  it('the reverse way is the forward one with both exchanged, the Jensen–Shannon one is symmetric', () => {
    const reverse = numberOf(klDivergence(student(), teacher(), 1, 'reverse'));
    expect(reverse).toBeCloseTo(numberOf(klDivergence(teacher(), student())), 6);
    const [one, other] = [
      klDivergence(student(), teacher(), 1, 'jensen-shannon'),
      klDivergence(teacher(), student(), 1, 'jensen-shannon'),
    ];
    expect(numberOf(one)).toBeCloseTo(numberOf(other), 6);
    expect(() => klDivergence(student(), teacher(), 1, 'sideways' as 'forward')).toThrow('must be one of forward');
  });

  it('gives the teacher no gradient', () => {
    expect(() => tf.grads((x, y) => klDivergence(x as tf.Tensor2D, y as tf.Tensor2D))([student(), teacher()])).toThrow(
      'Cannot compute gradient',
    );
  });
});

describe('topKDivergence', () => {
  it.each([
    ['zero', 0.44493656],
    ['rest-bucket', 0.29880494],
    ['renormalize', 0.63208019],
  ] as const)('of two kept ids, the rest treated as %s, is %f', (missing, value) => {
    expect(numberOf(topKDivergence(student(), topKTargets(teacher(), 2), 1, missing))).toBeCloseTo(value, 6);
  });

  it.each<[MissingMass, number]>([
    ['zero', 1],
    ['rest-bucket', 1],
    ['renormalize', 1],
    ['rest-bucket', 2],
  ])('with %s at temperature %i has the gradient that finite differences give', (missing, temperature) => {
    const targets = topKTargets(tf.tensor2d(twoRows.teacher), 2, temperature);
    const weights = tf.tensor1d([1, 2]);
    const error = gradientError(
      (x) => tf.sum(tf.mul(topKDivergence(x, targets, temperature, missing), weights)),
      twoRows.student,
    );
    expect(error).toBeLessThan(5e-4);
  });

  it('with a rest bucket is never above the full divergence, and equals it when all but one id are kept', () => {
    fc.assert(
      fc.property(logits, logits, fc.integer({ min: 1, max: 5 }), (a, b, k) => {
        const [x, y] = [tf.tensor2d([a]), tf.tensor2d([b])];
        const full = numberOf(klDivergence(x, y));
        const bucketed = numberOf(topKDivergence(x, topKTargets(y, k)));
        expect(bucketed).toBeLessThanOrEqual(full + 1e-5);
        expect(numberOf(topKDivergence(x, topKTargets(y, 5)))).toBeCloseTo(full, 3);
      }),
      { numRuns: 40 },
    );
  });

  it('of all ids is the full divergence, and zero with zero gradient for the teacher itself', () => {
    const all = topKTargets(teacher(), 4);
    expect(numberOf(topKDivergence(student(), all, 1, 'zero'))).toBeCloseTo(0.29880494, 6);
    expect(() => topKDivergence(student(), all)).toThrow('with all 4 ids kept there is no rest');
    const kept = topKTargets(teacher(), 2);
    expect(numberOf(topKDivergence(teacher(), kept))).toBeCloseTo(0, 6);
    for (const slope of gradientOf((x) => topKDivergence(x, kept), teacher())) expect(slope).toBeCloseTo(0, 6);
  });
});

describe('distillationLoss', () => {
  it('mixes T²·KL and cross-entropy (golden: T²KL 0.35385603, CE 1.21428330)', () => {
    const loss = (alpha: number) =>
      numberOf(distillationLoss(student(), { teacherLogits_NV: teacher() }, first(), { temperature: 2, alpha }));
    expect(loss(1)).toBeCloseTo(0.35385603, 6);
    expect(loss(0)).toBeCloseTo(1.2142833, 6);
    expect(loss(0.25)).toBeCloseTo(0.25 * 0.35385603 + 0.75 * 1.2142833, 6);
  });

  it('has the gradient T·(q − p) at alpha 1 (golden)', () => {
    const found = gradientOf(
      (x) => distillationLoss(x, { teacherLogits_NV: teacher() }, first(), { temperature: 2, alpha: 1 }),
      student(),
    );
    [-0.35555891, 0.00254087, 0.21973937, 0.13327866].forEach((slope, index) =>
      expect(found[index]).toBeCloseTo(slope, 6),
    );
  });

  it('counts only rows with a target', () => {
    const [x, y] = [tf.tensor2d(twoRows.student), { teacherLogits_NV: tf.tensor2d(twoRows.teacher) }];
    const masked = distillationLoss(x, y, tf.tensor1d([3, -100], 'int32'), { alpha: 0.5 });
    const alone = distillationLoss(
      tf.tensor2d([twoRows.student[0]]),
      { teacherLogits_NV: tf.tensor2d([twoRows.teacher[0]]) },
      tf.tensor1d([3], 'int32'),
      { alpha: 0.5 },
    );
    expect(numberOf(masked)).toBeCloseTo(numberOf(alone), 6);
    const slopes = gradientOf((z) => distillationLoss(z, y, tf.tensor1d([3, -100], 'int32')), x);
    expect(slopes.slice(5)).toEqual([0, 0, 0, 0, 0]);
    expect(numberOf(distillationLoss(x, y, tf.tensor1d([-100, -100], 'int32')))).toBe(0);
  });

  it('has the gradient that finite differences give, with full and with top-k teachers', () => {
    const targets = tf.tensor1d([3, 0], 'int32');
    const full = { teacherLogits_NV: tf.tensor2d(twoRows.teacher) };
    const options = { temperature: 1.5, alpha: 0.7 };
    expect(gradientError((x) => distillationLoss(x, full, targets, options), twoRows.student)).toBeLessThan(5e-4);
    const kept = topKTargets(full.teacherLogits_NV, 3, 1.5);
    expect(gradientError((x) => distillationLoss(x, kept, targets, options), twoRows.student)).toBeLessThan(5e-4);
  });

  it('teaches: a student that follows it ends with the distribution of its teacher', () => {
    const x = tf.variable(student());
    for (let step = 0; step < 200; step++) {
      tf.tidy(() => {
        const gradient = tf.grad((z) =>
          distillationLoss(z as tf.Tensor2D, { teacherLogits_NV: teacher() }, first(), { alpha: 1 }),
        )(x);
        x.assign(tf.sub(x, tf.mul(gradient, 1)));
      });
    }
    const [p, q] = [tf.softmax(teacher()).dataSync(), tf.softmax(x).dataSync()];
    q.forEach((probability, index) => expect(probability).toBeCloseTo(p[index], 3));
  });

  it('equals the plain cross-entropy at alpha 0, leaks nothing', () => {
    const [x, y] = [student(), { teacherLogits_NV: teacher() }];
    const targets = first();
    const before = tf.memory().numTensors;
    const loss = distillationLoss(x, y, targets, { alpha: 0 });
    expect(numberOf(loss)).toBe(numberOf(tf.tidy(() => crossEntropy(x, targets))));
    tf.dispose([loss, distillationLoss(x, y, targets, { alpha: 1 })]);
    expect(tf.memory().numTensors).toBe(before + 1); // the oracle's own
  });

  it('says what does not fit', () => {
    const run =
      (options: object, targets = first(), y = teacher()) =>
      () =>
        distillationLoss(student(), { teacherLogits_NV: y }, targets, options);
    expect(run({ temperature: 0 })).toThrow('temperature must be a number in');
    expect(run({ alpha: 1.1 })).toThrow('alpha must be a number in [0, 1], got 1.1');
    expect(run({}, tf.tensor1d([0, 1], 'int32'))).toThrow('needs int32 targets [1], got int32 [2]');
    expect(run({}, first(), tf.tensor2d([[1, 2, 3]]))).toThrow('got student [1,4] and teacher [1,3]');
  });
});

describe('universalLogitLoss', () => {
  it('compares sorted probabilities (golden 0.69398303)', () => {
    expect(numberOf(universalLogitLoss(student(), teacher()))).toBeCloseTo(0.69398303, 6);
  });

  it('does not care in which order a vocabulary stands', () => {
    expect(numberOf(universalLogitLoss(student(), tf.tensor2d([[-1, 2, 0, 1]])))).toBeCloseTo(0.69398303, 6);
    expect(numberOf(universalLogitLoss(teacher(), tf.tensor2d([[-1, 2, 0, 1]])))).toBeCloseTo(0, 6);
  });

  it.each([[3], [5], [8]])('has the gradient that finite differences give, for a teacher of %i ids', (size) => {
    const other = tf.randomNormal([2, size], 0, 1, 'float32', 4) as tf.Tensor2D;
    const error = gradientError(
      (x) => tf.sum(tf.mul(universalLogitLoss(x, other), tf.tensor1d([1, 3]))),
      twoRows.student,
      0.005,
    );
    expect(error).toBeLessThan(5e-3);
  });
});

describe('hiddenLoss', () => {
  const states = {
    student: [
      [1, 2, 3],
      [0.5, -1, 2],
    ],
    teacher: [
      [1.5, 2, 2],
      [0, -1, 1],
    ],
  };
  const teacherStates = () => tf.tensor2d(states.teacher);

  it('is the mean square, or the mean of one minus the cosine', () => {
    expect(numberOf(hiddenLoss(tf.tensor2d(states.student), teacherStates()))).toBeCloseTo(
      (0.25 + 1 + 0.25 + 1) / 6,
      6,
    );
    const cosines = [11.5 / Math.sqrt(14 * 10.25), 3 / Math.sqrt(5.25 * 2)];
    expect(numberOf(hiddenLoss(tf.tensor2d(states.student), teacherStates(), { measure: 'cosine' }))).toBeCloseTo(
      1 - (cosines[0] + cosines[1]) / 2,
      6,
    );
  });

  it.each(['mse', 'cosine'] as const)(
    '%s has the gradients that finite differences give, of student and projection',
    (measure) => {
      const projection = [
        [0.3, -0.2, 0.5],
        [1, 0.1, 0],
        [-0.4, 0.2, 0.9],
      ];
      const loss = (x: tf.Tensor2D, y: tf.Tensor2D) => hiddenLoss(x, teacherStates(), { measure, projection_DS: y });
      expect(gradientError((x) => loss(x, tf.tensor2d(projection)), states.student)).toBeLessThan(5e-4);
      expect(gradientError((y) => loss(tf.tensor2d(states.student), y), projection)).toBeLessThan(5e-3);
    },
  );

  it('is zero with zero gradient for equal states, and gives the teacher none', () => {
    expect(numberOf(hiddenLoss(teacherStates(), teacherStates()))).toBe(0);
    expect(gradientOf((x) => hiddenLoss(x, teacherStates()), teacherStates()).every((slope) => slope === 0)).toBe(true);
    const [, toTeacher] = tf.grads((x, y) => hiddenLoss(x as tf.Tensor2D, y as tf.Tensor2D))([
      tf.tensor2d(states.student),
      teacherStates(),
    ]);
    expect(Array.from(toTeacher.dataSync()).every((slope) => slope === 0)).toBe(true);
  });

  it('needs a projection between different widths', () => {
    const narrow = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    expect(() => hiddenLoss(narrow, teacherStates())).toThrow('needs states of one shape, or a projection');
    expect(() => hiddenLoss(narrow, teacherStates(), { projection_DS: tf.ones([2, 3]) })).toThrow(
      "projection must be [3,2], the teacher's width by the student's, got [2,3]",
    );
    expect(hiddenLoss(narrow, teacherStates(), { projection_DS: tf.ones([3, 2]) }).shape).toEqual([]);
  });
});
