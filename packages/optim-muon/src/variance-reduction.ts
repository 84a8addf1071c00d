import { globalNorm } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';

// A rows, B columns of a matrix.

/** Rows and mean row norms after {@link normalizeRows}. */
export interface NormalizedRows {
  update_AB: tf.Tensor2D;
  variance_A1: tf.Tensor2D;
}

/**
 * NorMuon's variance reduction: each row of the orthogonal update is divided by a running mean of its size, and the whole
 * is brought back to its norm, so that no neuron moves further than the others for long.
 *
 *     v ← β₂v + (1 − β₂)·mean_row(U²);   U ← U / (√v + ε);   U ← U·‖U before‖ / ‖U‖
 *
 * Source: microsoft/dion normuon.py; NorMuon, arXiv 2510.05491.
 */
export function normalizeRows(update_AB: tf.Tensor2D, variance_A1: tf.Tensor2D, beta2: number): NormalizedRows {
  const mean_A1 = tf.mean(tf.square(update_AB), 1, true);
  const next_A1: tf.Tensor2D = tf.add(tf.mul(variance_A1, beta2), tf.mul(mean_A1, 1 - beta2));
  const scaled_AB = tf.div(update_AB, tf.add(tf.sqrt(next_A1), 1e-8));
  const ratio = tf.div(globalNorm([update_AB]), tf.maximum(globalNorm([scaled_AB]), 1e-30));
  return { update_AB: tf.mul(scaled_AB, ratio), variance_A1: next_A1 };
}
