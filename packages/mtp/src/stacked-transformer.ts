import { attention, linear, rmsNorm, rope, ropeTable, swiglu } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { HeadBlock } from './head-block.ts';
import type { StackedHeads } from './stacked-heads.ts';
import type { ResolvedBlockOptions } from './transformer-block.ts';

// N new positions, T positions held, C heads, D model width, H query heads, G key/value heads, K head dimension, F feed-forward.

/** Positions that the heads look back: it changes the speed, never the text. */
const windowLength = 256;

/** Weights of all heads. What is multiplied with the same states is one matrix, and gains before a matrix are part of it. */
function stackWeights(blocks: readonly HeadBlock[], { dimension }: ResolvedBlockOptions) {
  const weights = (name: string) => blocks.map((block) => block.parameters.get(`${name}.weight`) as tf.Tensor);
  const gains = { attention: weights('input_layernorm'), feedForward: weights('post_attention_layernorm') };
  const scaled = (name: string, norm: keyof typeof gains) =>
    weights(name).map((weight, head) => tf.mul(weight, gains[norm][head]));
  const joined = (name: string) => tf.concat(scaled(`self_attn.${name}`, 'attention'), 0);
  return tf.tidy(() => ({
    one_D: tf.ones([dimension]) as tf.Tensor1D,
    query: joined('q_proj') as tf.Tensor2D,
    keyValue: tf.concat([joined('k_proj'), joined('v_proj')], 0) as tf.Tensor2D,
    output: tf.stack(weights('self_attn.o_proj')) as tf.Tensor3D,
    gate: tf.stack(scaled('mlp.gate_proj', 'feedForward')) as tf.Tensor3D,
    up: tf.stack(scaled('mlp.up_proj', 'feedForward')) as tf.Tensor3D,
    down: tf.stack(weights('mlp.down_proj')) as tf.Tensor3D,
    norm_C1D: tf.expandDims(tf.stack(weights('norm')), 1) as tf.Tensor3D,
  }));
}

/** x_C1D · Wᵀ, a matrix a head. */
const headwise = (x: tf.Tensor3D, weight: tf.Tensor3D): tf.Tensor3D => tf.matMul(x, weight, false, true);

/**
 * Transformer layers of several heads as one layer that is so many times as wide: the heads' attention heads stand side by side
 * in one attention with kept keys and values; after it only the last position counts.
 */
export function stackTransformer(blocks: readonly HeadBlock[], options: ResolvedBlockOptions): StackedHeads {
  const { dimension, queryHeads, keyValueHeads, headDimension, ropeTheta, epsilon } = options;
  const count = blocks.length;
  const weights = stackWeights(blocks, options);
  const { one_D } = weights;
  const held = new KeysAndValues();
  const table = (start: number, length: number) => ropeTable({ start, length, headDimension, theta: ropeTheta });
  const attend = (hidden_ND: tf.Tensor2D): tf.Tensor3D => {
    const length = hidden_ND.shape[0];
    const normed_ND = rmsNorm(hidden_ND, one_D, epsilon);
    const last_1D = tf.slice(normed_ND, [length - 1, 0], [1, dimension]);
    const heads = (x: tf.Tensor, time: number, number: number): tf.Tensor4D =>
      tf.reshape(x, [1, time, number, headDimension]);
    const start = held.position;
    const query = heads(linear(last_1D, weights.query), 1, count * queryHeads);
    const both = heads(linear(normed_ND, weights.keyValue), length, 2 * count * keyValueHeads);
    const [key, value] = tf.split(both, 2, 2);
    const { k_1TGK, v_1TGK } = held.add(rope(key as tf.Tensor4D, table(start, length)), value as tf.Tensor4D);
    const rotated = rope(query, table(start + length - 1, 1));
    const { output_BTHK } = attention(rotated, k_1TGK, v_1TGK, {});
    return headwise(tf.reshape(output_BTHK, [count, 1, queryHeads * headDimension]), weights.output);
  };
  return {
    read(hidden_ND) {
      const last = tf.slice(hidden_ND, [hidden_ND.shape[0] - 1, 0], [1, dimension]);
      const middle_C1D: tf.Tensor3D = tf.add(tf.reshape(last, [1, 1, dimension]), attend(hidden_ND));
      const normed_C1D = rmsNorm(middle_C1D, one_D, epsilon);
      const gated = swiglu(headwise(normed_C1D, weights.gate), headwise(normed_C1D, weights.up));
      const fed_C1D: tf.Tensor3D = tf.add(middle_C1D, headwise(gated as tf.Tensor3D, weights.down));
      return tf.reshape(tf.mul(rmsNorm(fed_C1D, one_D, epsilon), weights.norm_C1D), [count, dimension]);
    },
    dispose() {
      tf.dispose({ ...weights });
      held.dispose();
    },
  };
}

/** Keys and values of the last positions. */
class KeysAndValues {
  #held: { k_1TGK: tf.Tensor4D; v_1TGK: tf.Tensor4D } | undefined;
  /** positions that were read, those that are no longer held included */
  position = 0;

  add(k_1NGK: tf.Tensor4D, v_1NGK: tf.Tensor4D) {
    const before = this.#held;
    const joined = (old: tf.Tensor4D | undefined, more: tf.Tensor4D): tf.Tensor4D => {
      const all = old ? tf.concat([old, more], 1) : more;
      const surplus = Math.max(0, all.shape[1] - windowLength);
      return tf.keep(surplus > 0 ? tf.slice(all, [0, surplus, 0, 0], [1, windowLength, -1, -1]) : tf.clone(all));
    };
    this.#held = { k_1TGK: joined(before?.k_1TGK, k_1NGK), v_1TGK: joined(before?.v_1TGK, v_1NGK) };
    if (before) tf.dispose({ ...before });
    this.position += k_1NGK.shape[1];
    return this.#held;
  }

  dispose(): void {
    if (this.#held) tf.dispose({ ...this.#held });
  }
}
