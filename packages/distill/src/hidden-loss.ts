import { linear } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { constant } from './constant.ts';
import { checkShape, DistillError } from './distill-error.ts';

// N rows, S student width, D teacher width.

/** How two hidden states are compared: mean squared difference of all elements, or mean of 1 − cosine of each row. */
export type HiddenMeasure = 'mse' | 'cosine';

/** Options of {@link hiddenLoss}. */
export interface HiddenLossOptions {
  /** default `mse` */
  measure?: HiddenMeasure;
  /** [D, S], maps the student's states to the teacher's width; trained with the student. Needed when S ≠ D. */
  projection_DS?: tf.Tensor2D;
}

function meanSquare(student_ND: tf.Tensor2D, teacher_ND: tf.Tensor2D): tf.Scalar {
  return tf.mean(tf.square(tf.sub(student_ND, teacher_ND)));
}

function meanCosineDistance(student_ND: tf.Tensor2D, teacher_ND: tf.Tensor2D): tf.Scalar {
  const norm_N = (x_ND: tf.Tensor2D) => tf.sqrt(tf.add(tf.sum(tf.square(x_ND), 1), 1e-12));
  const cosine_N = tf.div(tf.sum(tf.mul(student_ND, teacher_ND), 1), tf.mul(norm_N(student_ND), norm_N(teacher_ND)));
  return tf.sub(1, tf.mean(cosine_N)) as tf.Scalar;
}

/**
 * Matches a layer of the student with one of the teacher. Average it over pairs of layers.
 *
 * Source: arcee-ai/DistillKit (hidden-state losses); FitNets, arXiv 1412.6550.
 *
 * @param student_NS [N, S]
 * @param teacher_ND [N, D]; gets no gradient
 * @returns scalar
 * @throws DistillError `SHAPE_MISMATCH`, also when widths differ and there is no projection; `BAD_OPTION`
 */
export function hiddenLoss(
  student_NS: tf.Tensor2D,
  teacher_ND: tf.Tensor2D,
  { measure = 'mse', projection_DS }: HiddenLossOptions = {},
): tf.Scalar {
  if (measure !== 'mse' && measure !== 'cosine')
    throw new DistillError('BAD_OPTION', `measure must be mse or cosine, got ${String(measure)}`);
  const [rows, width] = student_NS.shape;
  const expected = projection_DS ? [teacher_ND.shape[1], width] : undefined;
  checkShape(
    expected?.join() === projection_DS?.shape.join(),
    () => `projection must be [${expected}], the teacher's width by the student's, got [${projection_DS?.shape}]`,
  );
  checkShape(
    rows === teacher_ND.shape[0] && (projection_DS !== undefined || width === teacher_ND.shape[1]),
    () =>
      `hiddenLoss needs states of one shape, or a projection; got student [${student_NS.shape}] and teacher [${teacher_ND.shape}]`,
  );
  return tf.tidy(() => {
    const student_ND = projection_DS ? (linear(student_NS, projection_DS) as tf.Tensor2D) : student_NS;
    return (measure === 'mse' ? meanSquare : meanCosineDistance)(student_ND, constant(teacher_ND));
  });
}
