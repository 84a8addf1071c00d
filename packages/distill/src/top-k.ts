import * as tf from '@tensorflow/tfjs-core';
import { checkShape, DistillError } from './distill-error.ts';
import { divergenceOf, logProbabilities, temper, type Divergence } from './divergence.ts';
import { flatPositions, scatterRows } from './row-scatter.ts';

// N rows, V vocabulary, K ids kept of each row.

/** What is kept of a teacher: its K most likely ids of every row. */
export interface TopKTargets {
  /** int32 [N, K], all different within a row */
  ids_NK: tf.Tensor2D;
  /** [N, K], log probabilities of these ids at the temperature of the loss */
  logProbabilities_NK: tf.Tensor2D;
}

/**
 * What becomes of the probability that is not among the K ids:
 * - `rest-bucket`: all other ids together count as one more, adding p_rest·log(p_rest / q_rest)
 * - `zero`: it is left out of the sum (biased: the student grows too sure)
 * - `renormalize`: the K probabilities are scaled to sum to 1 (biased likewise)
 */
export type MissingMass = 'rest-bucket' | 'zero' | 'renormalize';

/** The K most likely ids of each row of a teacher's logits, for {@link topKDivergence}: `k` numbers a row instead of V. */
export function topKTargets(teacherLogits_NV: tf.Tensor2D, k: number, temperature = 1): TopKTargets {
  return tf.tidy(() => {
    const { values, indices } = tf.topk(logProbabilities(temper(teacherLogits_NV, temperature)), k);
    return { ids_NK: indices as tf.Tensor2D, logProbabilities_NK: values as tf.Tensor2D };
  });
}

/** Below this the student's probability of the rest, 1 − Σ q over K in f32, is rounding error. */
const smallestRest = 1e-6;

interface Rest {
  /** what the rest adds to each row's loss */
  loss_N1: tf.Tensor;
  /** p_rest / q_rest */
  ratio_N1: tf.Tensor;
}

/** All ids that were not kept, as one: probabilities p_rest and q_rest of each row. */
function restBucket(p_NK: tf.Tensor2D, q_NK: tf.Tensor2D): Rest {
  const restOf = (kept_NK: tf.Tensor2D) => tf.maximum(tf.sub(1, tf.sum(kept_NK, 1, true)), smallestRest);
  const [p_N1, q_N1] = [restOf(p_NK), restOf(q_NK)];
  return { loss_N1: tf.mul(p_N1, tf.sub(tf.log(p_N1), tf.log(q_N1))), ratio_N1: tf.div(p_N1, q_N1) };
}

/**
 * With a bucket the gradient at an id that was not kept is q·(1 − p_rest / q_rest), without one q·Σp; at a kept id it is
 * q − p, or q·Σp − p. Both are a factor on all of q and a correction at the kept ids.
 */
function measureKept(tempered_NV: tf.Tensor2D, ids_NK: tf.Tensor2D, logP_NK: tf.Tensor2D, bucket: boolean): Divergence {
  const vocabulary = tempered_NV.shape[1];
  const flatIds = flatPositions(ids_NK, vocabulary);
  const logQ_NV = logProbabilities(tempered_NV);
  const logQ_NK = tf.reshape(tf.gather(tf.reshape(logQ_NV, [-1]), flatIds), logP_NK.shape) as tf.Tensor2D;
  const [p_NK, q_NK] = [tf.exp(logP_NK), tf.exp(logQ_NK)] as [tf.Tensor2D, tf.Tensor2D];
  const kept_N1 = tf.sum(tf.mul(p_NK, tf.sub(logP_NK, logQ_NK)), 1, true);
  const rest = bucket ? restBucket(p_NK, q_NK) : undefined;
  const factor_N1 = rest ? tf.sub(1, rest.ratio_N1) : tf.sum(p_NK, 1, true);
  const correction_NK = (rest ? tf.sub(tf.mul(q_NK, rest.ratio_N1), p_NK) : tf.neg(p_NK)) as tf.Tensor2D;
  return {
    loss_N: tf.squeeze(rest ? tf.add(kept_N1, rest.loss_N1) : kept_N1, [1]),
    gradient_NV: tf.add(tf.mul(tf.exp(logQ_NV), factor_N1), scatterRows(correction_NK, flatIds, vocabulary)),
  };
}

/**
 * KL(p ‖ q) of each row when only the teacher's K most likely ids are known.
 *
 * With the rest bucket it equals the full divergence where teacher and student share out the rest alike, and is never
 * above it.
 *
 * @param studentLogits_NV [N, V]
 * @returns [N], in nats; the gradient goes to the student's logits
 * @throws DistillError `SHAPE_MISMATCH`; `BAD_OPTION` for another word in `missing`, or no id left for the rest
 */
export function topKDivergence(
  studentLogits_NV: tf.Tensor2D,
  targets: TopKTargets,
  temperature = 1,
  missing: MissingMass = 'rest-bucket',
): tf.Tensor1D {
  checkTopK(studentLogits_NV, targets, missing);
  const { ids_NK, logProbabilities_NK } = targets;
  return tf.tidy(() => {
    const logP_NK = missing === 'renormalize' ? logProbabilities(logProbabilities_NK) : logProbabilities_NK;
    return divergenceOf(studentLogits_NV, temperature, (tempered_NV) =>
      measureKept(tempered_NV, ids_NK, logP_NK, missing === 'rest-bucket'),
    );
  });
}

function checkTopK(logits_NV: tf.Tensor2D, { ids_NK, logProbabilities_NK }: TopKTargets, missing: MissingMass): void {
  checkShape(
    logits_NV.rank === 2 &&
      ids_NK.rank === 2 &&
      ids_NK.dtype === 'int32' &&
      ids_NK.shape[0] === logits_NV.shape[0] &&
      ids_NK.shape.join() === logProbabilities_NK.shape.join(),
    () =>
      `topKDivergence needs logits [N, V], int32 ids [N, K] and log probabilities [N, K], got [${logits_NV.shape}], ` +
      `${ids_NK.dtype} [${ids_NK.shape}] and [${logProbabilities_NK.shape}]`,
  );
  if (!['rest-bucket', 'zero', 'renormalize'].includes(missing)) {
    throw new DistillError('BAD_OPTION', `missing must be rest-bucket, zero or renormalize, got ${String(missing)}`);
  }
  if (missing === 'rest-bucket' && ids_NK.shape[1] >= logits_NV.shape[1]) {
    throw new DistillError(
      'BAD_OPTION',
      `with all ${logits_NV.shape[1]} ids kept there is no rest; use missing: 'zero' or klDivergence`,
    );
  }
}
