/** Legend: N rows, R rows of one chunk, D width, E teacher's width, V vocabulary, K ids kept of each row. */
import { scatterAdd } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { checkRange, checkShape, DistillError } from './distill-error.ts';
import type { DistillationOptions } from './distillation-loss.ts';
import { checkKind } from './divergence.ts';
import { divergenceTerm } from './divergence-term.ts';
import { flatPositions } from './row-scatter.ts';
import type { SampledTargets } from './sampled.ts';
import type { TopKTargets } from './top-k.ts';

/** A teacher that is asked as it goes: its hidden states and output head. Its logits exist for one chunk at a time. */
export interface HiddenTeacher {
  /** [N, E] */
  teacherHidden_NE: tf.Tensor2D;
  /** [V, E] */
  teacherHeadWeight_VE: tf.Tensor2D;
}

/** A teacher of {@link linearDistillationLoss}: what a cache kept of it, or itself. */
export type ChunkedTeacher = TopKTargets | SampledTargets | HiddenTeacher;

/** Options of {@link linearDistillationLoss}. */
export interface LinearDistillationOptions extends Omit<DistillationOptions, 'missing'> {
  /** rows whose logits exist at the same time; default as many as fit 64 MiB */
  chunkRows?: number;
  /** is told the means of both parts, cross-entropy and (without its T²) divergence from the teacher, outside of the gradient */
  onParts?: (hard: tf.Scalar, soft: tf.Scalar) => void;
}

/** Loss per row and its pull on the logits: factor·q + dense + Σ correction at the ids. */
interface Term {
  loss_R: tf.Tensor1D;
  factor_R1: tf.Tensor;
  dense_RV?: tf.Tensor;
  ids_RK?: tf.Tensor2D;
  correction_RK?: tf.Tensor2D;
}

/** How hard and soft loss are mixed. */
type Mixture = Required<Pick<LinearDistillationOptions, 'temperature' | 'alpha' | 'divergence'>>;

const chunkElements = 2 ** 24;
const smallestRest = 1e-6;

function gatherIds(x_RV: tf.Tensor2D, ids_RK: tf.Tensor2D): tf.Tensor2D {
  const flat = tf.reshape(x_RV, [-1]);
  return tf.reshape(tf.gather(flat, flatPositions(ids_RK, x_RV.shape[1])), ids_RK.shape);
}

/** −log q at the target; pull q − 1. */
function hardTerm(logQ_RV: tf.Tensor2D, targets_R: tf.Tensor1D): Term {
  const ids_RK: tf.Tensor2D = tf.expandDims(targets_R, 1);
  const ones_R1: tf.Tensor2D = tf.ones(ids_RK.shape);
  const loss_R: tf.Tensor1D = tf.neg(tf.squeeze(gatherIds(logQ_RV, ids_RK), [1]));
  return { loss_R, factor_R1: ones_R1, ids_RK, correction_RK: tf.neg(ones_R1) };
}

function sampledTerm(logQ_RV: tf.Tensor2D, { ids_NK, weights_NK }: SampledTargets): Term {
  const loss_R: tf.Tensor1D = tf.neg(tf.sum(tf.mul(weights_NK, gatherIds(logQ_RV, ids_NK)), 1));
  return { loss_R, factor_R1: tf.sum(weights_NK, 1, true), ids_RK: ids_NK, correction_RK: tf.neg(weights_NK) };
}

/** KL with all ids that were not kept as one bucket; at kept ids q − p, at others q·(1 − p_rest / q_rest). */
function topKTerm(logQ_RV: tf.Tensor2D, { ids_NK, logProbabilities_NK: logP_RK }: TopKTargets): Term {
  const logQ_RK = gatherIds(logQ_RV, ids_NK);
  const [p_RK, q_RK] = [tf.exp(logP_RK), tf.exp(logQ_RK)];
  const [p_R1, q_R1] = [p_RK, q_RK].map((kept) => tf.maximum(tf.sub(1, tf.sum(kept, 1, true)), smallestRest));
  const ratio_R1 = tf.div(p_R1, q_R1);
  const rest_R = tf.squeeze(tf.mul(p_R1, tf.log(ratio_R1)), [1]);
  return {
    loss_R: tf.add(tf.sum(tf.mul(p_RK, tf.sub(logP_RK, logQ_RK)), 1), rest_R),
    factor_R1: tf.sub(1, ratio_R1),
    ids_RK: ids_NK,
    correction_RK: tf.sub(tf.mul(q_RK, ratio_R1), p_RK),
  };
}

function hiddenTerm(logQ_RV: tf.Tensor2D, teacher: HiddenTeacher, { temperature, divergence }: Mixture): Term {
  const logits_RV: tf.Tensor2D = tf.matMul(teacher.teacherHidden_NE, teacher.teacherHeadWeight_VE, false, true);
  const { loss_N, factor_N1, dense_NV } = divergenceTerm(divergence, logQ_RV, logSoftmax(logits_RV, temperature));
  return { loss_R: loss_N, factor_R1: factor_N1, dense_RV: dense_NV };
}

function softTerm(logQ_RV: tf.Tensor2D, teacher: ChunkedTeacher, mixture: Mixture): Term {
  if ('weights_NK' in teacher) return sampledTerm(logQ_RV, teacher);
  if ('ids_NK' in teacher) return topKTerm(logQ_RV, teacher);
  return hiddenTerm(logQ_RV, teacher, mixture);
}

function logSoftmax(logits_RV: tf.Tensor2D, temperature: number): tf.Tensor2D {
  const tempered_RV: tf.Tensor2D = temperature === 1 ? logits_RV : tf.div(logits_RV, temperature);
  return tf.sub(tempered_RV, tf.logSumExp(tempered_RV, 1, true));
}

/** What the terms, each times its weight, pull on the logits: their q is one and the same. */
function pull(q_RV: tf.Tensor2D, terms: readonly (readonly [Term, weight: number])[]): tf.Tensor2D {
  const [rows, vocabulary] = q_RV.shape;
  const factor_R1 = tf.addN(terms.map(([{ factor_R1: factor }, weight]) => tf.mul(factor, weight)));
  const parts: tf.Tensor[] = [tf.mul(q_RV, factor_R1)];
  const sparse = terms.filter(([{ ids_RK }]) => ids_RK);
  if (sparse.length > 0) {
    const ids_RK = tf.concat(
      sparse.map(([{ ids_RK: ids }]) => ids!),
      1,
    ) as tf.Tensor2D;
    const corrections_RK = tf.concat(
      sparse.map(([{ correction_RK }, weight]) => tf.mul(correction_RK!, weight)),
      1,
    );
    const column = tf.reshape(corrections_RK, [-1, 1]) as tf.Tensor2D;
    parts.push(tf.reshape(scatterAdd(column, flatPositions(ids_RK, vocabulary), rows * vocabulary), q_RV.shape));
  }
  for (const [{ dense_RV }, weight] of terms) if (dense_RV) parts.push(tf.mul(dense_RV, weight));
  return parts.reduce((sum, part) => tf.add(sum, part)) as tf.Tensor2D;
}

/** Loss of each row of a chunk and its gradient with respect to the logits. */
function mixedLoss(
  logits_RV: tf.Tensor2D,
  targets_R: tf.Tensor1D,
  teacher: ChunkedTeacher,
  mixture: Mixture,
): { hard_R: tf.Tensor1D; soft_R: tf.Tensor1D; pull_RV: tf.Tensor2D } {
  const { temperature, alpha } = mixture;
  const softWeight = alpha * temperature ** 2;
  const logQ_RV = logSoftmax(logits_RV, 1);
  const hard = [hardTerm(logQ_RV, targets_R), 1 - alpha] as const;
  const logQT_RV = temperature === 1 ? logQ_RV : logSoftmax(logits_RV, temperature);
  const soft = [softTerm(logQT_RV, teacher, mixture), softWeight] as const;
  const losses = { hard_R: hard[0].loss_R, soft_R: soft[0].loss_R };
  if (temperature === 1) return { ...losses, pull_RV: pull(tf.exp(logQ_RV), [hard, soft]) };
  const softPull_RV = tf.div(pull(tf.exp(logQT_RV), [soft]), temperature);
  return { ...losses, pull_RV: tf.add(pull(tf.exp(logQ_RV), [hard]), softPull_RV) };
}

function takeRows(teacher: ChunkedTeacher, start: number, size: number): ChunkedTeacher {
  const take = (x: tf.Tensor2D) => tf.slice(x, start, size);
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
      const hidden_RD = tf.slice(hidden_ND, start, size);
      const weights_R = tf.slice(weights_N, start, size);
      const logits_RV: tf.Tensor2D = tf.matMul(hidden_RD, weight_VD, false, true);
      const own = takeRows(teacher, start, size);
      const { hard_R, soft_R, pull_RV } = mixedLoss(logits_RV, tf.slice(known_N, start, size), own, mixture);
      const dlogits_RV: tf.Tensor2D = tf.mul(pull_RV, tf.expandDims(weights_R, 1));
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
