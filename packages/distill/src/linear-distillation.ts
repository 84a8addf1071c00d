/** Legend: N rows, R rows of one chunk, D width, E teacher's width, V vocabulary, K ids kept of each row. */
import * as tf from '@tensorflow/tfjs-core';
import { checkRange, checkShape, DistillError } from './distill-error.ts';
import type { DistillationOptions } from './distillation-loss.ts';
import { checkKind } from './divergence.ts';
import { mixedRows, type ChunkedTeacher, type Mixture } from './mixed-rows.ts';

/** Options of {@link linearDistillationLoss}. */
export interface LinearDistillationOptions extends Omit<DistillationOptions, 'missing'> {
  /** rows whose logits exist at the same time; default as many as fit 64 MiB */
  chunkRows?: number;
  /** is told the means of both parts, cross-entropy and (without its T²) divergence from the teacher, outside of the gradient */
  onParts?: (hard: tf.Scalar, soft: tf.Scalar) => void;
}

const chunkElements = 2 ** 24;

/** Without a copy when it is the whole. */
function sliceRows<T extends tf.Tensor1D | tf.Tensor2D>(x: T, start: number, size: number): T {
  return x.shape[0] === size ? x : (tf.slice(x, start, size) as T);
}

function takeRows(teacher: ChunkedTeacher, start: number, size: number): ChunkedTeacher {
  const take = (x: tf.Tensor2D) => sliceRows(x, start, size);
  if ('weights_NK' in teacher) return { ids_NK: take(teacher.ids_NK), weights_NK: take(teacher.weights_NK) };
  if ('ids_NK' in teacher)
    return { ids_NK: take(teacher.ids_NK), logProbabilities_NK: take(teacher.logProbabilities_NK) };
  return { ...teacher, teacherHidden_NE: take(teacher.teacherHidden_NE) };
}

interface Sums {
  hard: tf.Scalar;
  soft: tf.Scalar;
  dhidden_ND: tf.Tensor2D;
  dweight_VD: tf.Tensor2D;
}

/** Forward and backward, chunk by chunk: three matrix products each. */
function lossWithGradients(
  hidden_ND: tf.Tensor2D,
  weight_VD: tf.Tensor2D,
  teacher: ChunkedTeacher,
  targets_N: tf.Tensor1D,
  { ignoreIndex, chunkRows, ...mixture }: Mixture & { ignoreIndex: number; chunkRows: number },
): Sums {
  const counted_N = tf.cast(tf.notEqual(targets_N, tf.scalar(ignoreIndex, 'int32')), 'float32') as tf.Tensor1D;
  const weights_N: tf.Tensor1D = tf.div(counted_N, tf.maximum(tf.sum(counted_N), 1));
  const known_N: tf.Tensor1D = tf.mul(targets_N, tf.cast(counted_N, 'int32'));
  const rows = hidden_ND.shape[0];
  let dweight_VD: tf.Tensor2D | undefined;
  const chunks = Array.from({ length: Math.ceil(rows / chunkRows) }, (_, chunk) => {
    const start = chunk * chunkRows;
    const size = Math.min(chunkRows, rows - start);
    return tf.tidy((): [tf.Scalar, tf.Scalar, tf.Tensor2D] => {
      const hidden_RD = sliceRows(hidden_ND, start, size);
      const weights_R = sliceRows(weights_N, start, size);
      const logits_RV: tf.Tensor2D = tf.matMul(hidden_RD, weight_VD, false, true);
      const own = takeRows(teacher, start, size);
      const inputs = { logits_RV, targets_R: sliceRows(known_N, start, size), weights_R };
      const { hard_R, soft_R, dlogits_RV } = mixedRows(inputs, own, mixture);
      const term_VD: tf.Tensor2D = tf.matMul(dlogits_RV, hidden_RD, true, false);
      const sum_VD = dweight_VD ? tf.add(dweight_VD, term_VD) : term_VD;
      dweight_VD?.dispose();
      dweight_VD = tf.keep(sum_VD as tf.Tensor2D);
      const [hard, soft] = [hard_R, soft_R].map((x_R): tf.Scalar => tf.sum(tf.mul(x_R, weights_R)));
      return [hard, soft, tf.matMul(dlogits_RV, weight_VD)];
    });
  });
  return {
    hard: tf.addN(chunks.map(([hard]) => hard)),
    soft: tf.addN(chunks.map(([, soft]) => soft)),
    dhidden_ND: tf.concat(chunks.map(([, , gradient]) => gradient)),
    dweight_VD: dweight_VD!,
  };
}

function checkInputs(hidden_ND: tf.Tensor2D, weight_VD: tf.Tensor2D, teacher: ChunkedTeacher, targets_N: tf.Tensor1D) {
  const first = 'ids_NK' in teacher ? teacher.ids_NK : teacher.teacherHidden_NE;
  const [rows, width] = hidden_ND.shape;
  const shapes = [hidden_ND, weight_VD, targets_N, first].map(({ shape }) => `[${shape}]`).join(', ');
  checkShape(
    hidden_ND.rank === 2 && rows > 0 && weight_VD.shape[1] === width && targets_N.shape.join() === `${rows}`,
    () =>
      `linearDistillationLoss needs hidden [N, D], weight [V, D], targets [N] and a teacher of N rows, got ${shapes}`,
  );
  checkShape(first.shape[0] === rows, () => `the teacher must have ${rows} rows as the student, got ${shapes}`);
  const vocabulary = weight_VD.shape[0];
  if (!('ids_NK' in teacher)) {
    checkShape(
      teacher.teacherHeadWeight_VE.shape[0] === vocabulary,
      () =>
        `the teacher's vocabulary must be the student's ${vocabulary}, got ${teacher.teacherHeadWeight_VE.shape[0]}`,
    );
  } else if (first.shape[1]! >= vocabulary) {
    throw new DistillError(
      'BAD_OPTION',
      `fewer ids than the vocabulary of ${vocabulary} must be kept, got ${first.shape[1]}`,
    );
  }
}

/**
 * Output head and distillation loss in one: α·T²·KL(p_T ‖ q_T) + (1 − α)·CE, as {@link distillationLoss}, from hidden
 * states. No [N, V] tensor exists, of neither student nor teacher: rows go forward and backward in chunks. Under sampled
 * targets the first term is a cross-entropy, which is the KL but for a constant.
 *
 * @param hidden_ND [N, D], N at least 1
 * @param weight_VD [V, D]
 * @param teacher of N rows; gets no gradient
 * @param targets_N int32 [N]
 * @returns scalar, in nats
 * @throws DistillError `SHAPE_MISMATCH`, `BAD_OPTION`
 */
export function linearDistillationLoss(
  hidden_ND: tf.Tensor2D,
  weight_VD: tf.Tensor2D,
  teacher: ChunkedTeacher,
  targets_N: tf.Tensor1D,
  options: LinearDistillationOptions = {},
): tf.Scalar {
  const { temperature = 1, alpha = 0.5, ignoreIndex = -100, divergence = 'forward', onParts } = options;
  checkKind(divergence);
  checkRange('temperature', temperature, Number.MIN_VALUE, Number.MAX_VALUE);
  checkRange('alpha', alpha, 0, 1);
  checkInputs(hidden_ND, weight_VD, teacher, targets_N);
  const chunkRows = options.chunkRows ?? Math.max(1, Math.floor(chunkElements / weight_VD.shape[0]));
  checkRange('chunkRows', chunkRows, 1, Number.MAX_SAFE_INTEGER);
  const resolved = { temperature, alpha, divergence, ignoreIndex, chunkRows };
  const run = tf.customGrad((...args) => {
    const [hidden, weight, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    const { hard, soft, dhidden_ND, dweight_VD } = lossWithGradients(hidden, weight, teacher, targets_N, resolved);
    onParts?.(hard, soft);
    const loss = tf.add(tf.mul(hard, 1 - alpha), tf.mul(soft, alpha * temperature ** 2));
    save([dhidden_ND, dweight_VD]);
    dweight_VD.dispose();
    return { value: loss, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => saved.map((x) => tf.mul(x, dy)) };
  });
  return tf.tidy(() => run(hidden_ND, weight_VD) as tf.Scalar);
}
