/** Legend: B batch, Q query positions, T key positions; 1 broadcasts. */
import * as tf from '@tensorflow/tfjs-core';

/** Which keys a query may see. */
export interface AttentionMask {
  causal: boolean;
  /** Number of most recent positions a query sees, itself included; 0 = all. */
  slidingWindow: number;
  /** int32 `[B, T]`: a query sees only keys of its own segment. */
  segmentIds_BT?: tf.Tensor2D;
}

/** Added to scores that must not count. Finite, so that maxima and softmax stay free of NaN. */
export const HIDDEN_SCORE = -1e30;

function positionMask(queries: number, keys: number, { causal, slidingWindow }: AttentionMask): tf.Tensor[] {
  const query_Q1 = tf.reshape(tf.range(keys - queries, keys, 1, 'int32'), [1, 1, queries, 1]);
  const key_1T = tf.reshape(tf.range(0, keys, 1, 'int32'), [1, 1, 1, keys]);
  const masks: tf.Tensor[] = [];
  if (causal) masks.push(tf.lessEqual(key_1T, query_Q1));
  if (slidingWindow > 0) masks.push(tf.less(tf.sub(query_Q1, key_1T), tf.scalar(slidingWindow, 'int32')));
  return masks;
}

function segmentMask(queries: number, segmentIds_BT: tf.Tensor2D): tf.Tensor {
  const [batch, keys] = segmentIds_BT.shape;
  const query_BQ = tf.slice(segmentIds_BT, [0, keys - queries], [batch, queries]);
  return tf.equal(tf.reshape(query_BQ, [batch, 1, queries, 1]), tf.reshape(segmentIds_BT, [batch, 1, 1, keys]));
}

/**
 * The mask as a tensor to add to the scores: 0 where visible, −1e30 where hidden.
 *
 * @returns `[B or 1, 1, Q, T]`, or null when everything is visible
 */
export function attentionBias(queries: number, keys: number, mask: AttentionMask): tf.Tensor | null {
  const visible = positionMask(queries, keys, mask);
  if (mask.segmentIds_BT) visible.push(segmentMask(queries, mask.segmentIds_BT));
  if (visible.length === 0) return null;
  const all = visible.reduce((both, next) => tf.logicalAnd(both, next));
  return tf.mul(tf.cast(tf.logicalNot(all), 'float32'), HIDDEN_SCORE);
}
