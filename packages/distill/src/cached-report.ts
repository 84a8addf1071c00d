import * as tf from '@tensorflow/tfjs-core';
import { sampledCrossEntropy, type SampledTargets } from './sampled.ts';
import { topKDivergence, type TopKTargets } from './top-k.ts';

// N rows, V vocabulary, K ids kept of each row.

/** How a student stands to what a cache kept of its teacher; means over rows. */
export interface CachedReport {
  /** share of rows where the student finds that id most likely that the cache gives the most weight */
  agreement: number;
  /** nats: KL with a rest bucket, of top-k targets; of sampled ones cross-entropy, which lies above it by the teacher's entropy */
  distance: number;
}

/**
 * Compares a student with a cache on some rows.
 *
 * @param studentLogits_NV [N, V]
 * @throws DistillError `SHAPE_MISMATCH`
 */
export function cachedReport(
  studentLogits_NV: tf.Tensor2D,
  kept: TopKTargets | SampledTargets,
  temperature = 1,
): CachedReport {
  const isSampled = 'weights_NK' in kept;
  const [distance, agreement] = tf.tidy(() => {
    const distance_N = isSampled
      ? sampledCrossEntropy(studentLogits_NV, kept, temperature)
      : topKDivergence(studentLogits_NV, kept, temperature);
    const values_NK = isSampled ? kept.weights_NK : kept.logProbabilities_NK;
    const first_NK = tf.oneHot(tf.argMax(values_NK, 1), values_NK.shape[1], 1, 0, 'int32');
    const likeliest_N = tf.sum(tf.mul(kept.ids_NK, first_NK), 1);
    const same_N = tf.equal(tf.argMax(studentLogits_NV, 1), likeliest_N);
    return [tf.mean(distance_N), tf.mean(tf.cast(same_N, 'float32'))].map((x) => x.dataSync()[0]);
  }) as unknown as [number, number];
  return { agreement, distance };
}
