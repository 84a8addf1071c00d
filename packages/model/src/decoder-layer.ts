/** Legend: B batch, T time, N = B·T rows, D model width, H query heads, G key/value heads, K head dimension, F feed-forward. */
import { attention, checkpoint, linear, rmsNorm, rope, swiglu } from '@smol/ops';
import type { RopeTable } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { KvCache } from './kv-cache.ts';
import type { ModelConfig } from './model-config.ts';
import { layerPrefix } from './parameter-shapes.ts';

/** One layer's parameters. */
export interface LayerWeights {
  inputNorm_D: tf.Variable;
  q_HKxD: tf.Variable;
  k_GKxD: tf.Variable;
  v_GKxD: tf.Variable;
  o_DxHK: tf.Variable;
  feedForwardNorm_D: tf.Variable;
  gate_FD: tf.Variable;
  up_FD: tf.Variable;
  down_DF: tf.Variable;
}

/** What all layers of one forward pass share. */
export interface ForwardContext {
  config: ModelConfig;
  batch: number;
  time: number;
  ropeTable: RopeTable;
  segmentIds_BT?: tf.Tensor2D;
  cache?: KvCache;
  /** Receives the layer's largest attention logit per head, `[H]`, kept; the receiver disposes of it. */
  onMaxLogits?: (maxLogits_H: tf.Tensor1D) => void;
}

/** Picks a layer's parameters out of all. */
export function layerWeights(parameters: ReadonlyMap<string, tf.Variable>, layer: number): LayerWeights {
  const get = (name: string) => parameters.get(`${layerPrefix(layer)}${name}.weight`)!;
  return {
    inputNorm_D: get('input_layernorm'),
    q_HKxD: get('self_attn.q_proj'),
    k_GKxD: get('self_attn.k_proj'),
    v_GKxD: get('self_attn.v_proj'),
    o_DxHK: get('self_attn.o_proj'),
    feedForwardNorm_D: get('post_attention_layernorm'),
    gate_FD: get('mlp.gate_proj'),
    up_FD: get('mlp.up_proj'),
    down_DF: get('mlp.down_proj'),
  };
}

function selfAttention(x_ND: tf.Tensor2D, layer: number, weights: LayerWeights, context: ForwardContext): tf.Tensor2D {
  const { config, batch, time, ropeTable, cache } = context;
  const heads = (y: tf.Tensor2D, count: number): tf.Tensor4D => tf.reshape(y, [batch, time, count, config.head_dim]);
  let q_BTHK = heads(linear(x_ND, weights.q_HKxD), config.num_attention_heads);
  let k_BTGK = heads(linear(x_ND, weights.k_GKxD), config.num_key_value_heads);
  let v_BTGK = heads(linear(x_ND, weights.v_GKxD), config.num_key_value_heads);
  if (config.no_rope_layers[layer] === 1) [q_BTHK, k_BTGK] = [rope(q_BTHK, ropeTable), rope(k_BTGK, ropeTable)];
  if (cache) ({ k_BTGK, v_BTGK } = cache.append(layer, { k_BTGK, v_BTGK }));
  const { output_BTHK, maxLogits_H } = attention(q_BTHK, k_BTGK, v_BTGK, {
    segmentIds_BT: context.segmentIds_BT,
    returnMaxLogits: context.onMaxLogits !== undefined,
  });
  if (maxLogits_H) context.onMaxLogits!(tf.keep(maxLogits_H));
  return linear(tf.reshape(output_BTHK, [batch * time, -1]) as tf.Tensor2D, weights.o_DxHK);
}

function feedForward(x_ND: tf.Tensor2D, weights: LayerWeights): tf.Tensor2D {
  return linear(swiglu(linear(x_ND, weights.gate_FD), linear(x_ND, weights.up_FD)), weights.down_DF);
}

/**
 * One pre-norm transformer layer: x + Attention(RMSNorm(x)), then x + FeedForward(RMSNorm(x)). Rows stay `[B·T, D]`, and
 * heads are views of them, so nothing is transposed.
 */
export function decoderLayer(
  x_ND: tf.Tensor2D,
  layer: number,
  weights: LayerWeights,
  context: ForwardContext,
): tf.Tensor2D {
  const epsilon = context.config.rms_norm_eps;
  const attended_ND = selfAttention(rmsNorm(x_ND, weights.inputNorm_D, epsilon), layer, weights, context);
  const middle_ND: tf.Tensor2D = tf.add(x_ND, attended_ND);
  return tf.add(middle_ND, feedForward(rmsNorm(middle_ND, weights.feedForwardNorm_D, epsilon), weights));
}

/** The same, with what the backward pass needs recomputed instead of remembered (activation checkpointing). */
export function checkpointedLayer(
  x_ND: tf.Tensor2D,
  layer: number,
  weights: LayerWeights,
  context: ForwardContext,
): tf.Tensor2D {
  const { ropeTable, segmentIds_BT } = context;
  // Only the first run reports: the second one would report the same.
  let onMaxLogits = context.onMaxLogits;
  const run = (x: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor, segmentIds?: tf.Tensor) => {
    const saved = { ropeTable: { cos, sin } as RopeTable, segmentIds_BT: segmentIds as tf.Tensor2D | undefined };
    const y_ND = decoderLayer(x as tf.Tensor2D, layer, weights, { ...context, ...saved, onMaxLogits });
    onMaxLogits = undefined;
    return y_ND;
  };
  const constants = segmentIds_BT ? [ropeTable.cos, ropeTable.sin, segmentIds_BT] : [ropeTable.cos, ropeTable.sin];
  return checkpoint(run, [x_ND], Object.values(weights) as tf.Variable[], constants);
}
