/** Legend: N rows, R rows of one chunk, D model width, V vocabulary. */
import * as tf from '@tensorflow/tfjs-core';
import { checkTargets, composeRowLosses, countedOf, countedTotal, oneHotTargets, rowLosses } from './cross-entropy.ts';
import type { CrossEntropyOptions } from './cross-entropy.ts';
import { hasFusedKernel, runFused } from './fused-kernel.ts';
import { checkArgument, checkShape } from './ops-error.ts';
import { takeTeacher } from './teacher-cross-entropy.ts';
import { isTeacher, teacherLossAndPull, teacherTensors } from './teacher-targets.ts';
import type { TeacherTargets } from './teacher-targets.ts';

/** Options of {@link linearCrossEntropy}. */
export interface LinearCrossEntropyOptions extends Omit<CrossEntropyOptions, 'reduction'> {
  /** `mean` over the rows that count (default) or their `sum`. */
  reduction?: 'mean' | 'sum';
  /** Rows whose logits exist at the same time (default: as many as fit 64 MiB). */
  chunkRows?: number;
}

/** Everything about some rows but the differentiable inputs. */
interface Rows {
  targets: tf.Tensor1D | TeacherTargets;
  /** What each row's loss counts in the result: 0 if ignored, else 1 or 1/count. */
  weights: tf.Tensor1D;
  ignoreIndex: number;
  zLoss: number;
}

interface Gradients {
  loss: tf.Scalar;
  dhidden: tf.Tensor2D;
  dweight_VD: tf.Tensor2D;
}

const CHUNK_ELEMENTS = 2 ** 24;

/** Plain tfjs: the gradient of a row's loss is softmax·(1 + 2·zLoss·logSumExp) − onehot. */
function composeLossAndGradient(
  logits_RV: tf.Tensor2D,
  targets: tf.Tensor1D,
  { weights, ignoreIndex, zLoss }: Rows,
): [tf.Tensor1D, tf.Tensor2D] {
  const oneHot_RV = oneHotTargets(targets, logits_RV.shape[1], ignoreIndex);
  const logSumExp_R1: tf.Tensor2D = tf.logSumExp(logits_RV, 1, true);
  const softmax_RV = tf.exp(tf.sub(logits_RV, logSumExp_R1));
  const pull_RV = tf.mul(softmax_RV, tf.add(tf.mul(logSumExp_R1, 2 * zLoss), 1));
  const dlogits_RV: tf.Tensor2D = tf.mul(tf.sub(pull_RV, oneHot_RV), tf.expandDims(weights, 1));
  const loss_R = composeRowLosses(logits_RV, targets, tf.squeeze(logSumExp_R1, [1]), { ignoreIndex, zLoss });
  return [loss_R, dlogits_RV];
}

/** Losses `[R]` and the gradient of Σ weights·loss with respect to the logits, `[R, V]`. */
function lossAndGradient(logits_RV: tf.Tensor2D, rows: Rows): [tf.Tensor1D, tf.Tensor2D] {
  const { targets, weights, ignoreIndex, zLoss } = rows;
  if (isTeacher(targets)) {
    const [loss_R, pull_RV] = teacherLossAndPull(logits_RV, targets, zLoss);
    return [loss_R, tf.mul(pull_RV, tf.expandDims(weights, 1))];
  }
  if (hasFusedKernel('SmolCrossEntropy')) {
    const inputs = { logits: logits_RV, targets };
    const { loss, logSumExp } = runFused('SmolCrossEntropy', inputs, { ignoreIndex, zLoss });
    const gradientInputs = { dloss: weights, ...inputs, logSumExp };
    const { dlogits } = runFused('SmolCrossEntropyGrad', gradientInputs, { ignoreIndex, zLoss });
    return [loss as tf.Tensor1D, dlogits as tf.Tensor2D];
  }
  return composeLossAndGradient(logits_RV, targets, rows);
}

/** One chunk's loss and gradients: three matrix products. */
function runChunk(hidden_RD: tf.Tensor2D, weight_VD: tf.Tensor2D, rows: Rows): Gradients {
  const logits_RV: tf.Tensor2D = tf.matMul(hidden_RD, weight_VD, false, true);
  const [loss_R, dlogits_RV] = lossAndGradient(logits_RV, rows);
  return {
    loss: tf.sum(tf.mul(loss_R, rows.weights)),
    dhidden: tf.matMul(dlogits_RV, weight_VD),
    dweight_VD: tf.matMul(dlogits_RV, hidden_RD, true, false),
  };
}

/** A slice of the first axis, without a copy when it is the whole. */
function takeRows<T extends tf.Tensor1D | tf.Tensor2D>(x: T, start: number, size: number): T {
  return size === x.shape[0] ? x : (tf.slice(x, start, size) as T);
}

/** Calls back with the hidden states and the rest of every chunk of rows, each call in a tidy of its own. */
function mapChunks<T extends tf.TensorContainer>(
  hidden_ND: tf.Tensor2D,
  rows: Rows,
  chunkRows: number,
  callback: (hidden_RD: tf.Tensor2D, rows: Rows) => T,
): T[] {
  const total = hidden_ND.shape[0];
  return Array.from({ length: Math.ceil(total / chunkRows) }, (_, chunk) => {
    const start = chunk * chunkRows;
    const size = Math.min(chunkRows, total - start);
    const take = <X extends tf.Tensor1D | tf.Tensor2D>(x: X) => takeRows(x, start, size);
    return tf.tidy(() => {
      const targets = isTeacher(rows.targets) ? takeTeacher(rows.targets, start, size) : take(rows.targets);
      return callback(take(hidden_ND), { ...rows, targets, weights: take(rows.weights) });
    });
  });
}

/** Adds and frees both terms, so that one running sum lives at a time. */
function accumulate<T extends tf.Tensor>(sum: T | undefined, term: T): T {
  if (!sum) return term;
  const next = tf.add(sum, term) as T;
  tf.dispose([sum, term]);
  return next;
}

/** Loss and gradients of all rows, chunk by chunk. */
function lossWithGradients(hidden_ND: tf.Tensor2D, weight_VD: tf.Tensor2D, rows: Rows, chunkRows: number): Gradients {
  let dweight_VD: tf.Tensor2D | undefined;
  const chunks = mapChunks(hidden_ND, rows, chunkRows, (hidden_RD, chunk) => {
    const { loss, dhidden, dweight_VD: term_VD } = runChunk(hidden_RD, weight_VD, chunk);
    dweight_VD = tf.keep(accumulate(dweight_VD, term_VD));
    return [loss, dhidden] as [tf.Scalar, tf.Tensor2D];
  });
  const dhidden = chunks.map(([, gradient]) => gradient);
  return {
    loss: tf.addN(chunks.map(([loss]) => loss)),
    dhidden: dhidden.length === 1 ? dhidden[0] : tf.concat(dhidden, 0),
    dweight_VD: dweight_VD!,
  };
}

/** Loss of all rows without gradients, for evaluation. */
function lossOnly(hidden_ND: tf.Tensor2D, weight_VD: tf.Tensor2D, rows: Rows, chunkRows: number): tf.Scalar {
  const losses = mapChunks(
    hidden_ND,
    rows,
    chunkRows,
    (hidden_RD, { targets, weights, ignoreIndex, zLoss }): tf.Scalar => {
      const logits_RV: tf.Tensor2D = tf.matMul(hidden_RD, weight_VD, false, true);
      const loss_R = isTeacher(targets)
        ? teacherLossAndPull(logits_RV, targets, zLoss)[0]
        : rowLosses(logits_RV, targets, ignoreIndex, zLoss);
      return tf.sum(tf.mul(loss_R, weights));
    },
  );
  return tf.addN(losses);
}

/** The loss as one node of tfjs's tape, whose gradients are known before the backward pass begins. */
function recordedLoss(hidden_ND: tf.Tensor2D, weight_VD: tf.Tensor2D, rows: Rows, chunkRows: number): tf.Scalar {
  const run = tf.customGrad((...args) => {
    const [hidden, weight] = args as unknown as tf.Tensor2D[];
    const { loss, dhidden, dweight_VD } = lossWithGradients(hidden, weight, rows, chunkRows);
    (args[2] as unknown as tf.GradSaveFunc)([dhidden, dweight_VD]);
    dweight_VD.dispose();
    return {
      value: loss,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => saved.map((gradient) => tf.mul(gradient, dy)),
    };
  });
  return run(hidden_ND, weight_VD) as tf.Scalar;
}

/** Whether tfjs is recording for a backward pass at this moment (and not inside another custom gradient). */
function isRecording(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}

function checkInputs(
  hidden_ND: tf.Tensor,
  weight_VD: tf.Tensor,
  targets: tf.Tensor | TeacherTargets,
  { chunkRows, ...options }: LinearCrossEntropyOptions & { chunkRows: number },
): void {
  const [rows, width] = hidden_ND.shape;
  const isMatrices = hidden_ND.rank === 2 && weight_VD.rank === 2 && weight_VD.shape[1] === width;
  const [first] = isTeacher(targets) ? teacherTensors(targets) : [targets];
  checkShape(
    isMatrices,
    () =>
      `linearCrossEntropy: needs hidden [N, D], weight [V, D] and targets [N], got [${hidden_ND.shape}], ` +
      `[${weight_VD.shape}] and ${first.dtype} [${first.shape}]`,
  );
  checkTargets('linearCrossEntropy', [rows, weight_VD.shape[0]], targets, options);
  checkArgument(
    Number.isInteger(chunkRows) && chunkRows > 0,
    () => `linearCrossEntropy: chunkRows must be a positive integer, got ${chunkRows}`,
  );
}

/**
 * Output head and cross-entropy in one, crossEntropy(hidden Wᵀ, targets), never holding the `[N, V]` logits whole.
 * While the forward pass runs over chunks of rows it also computes the gradients of `hidden` and `weight` (as Apple's
 * "Cut your losses", Wijmans et al. 2024, and Liger do); the backward pass only scales them. Without a gradient being
 * recorded it computes the loss alone.
 *
 * @param hidden_ND `[N, D]`, N at least 1
 * @param weight_VD output head, or the tied embedding table, `[V, D]`
 * @param targets int32 `[N]`, each in [0, V) or `ignoreIndex`, or {@link TeacherTargets}
 * @returns scalar, in nats
 * @throws OpsError `SHAPE_MISMATCH` when the shapes don't fit, `INVALID_ARGUMENT` when chunkRows is not a positive integer
 */
export function linearCrossEntropy(
  hidden_ND: tf.Tensor,
  weight_VD: tf.Tensor,
  targets: tf.Tensor | TeacherTargets,
  options: LinearCrossEntropyOptions = {},
): tf.Scalar {
  const { ignoreIndex = -100, zLoss = 0, reduction = 'mean' } = options;
  const chunkRows = options.chunkRows ?? Math.max(1, Math.floor(CHUNK_ELEMENTS / weight_VD.shape[0]));
  checkInputs(hidden_ND, weight_VD, targets, { ...options, chunkRows });
  return tf.tidy(() => {
    const counted_N = countedOf(hidden_ND.shape[0], targets, options);
    const weights: tf.Tensor1D = reduction === 'sum' ? counted_N : tf.div(counted_N, countedTotal(counted_N));
    const run = isRecording() ? recordedLoss : lossOnly;
    const rows = { targets: targets as Rows['targets'], weights, ignoreIndex, zLoss };
    return run(hidden_ND as tf.Tensor2D, weight_VD as tf.Tensor2D, rows, chunkRows);
  });
}
