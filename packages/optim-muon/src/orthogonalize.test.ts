import { useEngine } from '@smol/engine';
import { newtonSchulz } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { eigenvalues } from './fixtures/eigenvalues.ts';
import { iterateQuintic, orthogonalize, quinticSteps } from './orthogonalize.ts';

beforeAll(() => useEngine('cpu'));

const sigmas = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 1];

function mapDiagonal(values: number[], orthogonalization: 'newton-schulz' | 'polar-express'): number[] {
  return tf.tidy(() => {
    const diagonal = tf.expandDims(tf.diag(tf.tensor1d(values)), 0) as tf.Tensor3D;
    const mapped = iterateQuintic(diagonal, quinticSteps(orthogonalization)).arraySync()[0];
    return values.map((_, index) => mapped[index][index]);
  });
}

/** Singular values of a matrix from the eigenvalues of its smaller Gram matrix, in f64. */
function singularValues(matrix: number[][]): number[] {
  const rows =
    matrix.length <= matrix[0].length ? matrix : matrix[0].map((_, column) => matrix.map((row) => row[column]));
  const gram = rows.map((a) => rows.map((b) => a.reduce((sum, value, index) => sum + value * b[index], 0)));
  return eigenvalues(gram).map((value) => Math.sqrt(Math.max(0, value)));
}

describe('the map of singular values (golden vectors, computed in f64)', () => {
  it('of five Jordan steps', () => {
    const golden = [0.4705, 1.1104, 0.6989, 1.1223, 0.7121, 1.0796, 0.7654, 1.1203, 0.682, 0.6964];
    mapDiagonal(sigmas, 'newton-schulz').forEach((value, index) => expect(value).toBeCloseTo(golden[index], 3));
  });

  it('of Polar Express after division by 1.02', () => {
    const golden = [0.8466, 0.9793, 0.9968, 1.1083, 1.0165, 1.1291, 1.0864, 1.0087, 1.0574, 0.9035];
    const mapped = mapDiagonal(
      sigmas.map((sigma) => sigma / 1.02),
      'polar-express',
    );
    mapped.forEach((value, index) => expect(value).toBeCloseTo(golden[index], 3));
  });
});

describe('orthogonalize', () => {
  // [lowest, highest] of the map over σ in [0.01, 1], with slack for f32
  const intervals = { 'newton-schulz': [0.682, 1.134], 'polar-express': [0.859, 1.141] } as const;

  it.each(['newton-schulz', 'polar-express'] as const)(
    '%s brings the singular values of any random matrix near one',
    (name) => {
      const [lowest, highest] = intervals[name];
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 12 }),
          fc.integer({ min: 1, max: 12 }),
          fc.integer(),
          (rows, extra, seed) => {
            // four more columns than rows keep the smallest singular value away from zero
            const matrix = tf.tidy(
              () =>
                orthogonalize(tf.randomNormal([1, rows, rows + extra + 4], 0, 1, 'float32', seed), name).arraySync()[0],
            );
            for (const value of singularValues(matrix)) {
              expect(value).toBeGreaterThan(lowest - 0.005);
              expect(value).toBeLessThan(highest + 0.005);
            }
          },
        ),
        { numRuns: 30, seed: 7 },
      );
    },
  );

  it('keeps the singular vectors: for a symmetric positive matrix the result is near the identity', () => {
    const result = tf.tidy(
      () =>
        orthogonalize(
          tf.tensor3d([
            [
              [2, 0.5],
              [0.5, 1],
            ],
          ]),
          'polar-express',
        ).arraySync()[0],
    );
    expect(result[0][1]).toBeCloseTo(0, 0);
    expect(result[0][0]).toBeGreaterThan(0.85);
    expect(result[1][1]).toBeGreaterThan(0.85);
  });

  it.each([
    [3, 8],
    [8, 3],
    [5, 5],
  ])('equals the one-matrix newtonSchulz of @smol/ops on each %i×%i matrix of a stack', (rows, columns) => {
    const stack = tf.randomNormal([3, rows, columns], 0, 1, 'float32', 1) as tf.Tensor3D;
    for (const name of ['newton-schulz', 'polar-express'] as const) {
      const options = { coefficients: quinticSteps(name), safety: name === 'newton-schulz' ? 1 : 1.02 };
      const batched = tf.tidy(() => orthogonalize(stack, name).dataSync());
      const single = tf.tidy(() =>
        tf.stack(tf.unstack(stack).map((x) => newtonSchulz(x as tf.Tensor2D, options))).dataSync(),
      );
      batched.forEach((value, index) => expect(value).toBeCloseTo(single[index], 4));
    }
    stack.dispose();
  });

  it('leaves a zero matrix zero and does not depend on the scale of its input', () => {
    const zero = tf.tidy(() => orthogonalize(tf.zeros([1, 2, 3]), 'newton-schulz').dataSync());
    expect(Array.from(zero)).toEqual([0, 0, 0, 0, 0, 0]);
    const x = tf.randomNormal([1, 4, 6], 0, 1, 'float32', 3) as tf.Tensor3D;
    const [small, large] = [1, 1024].map((factor) =>
      tf.tidy(() => orthogonalize(tf.mul(x, factor) as tf.Tensor3D, 'newton-schulz').dataSync()),
    );
    small.forEach((value, index) => expect(value).toBeCloseTo(large[index], 5));
    x.dispose();
  });
});
