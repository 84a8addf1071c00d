import * as tf from '@tensorflow/tfjs-core';
import { checkRange } from './check-options.ts';
import { OptimizerError } from './optimizer-error.ts';

// H query heads, G key/value heads (H is a multiple of G), K head dimension, D model width.

/** The two projections of one attention layer. */
export interface AttentionProjections {
  /** q_proj.weight [H·K, D] */
  query_HKxD: tf.Variable;
  /** k_proj.weight [G·K, D] */
  key_GKxD: tf.Variable;
}

/** How many heads a layer has and when a head is clipped. */
export interface QkClipOptions {
  /** K, rows of a projection per head */
  headDimension: number;
  /** τ, the largest attention logit allowed, default 100 (Kimi K2) */
  threshold?: number;
}

/** What {@link qkClip} did to one layer. */
export interface QkClipReport {
  /** query heads whose rows were scaled down */
  clippedHeads: number;
  /** the smallest γ applied; 1 when nothing was clipped */
  smallestFactor: number;
  /** clipped heads of each layer, when there are several */
  clippedByLayer?: readonly number[];
}

/**
 * γ for each group of query heads that share a key head: min over the group of min(1, τ / S_h).
 * A logit that is not a finite number says nothing about the weights and is passed over.
 */
export function qkClipFactors(maxLogits_H: ArrayLike<number>, keyHeads: number, threshold: number): Float64Array {
  const factors_G = new Float64Array(keyHeads).fill(1);
  const groupSize = maxLogits_H.length / keyHeads;
  for (let head = 0; head < maxLogits_H.length; head++) {
    const logit = maxLogits_H[head];
    if (!Number.isFinite(logit) || logit <= threshold) continue;
    const group = Math.floor(head / groupSize);
    factors_G[group] = Math.min(factors_G[group], threshold / logit);
  }
  return factors_G;
}

/**
 * QK-Clip: after the optimizer's step, scales down the query and key rows of every head whose largest attention logit
 * in the forward pass was above the threshold, so that on the same batch it would have been the threshold exactly.
 * With grouped queries γ is the smallest of the group; √γ goes to all its query rows and √γ to the shared key rows.
 * Scaling rows commutes with RoPE, so it holds with and without it; with QK-norm it has no effect.
 *
 * Source: Kimi K2 technical report §2.1; Megatron-LM core/optimizer/qk_clip.py (α = ½).
 *
 * @param maxLogits_H largest scaled logit per query head, over all micro-batches of the step
 * @throws OptimizerError `BAD_OPTION` or `BAD_PARAMETER` when shapes do not fit together
 */
export function qkClip(
  layer: AttentionProjections,
  maxLogits_H: ArrayLike<number>,
  options: QkClipOptions,
): QkClipReport {
  const threshold = options.threshold ?? 100;
  checkRange('threshold', threshold, Number.MIN_VALUE);
  const keyHeads = checkHeads(layer, maxLogits_H.length, options.headDimension);
  const factors_G = qkClipFactors(maxLogits_H, keyHeads, threshold);
  const groupSize = maxLogits_H.length / keyHeads;
  const clippedGroups = factors_G.reduce((count, factor) => count + (factor < 1 ? 1 : 0), 0);
  if (clippedGroups > 0) {
    scaleRows(layer.query_HKxD, factors_G, groupSize * options.headDimension);
    scaleRows(layer.key_GKxD, factors_G, options.headDimension);
  }
  return { clippedHeads: clippedGroups * groupSize, smallestFactor: Math.min(...factors_G) };
}

function scaleRows(weight: tf.Variable, factors_G: Float64Array, rowsPerGroup: number): void {
  const scales = Float32Array.from({ length: weight.shape[0] }, (_, row) =>
    Math.sqrt(factors_G[Math.floor(row / rowsPerGroup)]),
  );
  tf.tidy(() => weight.assign(tf.mul(weight, tf.tensor2d(scales, [scales.length, 1]))));
}

function checkHeads({ query_HKxD, key_GKxD }: AttentionProjections, queryHeads: number, headDimension: number): number {
  const keyHeads = key_GKxD.shape[0] / headDimension;
  const fits =
    query_HKxD.shape[0] === queryHeads * headDimension && Number.isInteger(keyHeads) && queryHeads % keyHeads === 0;
  if (fits) return keyHeads;
  throw new OptimizerError(
    'BAD_PARAMETER',
    `${queryHeads} logits with head dimension ${headDimension} need query rows ${queryHeads * headDimension} and key rows that ` +
      `divide them, got query [${query_HKxD.shape}] and key [${key_GKxD.shape}]`,
  );
}
