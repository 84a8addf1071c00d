import * as tf from '@tensorflow/tfjs-core';
import type { StackedHeads } from './stacked-heads.ts';

// B batch, T time, D model width.

/** What turns the trunk's hidden state into that of one further head. */
export interface HeadBlock {
  /** trainable variables by names that are unique within the block */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /**
   * @param hidden_BTD [B, T, D], the trunk's hidden state after its final norm
   * @param segmentIds_BT int32 [B, T], positions see only those of their own document
   * @returns [B, T, D], ready for the unembedding
   */
  apply(hidden_BTD: tf.Tensor3D, segmentIds_BT?: tf.Tensor2D): tf.Tensor3D;
}

/** Makes the block of head `head` (2, 3, …: how many tokens ahead it looks). */
export interface HeadBlockFactory {
  (head: number): HeadBlock;
  /** Its blocks as one, for drafting with all heads at once; the weights are those of this moment. */
  stack?(blocks: readonly HeadBlock[]): StackedHeads;
}

/** A trainable matrix of the given values, or of zeros. */
export function newMatrix(
  shape: [number, number],
  values: Float32Array = new Float32Array(shape[0] * shape[1]),
): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor2d(values, shape)));
}

/** A trainable gain of ones. */
export function newGain(dimension: number): tf.Variable {
  return tf.tidy(() => tf.variable(tf.ones([dimension])));
}
