import * as tf from '@tensorflow/tfjs-core';
import { flatPositions, scatterRows } from './row-scatter.ts';

// R rows, V vocabulary; q = softmax of the logits.

/** Cross-entropy of each row under some targets, and what it pulls on the logits. */
export interface RowPull {
  /** [R] */
  loss_R: tf.Tensor1D;
  /** [R, 1] */
  logSumExp_R1: tf.Tensor2D;
  /** weight · (q − target) of each row, [R, V] */
  pull(weights_R: tf.Tensor1D): tf.Tensor2D;
}

const attributes = { zLoss: 0, ignoreIndex: -100 };

/** Whether the backend has the kernels of a loss and of its gradient; their contract is that of @smol/ops. */
function hasKernels(name: string): boolean {
  const backend = tf.getBackend();
  return [name, `${name}Grad`].every((one) => tf.getKernel(one, backend) !== undefined);
}

function fusedPull(name: string, inputs: tf.NamedTensorMap, logSumExp: tf.Tensor1D): RowPull['pull'] {
  return (dloss) => {
    const result = tf.engine().runKernel(`${name}Grad`, { dloss, ...inputs, logSumExp }, attributes);
    return [result].flat()[0] as tf.Tensor2D;
  };
}

function fusedRows(name: string, inputs: tf.NamedTensorMap): RowPull {
  const [loss_R, logSumExp] = tf.engine().runKernel(name, inputs, attributes) as unknown as tf.Tensor1D[];
  return { loss_R, logSumExp_R1: tf.reshape(logSumExp, [-1, 1]), pull: fusedPull(name, inputs, logSumExp) };
}

/** Values of the logits at some ids of each row, [R, K]. */
export function valuesAt(logits_RV: tf.Tensor2D, ids_RK: tf.Tensor2D): tf.Tensor2D {
  const positions = flatPositions(ids_RK, logits_RV.shape[1]);
  return tf.reshape(tf.gather(tf.reshape(logits_RV, [-1]), positions), ids_RK.shape);
}

/**
 * Under one id a row: −ln q of it.
 *
 * @param targets_R int32 [R], each in [0, V)
 * @param known_R1 log-sum-exp of the rows, where it is known already
 */
export function idRows(logits_RV: tf.Tensor2D, targets_R: tf.Tensor1D, known_R1?: tf.Tensor2D): RowPull {
  const inputs = { logits: logits_RV, targets: targets_R };
  const isFused = hasKernels('SmolCrossEntropy');
  if (isFused && !known_R1) return fusedRows('SmolCrossEntropy', inputs);
  const logSumExp_R1: tf.Tensor2D = known_R1 ?? tf.logSumExp(logits_RV, 1, true);
  const ids_R1: tf.Tensor2D = tf.expandDims(targets_R, 1);
  const loss_R: tf.Tensor1D = tf.squeeze(tf.sub(logSumExp_R1, valuesAt(logits_RV, ids_R1)), [1]);
  if (isFused)
    return { loss_R, logSumExp_R1, pull: fusedPull('SmolCrossEntropy', inputs, tf.reshape(logSumExp_R1, [-1])) };
  return {
    loss_R,
    logSumExp_R1,
    pull(weights_R) {
      const weights_R1: tf.Tensor2D = tf.expandDims(weights_R, 1);
      const q_RV = tf.exp(tf.sub(logits_RV, logSumExp_R1));
      const target_RV = scatterRows(weights_R1, flatPositions(ids_R1, logits_RV.shape[1]), logits_RV.shape[1]);
      return tf.sub(tf.mul(q_RV, weights_R1), target_RV);
    },
  };
}

/** Least probability of the ids that were not kept, as in the kernel. */
export const smallestRest = 1e-7;

/**
 * Under the ids that a cache kept, all others one bucket with what is left: −Σ p·ln q − p_rest·ln q_rest. It pulls
 * q − p at the ids and q·(1 − p_rest / q_rest) elsewhere.
 *
 * @param ids_RK int32, no id twice in a row
 */
export function keptRows(logits_RV: tf.Tensor2D, ids_RK: tf.Tensor2D, logP_RK: tf.Tensor2D): RowPull {
  if (hasKernels('SmolSparseCrossEntropy'))
    return fusedRows('SmolSparseCrossEntropy', { logits: logits_RV, ids: ids_RK, logProbabilities: logP_RK });
  const logSumExp_R1: tf.Tensor2D = tf.logSumExp(logits_RV, 1, true);
  const logQ_RK = tf.sub(valuesAt(logits_RV, ids_RK), logSumExp_R1);
  const [p_RK, q_RK] = [tf.exp(logP_RK), tf.exp(logQ_RK)];
  const [p_R1, q_R1] = [p_RK, q_RK].map((kept) => tf.maximum(tf.sub(1, tf.sum(kept, 1, true)), smallestRest));
  const ratio_R1 = tf.div(p_R1, q_R1);
  const rest_R1 = tf.mul(p_R1, tf.log(q_R1));
  return {
    loss_R: tf.neg(tf.add(tf.sum(tf.mul(p_RK, logQ_RK), 1), tf.squeeze(rest_R1, [1]))),
    logSumExp_R1,
    pull(weights_R) {
      const weights_R1: tf.Tensor2D = tf.expandDims(weights_R, 1);
      const everywhere_RV = tf.exp(tf.sub(logits_RV, logSumExp_R1));
      const values_RK: tf.Tensor2D = tf.mul(tf.sub(tf.mul(q_RK, ratio_R1), p_RK), weights_R1);
      const vocabulary = logits_RV.shape[1];
      const atIds_RV = scatterRows(values_RK, flatPositions(ids_RK, vocabulary), vocabulary);
      return tf.add(tf.mul(everywhere_RV, tf.mul(tf.sub(1, ratio_R1), weights_R1)), atIds_RV);
    },
  };
}

/**
 * Under a distribution: −Σ p·ln q.
 *
 * @param probabilities_RV rows that sum to 1
 */
export function distributionRows(logits_RV: tf.Tensor2D, probabilities_RV: tf.Tensor2D): RowPull {
  if (hasKernels('SmolSoftCrossEntropy'))
    return fusedRows('SmolSoftCrossEntropy', { logits: logits_RV, probabilities: probabilities_RV });
  const logSumExp_R1: tf.Tensor2D = tf.logSumExp(logits_RV, 1, true);
  return {
    loss_R: tf.sub(tf.squeeze(logSumExp_R1, [1]), tf.sum(tf.mul(probabilities_RV, logits_RV), 1)),
    logSumExp_R1,
    pull(weights_R) {
      const q_RV = tf.exp(tf.sub(logits_RV, logSumExp_R1));
      return tf.mul(tf.sub(q_RV, probabilities_RV), tf.expandDims(weights_R, 1));
    },
  };
}
