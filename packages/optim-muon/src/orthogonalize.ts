import * as tf from '@tensorflow/tfjs-core';

// M matrices of one shape, A rows, B columns.

/** `newton-schulz`: Keller Jordan's five equal steps. `polar-express`: five steps, each optimal for its turn (arXiv 2505.16932). */
export type Orthogonalization = 'newton-schulz' | 'polar-express';

/** One step maps every singular value σ to aσ + bσ³ + cσ⁵. */
export type QuinticCoefficients = readonly [a: number, b: number, c: number];

interface Recipe {
  readonly steps: readonly QuinticCoefficients[];
  /** X is divided by ‖X‖_F · safety + epsilon before the first step, so that all its singular values are below 1 */
  readonly safety: number;
  readonly epsilon: number;
}

const jordan: QuinticCoefficients = [3.4445, -4.775, 2.0315];

/** Coefficients: KellerJordan/Muon; microsoft/dion's Polar Express table for safety 2e-2, cushion 2. */
const recipes: Readonly<Record<Orthogonalization, Recipe>> = {
  'newton-schulz': { steps: [jordan, jordan, jordan, jordan, jordan], safety: 1, epsilon: 1e-7 },
  'polar-express': {
    steps: [
      [8.156554524902461, -22.48329292557795, 15.878769915207462],
      [4.042929935166739, -2.808917465908714, 0.5000178451051316],
      [3.8916678022926607, -2.772484153217685, 0.5060648178503393],
      [3.285753657755655, -2.3681294933425376, 0.46449024233003106],
      [2.3465413258596377, -1.7097828382687081, 0.42323551169305323],
    ],
    safety: 1.02,
    epsilon: 1e-6,
  },
};

/** The coefficients of each step, in order. */
export function quinticSteps(orthogonalization: Orthogonalization): readonly QuinticCoefficients[] {
  return recipes[orthogonalization].steps;
}

/**
 * X ← aX + (bS + cS²)X with S = XXᵀ, once per triple of coefficients; for tall matrices the same from the other side,
 * with S = XᵀX, so that S is always the smaller of the two and nothing is transposed.
 */
export function iterateQuintic(start_MAB: tf.Tensor3D, steps: readonly QuinticCoefficients[]): tf.Tensor3D {
  const tall = start_MAB.shape[1] > start_MAB.shape[2];
  return steps.reduce(
    (x_MAB, [a, b, c]) =>
      tf.tidy(() => {
        const gram = tf.matMul(x_MAB, x_MAB, tall, !tall);
        const polynomial = tf.add(tf.mul(gram, b), tf.mul(tf.matMul(gram, gram), c));
        const correction_MAB = tall ? tf.matMul(x_MAB, polynomial) : tf.matMul(polynomial, x_MAB);
        return tf.add(tf.mul(x_MAB, a), correction_MAB) as tf.Tensor3D;
      }),
    start_MAB,
  );
}

function normalize({ safety, epsilon }: Recipe, x_MAB: tf.Tensor3D): tf.Tensor3D {
  const norm_M11 = tf.sqrt(tf.sum(tf.square(x_MAB), [1, 2], true));
  return tf.div(x_MAB, tf.add(tf.mul(norm_M11, safety), epsilon)) as tf.Tensor3D;
}

/**
 * Replaces every matrix of a stack by (nearly) its orthogonal polar factor UVᵀ, where X = UΣVᵀ, in matrix products only.
 * Singular values that were at least 0.01 of the norm land in [0.68, 1.14] with `newton-schulz` and in
 * [0.85, 1.15] with `polar-express`. A zero matrix stays zero.
 *
 * @param x_MAB f32 [M, A, B]
 * @returns f32 [M, A, B]
 */
export function orthogonalize(x_MAB: tf.Tensor3D, orthogonalization: Orthogonalization): tf.Tensor3D {
  const recipe = recipes[orthogonalization];
  return tf.tidy(() => iterateQuintic(normalize(recipe, x_MAB), recipe.steps));
}
