/** Legend: B batch, Q query positions, T key positions, H query heads, G key/value heads, K head dimension. */
import * as tf from '@tensorflow/tfjs-core';
import { attentionBias } from './attention-bias.ts';
import type { AttentionMask } from './attention-bias.ts';
import { takeRows } from './row-targets.ts';
import { hasFusedKernel, runFused } from './fused-kernel.ts';
import type { KernelInputs } from './fused-kernel.ts';
import { checkArgument, checkShape } from './ops-error.ts';
import { rmsNorm } from './rms-norm.ts';
import { rope } from './rope.ts';
import type { RopeTable } from './rope-table.ts';

/**
 * RMS normalisation of every query and key head over its head dimension, with learned gains that all heads share, before
 * the rotation: the form of Qwen3 and Gemma 3 (QK-norm: Henry et al. 2020). OLMo 2 normalises all heads of a position as
 * one vector; that is `rmsNorm` of the projection.
 */
export interface QkNorm {
  /** `[K]` */
  queryGain_K: tf.Tensor;
  /** `[K]` */
  keyGain_K: tf.Tensor;
  /** Added to the mean square (default 1e-6). */
  epsilon?: number;
}

/** Options of {@link attention}. */
export interface AttentionOptions {
  /** A query sees no later key (default true). */
  causal?: boolean;
  /** int32 `[B, T]`, the document of every key position; a query sees only keys of its own document. */
  segmentIds_BT?: tf.Tensor2D;
  /** A query at p sees only keys above p − slidingWindow, as in Hugging Face (default 0: all). */
  slidingWindow?: number;
  /** Replaces score s by softCap · tanh(s / softCap) (Gemma 2: 50; default 0: off). */
  softCap?: number;
  /** Factor of q·k (default 1/√K). */
  scale?: number;
  /** Normalises queries and keys first (default: not). */
  qkNorm?: QkNorm;
  /**
   * Cosines and sines `[T, K/2]` of the key positions: turns queries and keys, after `qkNorm` (default: not, as they come
   * turned or have no positions).
   */
  rope?: RopeTable;
  /** Also return the largest scale·q·k of every head over the batch and all visible pairs (default false). */
  returnMaxLogits?: boolean;
}

/** Result of {@link attention}. */
export interface AttentionResult {
  /** `[B, Q, H, K]` */
  output_BTHK: tf.Tensor4D;
  /** `[H]`, without gradient; only with `returnMaxLogits`. What QK-Clip and divergence alarms look at. */
  maxLogits_H?: tf.Tensor1D;
}

interface ResolvedOptions extends AttentionMask {
  softCap: number;
  scale: number;
  returnMaxLogits: boolean;
}

type Saved = Omit<KernelInputs<'SmolAttentionGrad'>, 'dy'>;

/** The kernel, in a `customGrad`, because a registered gradient cannot save an optional input. */
function fusedAttention(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D, options: ResolvedOptions): AttentionResult {
  const { scale, causal, slidingWindow, softCap, segmentIds_BT, returnMaxLogits } = options;
  const attributes = { scale, causal, slidingWindow, softCap };
  let kept_H: tf.Tensor1D | undefined;
  const run = tf.customGrad((...args) => {
    const save = args[3] as unknown as tf.GradSaveFunc;
    const [queries, keys, values] = args as unknown as tf.Tensor[];
    const segments = segmentIds_BT ? { segmentIds: segmentIds_BT } : {};
    const inputs = { q: queries, k: keys, v: values, ...segments };
    const { output, logSumExp, maxLogits } = runFused('SmolAttention', inputs, attributes);
    if (returnMaxLogits) kept_H = tf.keep(maxLogits as tf.Tensor1D);
    save([...Object.values(inputs), output, logSumExp]);
    const names = [...Object.keys(inputs), 'output', 'logSumExp'];
    return {
      value: output,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const state = Object.fromEntries(names.map((name, index) => [name, saved[index]])) as Saved;
        const { dq, dk, dv } = runFused('SmolAttentionGrad', { dy, ...state }, attributes);
        return [dq, dk, dv];
      },
    };
  });
  const output_BTHK = run(q, k, v) as tf.Tensor4D;
  if (!kept_H) return { output_BTHK };
  // A clone belongs to the caller's tidy, which a tensor made inside customGrad cannot.
  const maxLogits_H = tf.clone(kept_H);
  kept_H.dispose();
  return { output_BTHK, maxLogits_H };
}

/** softmax(scale·q·kᵀ + bias)·v; the query heads that share a key head are folded into its rows, so keys are never repeated. */
function composeAttention(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D, options: ResolvedOptions): AttentionResult {
  const [batch, queries, heads, headDimension] = q.shape;
  const [, keys, groups] = k.shape;
  const rows = (heads / groups) * queries;
  const q_BGRK = tf.reshape(tf.transpose(q, [0, 2, 1, 3]), [batch, groups, rows, headDimension]);
  const k_BGTK = tf.transpose(k, [0, 2, 1, 3]);
  const v_BGTK = tf.transpose(v, [0, 2, 1, 3]);
  const raw_BHQT = tf.reshape(tf.mul(tf.matMul(q_BGRK, k_BGTK, false, true), options.scale), [
    batch,
    heads,
    queries,
    keys,
  ]);
  const capped_BHQT =
    options.softCap > 0 ? tf.mul(tf.tanh(tf.div(raw_BHQT, options.softCap)), options.softCap) : raw_BHQT;
  const bias = attentionBias(queries, keys, options);
  const weights_BHQT = tf.softmax(bias ? tf.add(capped_BHQT, bias) : capped_BHQT);
  const output_BGRK: tf.Tensor4D = tf.matMul(tf.reshape(weights_BHQT, [batch, groups, rows, keys]), v_BGTK);
  const output_BHQK: tf.Tensor4D = tf.reshape(output_BGRK, [batch, heads, queries, headDimension]);
  const output_BTHK = tf.transpose(output_BHQK, [0, 2, 1, 3]);
  if (!options.returnMaxLogits) return { output_BTHK };
  return { output_BTHK, maxLogits_H: tf.max(bias ? tf.add(raw_BHQT, bias) : raw_BHQT, [0, 2, 3]) };
}

function checkInputs(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D, options: ResolvedOptions): void {
  const [batch, queries, heads, headDimension] = q.shape;
  const [keyBatch, keys, groups, keyDimension] = k.shape;
  const shapes = () => `got q [${q.shape}], k [${k.shape}], v [${v.shape}]`;
  checkShape(
    q.rank === 4 && k.rank === 4 && k.shape.join() === v.shape.join(),
    () => `attention: k and v must be [B, T, G, K], ${shapes()}`,
  );
  checkShape(
    batch === keyBatch && headDimension === keyDimension,
    () => `attention: q must be [B, Q, H, K] with the B and K of k, ${shapes()}`,
  );
  checkShape(
    heads % groups === 0,
    () => `attention: the number of query heads must be a multiple of the key heads, ${shapes()}`,
  );
  checkShape(
    queries <= keys,
    () => `attention: queries are the last key positions, so there cannot be more of them, ${shapes()}`,
  );
  const segments = options.segmentIds_BT;
  checkShape(
    !segments || (segments.dtype === 'int32' && segments.shape.join() === `${batch},${keys}`),
    () =>
      `attention: segmentIds must be int32 [${batch}, ${keys}] (one per key), got ${segments?.dtype} [${segments?.shape}]`,
  );
  checkArgument(
    options.slidingWindow >= 0 && options.softCap >= 0,
    () => 'attention: slidingWindow and softCap must not be negative',
  );
}

/** Queries and keys as they meet: normalised, then turned. The queries are at the last positions. */
function prepare(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  { qkNorm, rope: table }: AttentionOptions,
): [tf.Tensor4D, tf.Tensor4D] {
  const { epsilon = 1e-6 } = qkNorm ?? {};
  const normal: [tf.Tensor4D, tf.Tensor4D] = qkNorm
    ? [rmsNorm(q, qkNorm.queryGain_K, epsilon), rmsNorm(k, qkNorm.keyGain_K, epsilon)]
    : [q, k];
  if (!table) return normal;
  const last = (x: tf.Tensor2D) => takeRows(x, x.shape[0] - q.shape[1], q.shape[1]);
  return [rope(normal[0], { cos: last(table.cos), sin: last(table.sin) }), rope(normal[1], table)];
}

/**
 * Grouped-query attention (Ainslie et al. 2023) on tensors laid out as the projections leave them: no transposes needed.
 * There may be fewer queries than keys (decoding with a KV cache): the queries are then the last positions.
 *
 * @param q_BTHK queries `[B, Q, H, K]`
 * @param k_BTGK keys `[B, T, G, K]`, H a multiple of G, Q ≤ T
 * @param v_BTGK values, like the keys
 * @returns output like `q_BTHK`, and on request the largest logit of every head
 * @throws OpsError `SHAPE_MISMATCH` or `INVALID_ARGUMENT` when the inputs don't fit this description
 */
export function attention(
  q_BTHK: tf.Tensor4D,
  k_BTGK: tf.Tensor4D,
  v_BTGK: tf.Tensor4D,
  options: AttentionOptions = {},
): AttentionResult {
  const resolved: ResolvedOptions = {
    causal: options.causal ?? true,
    slidingWindow: options.slidingWindow ?? 0,
    softCap: options.softCap ?? 0,
    scale: options.scale ?? 1 / Math.sqrt(q_BTHK.shape[3]),
    returnMaxLogits: options.returnMaxLogits ?? false,
    segmentIds_BT: options.segmentIds_BT,
  };
  checkInputs(q_BTHK, k_BTGK, v_BTGK, resolved);
  const run = hasFusedKernel('SmolAttention') ? fusedAttention : composeAttention;
  return tf.tidy(() => ({ ...run(...prepare(q_BTHK, k_BTGK, options), v_BTGK, resolved) })) as AttentionResult;
}
