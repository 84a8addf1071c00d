/** Legend: B batch, T time, N = B·T rows, D model width, H query heads, G key/value heads, K head dimension, F feed-forward. */
import { attention, embedding, linear, rmsNorm, rope, ropeTable, swiglu } from '@smol/ops';
import type { SmolLM } from '@smol/model';
import * as tf from '@tensorflow/tfjs-core';

/** Receives an activation, [..., units], by name. */
export type OnActivation = (name: string, activation: tf.Tensor) => void;

/**
 * The forward pass of a recipe's model once more, showing what it computes on its way: of every layer what attention adds
 * to the residual stream, the hidden units of the feed-forward block, and the stream after the layer. For inspections,
 * which are rare; it is the plain pass of SmolLM3 and Llama, without the options that recipes do not have.
 *
 * @returns the residual stream after the final normalisation, [N, D]: that of `model.hidden`
 */
export function showActivations(
  model: SmolLM,
  { inputs_BT, segmentIds_BT }: { inputs_BT: tf.Tensor2D; segmentIds_BT?: tf.Tensor2D },
  onActivation: OnActivation,
): tf.Tensor2D {
  const { config } = model;
  const { num_attention_heads: H, num_key_value_heads: G, head_dim: K, rms_norm_eps: epsilon } = config;
  const [B, T] = inputs_BT.shape;
  const weight = <R extends tf.Rank>(name: string) =>
    model.parameters.get(`model.${name}.weight`) as tf.Tensor as tf.Tensor<R>;
  const table = ropeTable({ length: T, headDimension: K, theta: config.rope_theta });
  const show = <T extends tf.Tensor>(name: string, activation: T): T => {
    onActivation(name, activation);
    return activation;
  };
  const runLayer = (x_ND: tf.Tensor2D, layer: number): tf.Tensor2D => {
    const own = <R extends tf.Rank>(name: string) => weight<R>(`layers.${layer}.${name}`);
    const project = (name: string, from_ND: tf.Tensor2D) => linear(from_ND, own<tf.Rank.R2>(name)) as tf.Tensor2D;
    const normalized_ND = rmsNorm(x_ND, own<tf.Rank.R1>('input_layernorm'), epsilon) as tf.Tensor2D;
    const heads = (name: string, count: number) =>
      tf.reshape(project(`self_attn.${name}_proj`, normalized_ND), [B, T, count, K]) as tf.Tensor4D;
    const turn = (y: tf.Tensor4D) => (config.no_rope_layers[layer] === 1 ? (rope(y, table) as tf.Tensor4D) : y);
    const { output_BTHK } = attention(turn(heads('q', H)), turn(heads('k', G)), heads('v', G), { segmentIds_BT });
    const attended_ND = project('self_attn.o_proj', tf.reshape(output_BTHK, [B * T, H * K]) as tf.Tensor2D);
    const middle_ND = tf.add(x_ND, show(`layers.${layer}.self_attn`, attended_ND)) as tf.Tensor2D;
    const input_ND = rmsNorm(middle_ND, own<tf.Rank.R1>('post_attention_layernorm'), epsilon) as tf.Tensor2D;
    const hidden_NF = swiglu(project('mlp.gate_proj', input_ND), project('mlp.up_proj', input_ND)) as tf.Tensor2D;
    const added_ND = project('mlp.down_proj', show(`layers.${layer}.mlp.hidden`, hidden_NF));
    return show(`layers.${layer}`, tf.add(middle_ND, added_ND) as tf.Tensor2D);
  };
  return tf.tidy(() => {
    const embedded_ND = embedding(weight<tf.Rank.R2>('embed_tokens'), tf.reshape(inputs_BT, [-1])) as tf.Tensor2D;
    const last_ND = config.no_rope_layers.reduce<tf.Tensor2D>((x_ND, _, layer) => runLayer(x_ND, layer), embedded_ND);
    return rmsNorm(last_ND, weight<tf.Rank.R1>('norm'), epsilon) as tf.Tensor2D;
  });
}
