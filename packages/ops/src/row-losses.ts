/** Legend: N rows, R rows of one chunk, S ids of a row that its target names, V vocabulary. */
import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, runFused } from './fused-kernel.ts';
import { joinRows } from './join-rows.ts';
import { takeRows, takeTargets, targetTensors, withTensors } from './row-targets.ts';
import type { RowTargets } from './row-targets.ts';
import { rowTerms } from './row-terms.ts';
import type { Correction } from './row-terms.ts';

/** Into how many chunks the composition cuts its rows: its temporaries are a few times as large as the logits of a chunk. */
const CHUNKS = 16;

/** Logits below which a chunk is not worth its calls. */
const SMALLEST_CHUNK = 2 ** 14;

/** Losses `[R]`, and their gradients with respect to the logits: row r times `weights_R`[r], `[R, V]`. */
interface RowLosses {
  loss_R: tf.Tensor1D;
  pull(weights_R: tf.Tensor1D): tf.Tensor2D;
}

/** Where ids of every row lie in the flattened `[R, V]`. */
function flatPositions(ids_RS: tf.Tensor, vocabulary: number): tf.Tensor1D {
  const [rows] = ids_RS.shape;
  const start_R1 = tf.reshape(tf.range(0, rows * vocabulary, vocabulary, 'int32'), [rows, 1]);
  return tf.reshape(tf.add(ids_RS, start_R1), [-1]);
}

/** coefficient·softmax + correction: few entries a row are scattered, never a one-hot product. */
function addCorrection(pull_RV: tf.Tensor, correction: Correction, weights_R1: tf.Tensor): tf.Tensor2D {
  if (correction.ids_RS === undefined) return tf.sub(pull_RV, tf.mul(correction.probabilities_RV, weights_R1));
  const positions = tf.reshape(flatPositions(correction.ids_RS, pull_RV.shape[1]!), [-1, 1]);
  const values = tf.reshape(tf.mul(correction.values_RS, weights_R1), [-1]);
  const scattered = tf.scatterND(positions as tf.Tensor2D, values, [pull_RV.size]);
  return tf.add(pull_RV, tf.reshape(scattered, pull_RV.shape));
}

/** Plain tfjs: the definition. */
function composeRowLosses(logits_RV: tf.Tensor2D, targets: RowTargets, zLoss: number): RowLosses {
  const logSumExp_R1 = tf.logSumExp(logits_RV, 1, true);
  const terms = rowTerms(targets, zLoss, {
    vocabulary: logits_RV.shape[1],
    logSumExp_R1,
    at: (ids_RS) => {
      const positions = flatPositions(ids_RS, logits_RV.shape[1]);
      return tf.reshape(tf.gather(tf.reshape(logits_RV, [-1]), positions), ids_RS.shape);
    },
    mean: (probabilities_RV) => tf.sum(tf.mul(probabilities_RV, logits_RV), 1, true),
  });
  return {
    loss_R: tf.reshape(terms.loss_R1, [-1]),
    pull: (weights_R) => {
      const weights_R1 = tf.reshape(weights_R, [-1, 1]);
      const softmax_RV = tf.exp(tf.sub(logits_RV, logSumExp_R1));
      const pull_RV = tf.mul(softmax_RV, tf.mul(terms.coefficient_R1, weights_R1));
      return addCorrection(pull_RV, terms.correction, weights_R1);
    },
  };
}

/** The kernels for targets of this kind, and their inputs and attributes beside the logits. */
function fusedCall(targets: RowTargets, zLoss: number) {
  if ('targets_N' in targets) {
    const attributes = { ignoreIndex: targets.ignoreIndex, zLoss };
    return {
      names: ['SmolCrossEntropy', 'SmolCrossEntropyGrad'],
      inputs: { targets: targets.targets_N },
      attributes,
    } as const;
  }
  const attributes = { zLoss };
  if ('ids_NS' in targets) {
    const inputs = { ids: targets.ids_NS, logProbabilities: targets.logProbabilities_NS };
    return { names: ['SmolSparseCrossEntropy', 'SmolSparseCrossEntropyGrad'], inputs, attributes } as const;
  }
  const inputs = { probabilities: targets.probabilities_NV };
  return { names: ['SmolSoftCrossEntropy', 'SmolSoftCrossEntropyGrad'], inputs, attributes } as const;
}

/** Whether losses under such targets are one kernel on the current backend. */
function hasFusedLoss(targets: RowTargets): boolean {
  return hasFusedKernel(fusedCall(targets, 0).names[0]);
}

function fusedRowLosses(logits: tf.Tensor2D, targets: RowTargets, zLoss: number): RowLosses {
  const { names, inputs, attributes } = fusedCall(targets, zLoss);
  // The three pairs differ in what a target is made of and in nothing else.
  const [forward, backward] = names as readonly ['SmolCrossEntropy', 'SmolCrossEntropyGrad'];
  const own = { logits, ...(inputs as { targets: tf.Tensor }) };
  const settings = attributes as { ignoreIndex: number; zLoss: number };
  const { loss, logSumExp } = runFused(forward, own, settings);
  return {
    loss_R: loss as tf.Tensor1D,
    pull: (dloss) => runFused(backward, { dloss, ...own, logSumExp }, settings).dlogits as tf.Tensor2D,
  };
}

/** Losses of rows of logits and how to go back, on the kernel where there is one. Belongs to the surrounding tidy; not for the tape. */
export function rowLosses(logits_RV: tf.Tensor2D, targets: RowTargets, zLoss: number): RowLosses {
  const run = hasFusedLoss(targets) ? fusedRowLosses : composeRowLosses;
  return run(logits_RV, targets, zLoss);
}

/** Rows of a chunk. */
function chunkRows([rows, vocabulary]: readonly number[]): number {
  return Math.max(1, Math.ceil(rows / CHUNKS), Math.floor(SMALLEST_CHUNK / Math.max(1, vocabulary)));
}

/**
 * Loss of every row `[N]` of logits, on the tape. The composition works through chunks of rows, forward and backward, and
 * computes a chunk's softmax again instead of keeping it: beside the logits nothing of their size exists but their gradient.
 */
export function recordedRowLosses(logits_NV: tf.Tensor2D, targets: RowTargets, zLoss: number): tf.Tensor1D {
  if (hasFusedLoss(targets)) return fusedRowLosses(logits_NV, targets, zLoss).loss_R;
  const run = tf.customGrad((logits, save) => {
    const saved = [logits as tf.Tensor, ...targetTensors(targets)];
    (save as tf.GradSaveFunc)(saved);
    const chunk = chunkRows(logits_NV.shape);
    const take = (x: tf.Tensor, own: RowTargets, start: number, size: number) =>
      composeRowLosses(takeRows(x as tf.Tensor2D, start, size), takeTargets(own, start, size), zLoss);
    const value = joinRows(
      [logits_NV.shape[0]],
      chunk,
      (start, size) => take(logits as tf.Tensor, targets, start, size).loss_R,
    );
    const gradFunc = (dloss_N: tf.Tensor, [z, ...tensors]: tf.Tensor[]) => {
      const own = withTensors(targets, tensors);
      return joinRows(z.shape, chunk, (start, size) =>
        take(z, own, start, size).pull(takeRows(dloss_N as tf.Tensor1D, start, size)),
      );
    };
    return { value, gradFunc };
  });
  return run(logits_NV) as tf.Tensor1D;
}
