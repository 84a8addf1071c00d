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
  /** Only with `qk_norm`. */
  qNorm_K?: tf.Variable;
  kNorm_K?: tf.Variable;
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
  /** Angles of the positions; with caches, one table for each sequence. */
  ropeTables: readonly RopeTable[];
  segmentIds_BT?: tf.Tensor2D;
  /** One a row of the batch: keys and values of earlier positions, to which the new ones are added. */
  caches?: readonly KvCache[];
  /** Receives the layer's largest attention logit per head, `[H]`, kept; the receiver disposes of it. */
  onMaxLogits?: (maxLogits_H: tf.Tensor1D) => void;
}

/** Picks a layer's parameters out of all. */
export function layerWeights(parameters: ReadonlyMap<string, tf.Variable>, layer: number): LayerWeights {
  const find = (name: string) => parameters.get(`${layerPrefix(layer)}${name}.weight`);
  const get = (name: string) => find(name)!;
  const qNorm_K = find('self_attn.q_norm');
  return {
    inputNorm_D: get('input_layernorm'),
    q_HKxD: get('self_attn.q_proj'),
    k_GKxD: get('self_attn.k_proj'),
    v_GKxD: get('self_attn.v_proj'),
    ...(qNorm_K && { qNorm_K, kNorm_K: get('self_attn.k_norm') }),
    o_DxHK: get('self_attn.o_proj'),
    feedForwardNorm_D: get('post_attention_layernorm'),
    gate_FD: get('mlp.gate_proj'),
    up_FD: get('mlp.up_proj'),
    down_DF: get('mlp.down_proj'),
  };
}

interface HeadTensors {
  q_BTHK: tf.Tensor4D;
  k_BTGK: tf.Tensor4D;
  v_BTGK: tf.Tensor4D;
}

/** Queries, keys and values before rotation. */
function project(x_ND: tf.Tensor2D, weights: LayerWeights, { config, batch, time }: ForwardContext): HeadTensors {
  const heads = (y: tf.Tensor2D, count: number): tf.Tensor4D => tf.reshape(y, [batch, time, count, config.head_dim]);
  const q_BTHK = heads(linear(x_ND, weights.q_HKxD), config.num_attention_heads);
  const k_BTGK = heads(linear(x_ND, weights.k_GKxD), config.num_key_value_heads);
  const v_BTGK = heads(linear(x_ND, weights.v_GKxD), config.num_key_value_heads);
  if (!weights.qNorm_K || !weights.kNorm_K) return { q_BTHK, k_BTGK, v_BTGK };
  const epsilon = config.rms_norm_eps;
  return {
    q_BTHK: rmsNorm(q_BTHK, weights.qNorm_K, epsilon),
    k_BTGK: rmsNorm(k_BTGK, weights.kNorm_K, epsilon),
    v_BTGK,
  };
}

/** Attention of rows that share positions, or of the new positions of one cached sequence. */
function attend(heads: HeadTensors, layer: number, ropeTable: RopeTable, context: ForwardContext, cache?: KvCache) {
  const { config, onMaxLogits } = context;
  let { q_BTHK, k_BTGK, v_BTGK } = heads;
  if (config.no_rope_layers[layer] === 1) [q_BTHK, k_BTGK] = [rope(q_BTHK, ropeTable), rope(k_BTGK, ropeTable)];
  if (cache) ({ k_1TGK: k_BTGK, v_1TGK: v_BTGK } = cache.append(layer, { k_1TGK: k_BTGK, v_1TGK: v_BTGK }));
  const { output_BTHK, maxLogits_H } = attention(q_BTHK, k_BTGK, v_BTGK, {
    segmentIds_BT: context.segmentIds_BT,
    slidingWindow: (config.layer_types[layer] === 'sliding_attention' && config.sliding_window) || 0,
    softCap: config.attn_logit_softcapping ?? 0,
    ...(config.attention_multiplier !== null && { scale: config.attention_multiplier }),
    returnMaxLogits: onMaxLogits !== undefined,
  });
  if (maxLogits_H) onMaxLogits!(tf.keep(maxLogits_H));
  return output_BTHK;
}

/** Sequences with caches have positions and lengths of their own, so that each attends alone. */
function attendEach(heads: HeadTensors, layer: number, context: ForwardContext): tf.Tensor4D {
  const { batch, ropeTables } = context;
  const caches = context.caches!;
  if (batch === 1) return attend(heads, layer, ropeTables[0], context, caches[0]);
  const rows = (x: tf.Tensor4D): tf.Tensor4D[] => tf.split(x, batch, 0);
  const [q, k, v] = [rows(heads.q_BTHK), rows(heads.k_BTGK), rows(heads.v_BTGK)];
  const outputs = caches.map((cache, row) =>
    attend({ q_BTHK: q[row], k_BTGK: k[row], v_BTGK: v[row] }, layer, ropeTables[row], context, cache),
  );
  return tf.concat(outputs, 0);
}

function selfAttention(x_ND: tf.Tensor2D, layer: number, weights: LayerWeights, context: ForwardContext): tf.Tensor2D {
  const heads = project(x_ND, weights, context);
  const output_BTHK = context.caches
    ? attendEach(heads, layer, context)
    : attend(heads, layer, context.ropeTables[0], context);
  return linear(tf.reshape(output_BTHK, [x_ND.shape[0], -1]) as tf.Tensor2D, weights.o_DxHK);
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
  const factor = context.config.residual_multiplier;
  const scaled = (y_ND: tf.Tensor2D): tf.Tensor2D => (factor === 1 ? y_ND : tf.mul(y_ND, factor));
  const attended_ND = selfAttention(rmsNorm(x_ND, weights.inputNorm_D, epsilon), layer, weights, context);
  const middle_ND: tf.Tensor2D = tf.add(x_ND, scaled(attended_ND));
  return tf.add(middle_ND, scaled(feedForward(rmsNorm(middle_ND, weights.feedForwardNorm_D, epsilon), weights)));
}

/** The same, with what the backward pass needs recomputed instead of remembered (activation checkpointing). */
export function checkpointedLayer(
  x_ND: tf.Tensor2D,
  layer: number,
  weights: LayerWeights,
  context: ForwardContext,
): tf.Tensor2D {
  const { segmentIds_BT } = context;
  const [ropeTable] = context.ropeTables;
  // Only the first run reports: the second one would report the same.
  let onMaxLogits = context.onMaxLogits;
  const run = (x: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor, segmentIds?: tf.Tensor) => {
    const ropeTables = [{ cos, sin } as RopeTable];
    const saved = { ropeTables, segmentIds_BT: segmentIds as tf.Tensor2D | undefined };
    const y_ND = decoderLayer(x as tf.Tensor2D, layer, weights, { ...context, ...saved, onMaxLogits });
    onMaxLogits = undefined;
    return y_ND;
  };
  const constants = segmentIds_BT ? [ropeTable.cos, ropeTable.sin, segmentIds_BT] : [ropeTable.cos, ropeTable.sin];
  return checkpoint(run, [x_ND], Object.values(weights) as tf.Variable[], constants);
}
