/** Legend: N rows, R rows of one chunk, D model width, V vocabulary. */
import * as tf from '@tensorflow/tfjs-core';
import { checkTargets, countedOf, countedTotal } from './cross-entropy.ts';
import type { CrossEntropyOptions } from './cross-entropy.ts';
import { checkArgument, checkShape } from './ops-error.ts';
import { rowLosses } from './row-losses.ts';
import { rowTargets, takeRows, takeTargets } from './row-targets.ts';
import { isTeacher, teacherTensors } from './teacher-targets.ts';
import type { TeacherTargets } from './teacher-targets.ts';
import { vocabularyInChunks } from './vocabulary-chunks.ts';
import type { HeadGradients, WeightedRows } from './vocabulary-chunks.ts';

/** Options of {@link linearCrossEntropy}. */
export interface LinearCrossEntropyOptions extends Omit<CrossEntropyOptions, 'reduction'> {
  /** `mean` over the rows that count (default) or their `sum`. */
  reduction?: 'mean' | 'sum';
  /** Rows whose logits exist at the same time (default: as many as fit 64 MiB). */
  chunkRows?: number;
  /** Columns of the logits that exist at the same time (default: all, unless that left fewer than 128 rows to 64 MiB). */
  chunkVocabulary?: number;
}

type Chunks = Required<Pick<LinearCrossEntropyOptions, 'chunkRows' | 'chunkVocabulary'>>;

/** Logits of one chunk, all of a row's or a part of them: 64 MiB. */
const CHUNK_ELEMENTS = 2 ** 24;

/** Fewer rows than this would leave matrix products half idle, so that a longer row of logits is made in pieces. */
const FEWEST_ROWS = 128;

/** Calls back with every chunk of rows, each call in a tidy of its own. */
function mapChunks<T extends tf.TensorContainer>(
  hidden_ND: tf.Tensor2D,
  rows: WeightedRows,
  chunkRows: number,
  callback: (hidden_RD: tf.Tensor2D, rows: WeightedRows) => T,
): T[] {
  const total = hidden_ND.shape[0];
  return Array.from({ length: Math.ceil(total / chunkRows) }, (_, chunk) => {
    const start = chunk * chunkRows;
    const size = Math.min(chunkRows, total - start);
    return tf.tidy(() => {
      const targets = takeTargets(rows.targets, start, size);
      return callback(takeRows(hidden_ND, start, size), {
        ...rows,
        targets,
        weights: takeRows(rows.weights, start, size),
      });
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
function lossWithGradients(hidden_ND: tf.Tensor2D, rows: WeightedRows, head: Head): HeadGradients {
  let dweight_VD: tf.Tensor2D | undefined;
  const chunks = mapChunks(hidden_ND, rows, head.chunkRows, (hidden_RD, chunk) => {
    const { loss, dhidden, dweight_VD: term_VD } = head.gradients(hidden_RD, chunk);
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

/** How a chunk of rows is worked through: with all its logits at once, or with a part of the vocabulary at a time. */
interface Head {
  chunkRows: number;
  loss(hidden_RD: tf.Tensor2D, rows: WeightedRows): tf.Scalar;
  gradients(hidden_RD: tf.Tensor2D, rows: WeightedRows): HeadGradients;
}

function headOf(weight_VD: tf.Tensor2D, { chunkRows, chunkVocabulary }: Chunks): Head {
  if (chunkVocabulary >= weight_VD.shape[0]) return { chunkRows, ...wholeVocabulary(weight_VD) };
  return { chunkRows, ...vocabularyInChunks(weight_VD, chunkVocabulary) };
}

/** A row's logits at once: three matrix products, and the loss's kernel where there is one. */
function wholeVocabulary(weight_VD: tf.Tensor2D): Omit<Head, 'chunkRows'> {
  const losses = (hidden_RD: tf.Tensor2D, { targets, zLoss }: WeightedRows) =>
    rowLosses(tf.matMul(hidden_RD, weight_VD, false, true), targets, zLoss);
  return {
    loss: (hidden_RD, rows) => tf.sum(tf.mul(losses(hidden_RD, rows).loss_R, rows.weights)),
    gradients: (hidden_RD, rows) => {
      const { loss_R, pull } = losses(hidden_RD, rows);
      const dlogits_RV = pull(rows.weights);
      return {
        loss: tf.sum(tf.mul(loss_R, rows.weights)),
        dhidden: tf.matMul(dlogits_RV, weight_VD),
        dweight_VD: tf.matMul(dlogits_RV, hidden_RD, true, false),
      };
    },
  };
}

/** The loss as one node of tfjs's tape, whose gradients are known before the backward pass begins. */
function recordedLoss(hidden_ND: tf.Tensor2D, weight_VD: tf.Tensor2D, rows: WeightedRows, chunks: Chunks): tf.Scalar {
  const run = tf.customGrad((...args) => {
    const [hidden, weight] = args as unknown as tf.Tensor2D[];
    const { loss, dhidden, dweight_VD } = lossWithGradients(hidden, rows, headOf(weight, chunks));
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

/** The sizes asked for, and for the others such that a chunk of logits has at most 64 MiB. */
function resolveChunks(vocabulary: number, { chunkRows, chunkVocabulary }: LinearCrossEntropyOptions): Chunks {
  const columns = Math.min(
    vocabulary,
    chunkVocabulary ?? Math.max(1, Math.floor(CHUNK_ELEMENTS / (chunkRows ?? FEWEST_ROWS))),
  );
  const rows = chunkRows ?? Math.max(1, Math.floor(CHUNK_ELEMENTS / Math.max(1, columns)));
  return { chunkRows: rows, chunkVocabulary: columns };
}

function checkInputs(
  hidden_ND: tf.Tensor,
  weight_VD: tf.Tensor,
  targets: tf.Tensor | TeacherTargets,
  options: LinearCrossEntropyOptions,
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
  for (const name of ['chunkRows', 'chunkVocabulary'] as const) {
    const size = options[name] ?? 1;
    checkArgument(
      Number.isInteger(size) && size > 0,
      () => `linearCrossEntropy: ${name} must be a positive integer, got ${size}`,
    );
  }
}

/**
 * Output head and cross-entropy in one, crossEntropy(hidden Wᵀ, targets), never holding the `[N, V]` logits whole.
 * While the forward pass runs over chunks of rows it also computes the gradients of `hidden` and `weight` (as Apple's
 * "Cut your losses", Wijmans et al. 2024, and Liger do); the backward pass only scales them. Without a gradient being
 * recorded it computes the loss alone. Where the vocabulary is so long that a chunk would be of a few rows only, the logits
 * of a row are made in pieces too, twice: once for their sum, once for the gradients.
 *
 * @param hidden_ND `[N, D]`, N at least 1
 * @param weight_VD output head, or the tied embedding table, `[V, D]`
 * @param targets int32 `[N]`, each in [0, V) or `ignoreIndex`, or {@link TeacherTargets}
 * @returns scalar, in nats
 * @throws OpsError `SHAPE_MISMATCH` when the shapes don't fit, `INVALID_ARGUMENT` when the size of a chunk is not a positive integer
 */
export function linearCrossEntropy(
  hidden_ND: tf.Tensor,
  weight_VD: tf.Tensor,
  targets: tf.Tensor | TeacherTargets,
  options: LinearCrossEntropyOptions = {},
): tf.Scalar {
  const { ignoreIndex = -100, zLoss = 0, reduction = 'mean' } = options;
  checkInputs(hidden_ND, weight_VD, targets, options);
  const chunks = resolveChunks(weight_VD.shape[0], options);
  return tf.tidy(() => {
    const [hidden, weight] = [hidden_ND as tf.Tensor2D, weight_VD as tf.Tensor2D];
    const counted_N = countedOf(hidden.shape[0], targets, options);
    const weights: tf.Tensor1D = reduction === 'sum' ? counted_N : tf.div(counted_N, countedTotal(counted_N));
    const rows = { targets: rowTargets(targets, ignoreIndex), weights, zLoss };
    if (isRecording()) return recordedLoss(hidden, weight, rows, chunks);
    const head = headOf(weight, chunks);
    return tf.addN(mapChunks(hidden, rows, head.chunkRows, head.loss));
  });
}
