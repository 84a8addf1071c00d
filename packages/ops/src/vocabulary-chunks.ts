/** Legend: R rows, D model width, V vocabulary, C columns of one chunk of it, S ids of a row that its target names. */
import * as tf from '@tensorflow/tfjs-core';
import type { RowTargets } from './row-targets.ts';
import { rowTerms } from './row-terms.ts';
import type { Correction, LogitView, RowTerms } from './row-terms.ts';
import { scatterAdd } from './scatter-add.ts';

/** Everything about some rows but the differentiable inputs. */
export interface WeightedRows {
  targets: RowTargets;
  /** What each row's loss counts in the result: 0 if ignored, else 1 or 1/count. */
  weights: tf.Tensor1D;
  zLoss: number;
}

/** Σ weights·loss and its gradients. */
export interface HeadGradients {
  loss: tf.Scalar;
  dhidden: tf.Tensor2D;
  dweight_VD: tf.Tensor2D;
}

/** Calls back with the rows of the head for one chunk of the vocabulary after the other, each call in a tidy of its own. */
function mapColumns<T extends tf.TensorContainer>(
  weight_VD: tf.Tensor2D,
  columns: number,
  callback: (weight_CD: tf.Tensor2D) => T,
): T[] {
  const vocabulary = weight_VD.shape[0];
  return Array.from({ length: Math.ceil(vocabulary / columns) }, (_, chunk) => {
    const start = chunk * columns;
    return tf.tidy(() => callback(tf.slice(weight_VD, start, Math.min(columns, vocabulary - start))));
  });
}

/** logSumExp over all columns is that of the chunks' logSumExp. */
function logSumExpInChunks(hidden_RD: tf.Tensor2D, weight_VD: tf.Tensor2D, columns: number): tf.Tensor {
  const parts = mapColumns(weight_VD, columns, (weight_CD) =>
    tf.logSumExp(tf.matMul(hidden_RD, weight_CD, false, true), 1, true),
  );
  return tf.logSumExp(tf.concat(parts, 1), 1, true);
}

/** The rows of the head at the ids, `[R, S, D]`. */
function rowsAt(weight_VD: tf.Tensor2D, ids_RS: tf.Tensor): tf.Tensor3D {
  return tf.reshape(tf.gather(weight_VD, tf.reshape(ids_RS, [-1])), [...ids_RS.shape, weight_VD.shape[1]] as never);
}

/** Logits that exist only as hidden·Wᵀ. */
function productView(hidden_RD: tf.Tensor2D, weight_VD: tf.Tensor2D, logSumExp_R1: tf.Tensor): LogitView {
  return {
    vocabulary: weight_VD.shape[0],
    logSumExp_R1,
    at: (ids_RS) => tf.sum(tf.mul(rowsAt(weight_VD, ids_RS), tf.expandDims(hidden_RD, 1)), 2),
    mean: (probabilities_RV) => tf.sum(tf.mul(tf.matMul(probabilities_RV, weight_VD), hidden_RD), 1, true),
  };
}

/** Gradients of hidden and head through the correction alone: as of an embedding, or of a product with −p. */
function pullCorrection(
  correction: Correction,
  hidden_RD: tf.Tensor2D,
  weight_VD: tf.Tensor2D,
  weights_R1: tf.Tensor,
): [dhidden_RD: tf.Tensor, dweight_VD: tf.Tensor] {
  if (correction.ids_RS === undefined) {
    const p_RV: tf.Tensor2D = tf.mul(correction.probabilities_RV, tf.neg(weights_R1));
    return [tf.matMul(p_RV, weight_VD), tf.matMul(p_RV, hidden_RD, true, false)];
  }
  const values_RS1 = tf.expandDims(tf.mul(correction.values_RS, weights_R1), 2);
  const terms_RSD = tf.mul(values_RS1, tf.expandDims(hidden_RD, 1));
  const [vocabulary, width] = weight_VD.shape;
  const ids: tf.Tensor1D = tf.reshape(correction.ids_RS, [-1]);
  return [
    tf.sum(tf.mul(values_RS1, rowsAt(weight_VD, correction.ids_RS)), 1),
    scatterAdd(tf.reshape(terms_RSD, [-1, width]), ids, vocabulary),
  ];
}

/** Gradients through coefficient·softmax, the logits made a second time. */
function pullSoftmax(
  hidden_RD: tf.Tensor2D,
  weight_VD: tf.Tensor2D,
  columns: number,
  logSumExp_R1: tf.Tensor,
  coefficient_R1: tf.Tensor,
): [dhidden_RD: tf.Tensor, dweight_VD: tf.Tensor] {
  const parts = mapColumns(weight_VD, columns, (weight_CD) => {
    const logits_RC = tf.matMul(hidden_RD, weight_CD, false, true);
    const pull_RC: tf.Tensor2D = tf.mul(tf.exp(tf.sub(logits_RC, logSumExp_R1)), coefficient_R1);
    return [tf.matMul(pull_RC, weight_CD), tf.matMul(pull_RC, hidden_RD, true, false)] as [tf.Tensor2D, tf.Tensor2D];
  });
  return [
    tf.addN(parts.map(([dhidden]) => dhidden)),
    tf.concat(
      parts.map(([, dweight]) => dweight),
      0,
    ),
  ];
}

/**
 * Head and loss of a chunk of rows, some columns of their logits at a time, in two passes: the first finds every row's
 * logSumExp, the second makes the same logits again for the gradients. What the targets name is looked up in the head.
 */
export function vocabularyInChunks(weight_VD: tf.Tensor2D, columns: number) {
  const firstPass = (hidden_RD: tf.Tensor2D, { targets, zLoss }: WeightedRows): [RowTerms, tf.Tensor] => {
    const logSumExp_R1 = logSumExpInChunks(hidden_RD, weight_VD, columns);
    return [rowTerms(targets, zLoss, productView(hidden_RD, weight_VD, logSumExp_R1)), logSumExp_R1];
  };
  const total = ({ loss_R1 }: RowTerms, { weights }: WeightedRows): tf.Scalar =>
    tf.sum(tf.mul(tf.reshape(loss_R1, [-1]), weights));
  return {
    loss: (hidden_RD: tf.Tensor2D, rows: WeightedRows): tf.Scalar => total(firstPass(hidden_RD, rows)[0], rows),
    gradients: (hidden_RD: tf.Tensor2D, rows: WeightedRows): HeadGradients => {
      const [terms, logSumExp_R1] = firstPass(hidden_RD, rows);
      const weights_R1 = tf.reshape(rows.weights, [-1, 1]);
      const coefficient_R1 = tf.mul(terms.coefficient_R1, weights_R1);
      const smooth = pullSoftmax(hidden_RD, weight_VD, columns, logSumExp_R1, coefficient_R1);
      const sharp = pullCorrection(terms.correction, hidden_RD, weight_VD, weights_R1);
      const [dhidden, dweight_VD] = [tf.add(smooth[0], sharp[0]), tf.add(smooth[1], sharp[1])] as tf.Tensor2D[];
      return { loss: total(terms, rows), dhidden, dweight_VD };
    },
  };
}
