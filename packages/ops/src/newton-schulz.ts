/** Legend: A rows, B columns of the matrix, S = min(A, B). */
import * as tf from '@tensorflow/tfjs-core';
import { checkArgument, checkShape } from './ops-error.ts';

/** One step's (a, b, c) in X ← aX + b(XXᵀ)X + c(XXᵀ)²X. */
export type NewtonSchulzCoefficients = readonly [number, number, number];

/** Keller Jordan's quintic, tuned for steepness at 0 (github.com/KellerJordan/Muon). */
export const JORDAN_COEFFICIENTS: NewtonSchulzCoefficients = [3.4445, -4.775, 2.0315];

/** How {@link newtonSchulz} iterates. */
export interface NewtonSchulzOptions {
  /** Number of iterations (default 5). */
  steps?: number;
  /** The same triple for every step, or one triple per step, the last one repeated (default Jordan's). */
  coefficients?: NewtonSchulzCoefficients | readonly NewtonSchulzCoefficients[];
  /** The matrix is first divided by safety·‖X‖_F, so that no singular value exceeds 1/safety (default 1; Polar Express 1.02). */
  safety?: number;
}

const NORM_EPSILON = 1e-7;

/** X(aI + bA + cA²) from the side on which the Gram matrix A is small, so that no transpose is ever made. */
function iterate(x_AB: tf.Tensor2D, [a, b, c]: NewtonSchulzCoefficients): tf.Tensor2D {
  return tf.tidy(() => {
    const tall = x_AB.shape[0] > x_AB.shape[1];
    const gram_SS: tf.Tensor2D = tf.matMul(x_AB, x_AB, tall, !tall);
    const polynomial_SS: tf.Tensor2D = tf.add(tf.mul(gram_SS, b), tf.mul(tf.matMul(gram_SS, gram_SS), c));
    const correction_AB: tf.Tensor2D = tall ? tf.matMul(x_AB, polynomial_SS) : tf.matMul(polynomial_SS, x_AB);
    return tf.add(tf.mul(x_AB, a), correction_AB);
  });
}

function stepCoefficients(options: NewtonSchulzOptions, step: number): NewtonSchulzCoefficients {
  const coefficients = options.coefficients ?? JORDAN_COEFFICIENTS;
  if (typeof coefficients[0] === 'number') return coefficients as NewtonSchulzCoefficients;
  return (coefficients as readonly NewtonSchulzCoefficients[])[Math.min(step, coefficients.length - 1)];
}

/**
 * Approximates the nearest orthogonal matrix UVᵀ of X = UΣVᵀ by a matrix polynomial: every singular value goes to about 1.
 *
 * @param x_AB `[A, B]`; tall and wide matrices both work on their small Gram matrix
 * @returns `[A, B]`
 * @throws OpsError `SHAPE_MISMATCH` unless `x_AB` is a matrix, `INVALID_ARGUMENT` when `coefficients` is empty
 */
export function newtonSchulz(x_AB: tf.Tensor2D, options: NewtonSchulzOptions = {}): tf.Tensor2D {
  checkShape(x_AB.rank === 2, () => `newtonSchulz: x must be a matrix, got [${x_AB.shape}]`);
  checkArgument(options.coefficients?.length !== 0, () => 'newtonSchulz: coefficients must not be empty');
  return tf.tidy(() => {
    const norm = tf.mul(tf.sqrt(tf.sum(tf.square(x_AB))), options.safety ?? 1);
    let y_AB: tf.Tensor2D = tf.div(x_AB, tf.add(norm, NORM_EPSILON));
    for (let step = 0; step < (options.steps ?? 5); step++) {
      const next_AB = iterate(y_AB, stepCoefficients(options, step));
      y_AB.dispose();
      y_AB = next_AB;
    }
    return y_AB;
  });
}
