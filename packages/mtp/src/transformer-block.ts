import { attention, linear, rmsNorm, rope, ropeTable, swiglu } from '@smol/ops';
import { RandomStream } from '@smol/random';
import * as tf from '@tensorflow/tfjs-core';
import { newGain, newMatrix, type HeadBlock, type HeadBlockFactory } from './head-block.ts';
import { checkCount, MtpError } from './mtp-error.ts';
import { stackTransformer } from './stacked-transformer.ts';

// B batch, T time, D model width, H query heads, G key/value heads, K head dimension, F feed-forward width.

/** Options of {@link transformerBlock}. */
export interface TransformerBlockOptions {
  /** D */
  dimension: number;
  /** H */
  queryHeads: number;
  /** G, default H */
  keyValueHeads?: number;
  /** K, default D / H */
  headDimension?: number;
  /** F */
  feedForward: number;
  /** base of the rotary wavelengths, default 10 000 */
  ropeTheta?: number;
  /** of RMSNorm, default 1e-6 */
  epsilon?: number;
  /** standard deviation of new weights, default 0.02 */
  initializerRange?: number;
  /** every weight is a function of the seed, the head and its name */
  seed: number;
}

/** Options with their defaults. */
export type ResolvedBlockOptions = Required<TransformerBlockOptions>;

/** Shapes of the matrices, [out, in], under Hugging Face's names; those that lead back into the residual stream start at zero. */
function matrixShapes({
  dimension: D,
  queryHeads,
  keyValueHeads,
  headDimension,
  feedForward: F,
}: ResolvedBlockOptions) {
  const [HK, GK] = [queryHeads * headDimension, keyValueHeads * headDimension];
  return {
    'self_attn.q_proj.weight': { shape: [HK, D], zero: false },
    'self_attn.k_proj.weight': { shape: [GK, D], zero: false },
    'self_attn.v_proj.weight': { shape: [GK, D], zero: false },
    'self_attn.o_proj.weight': { shape: [D, HK], zero: true },
    'mlp.gate_proj.weight': { shape: [F, D], zero: false },
    'mlp.up_proj.weight': { shape: [F, D], zero: false },
    'mlp.down_proj.weight': { shape: [D, F], zero: true },
  } satisfies Record<string, { shape: [number, number]; zero: boolean }>;
}

function newParameters(options: ResolvedBlockOptions, head: number): Map<string, tf.Variable> {
  const matrices = Object.entries(matrixShapes(options)).map(([name, { shape, zero }]): [string, tf.Variable] => {
    const stream = new RandomStream(options.seed, `mtp.heads.${head}.${name}`);
    return [name, newMatrix(shape, zero ? undefined : stream.normals(shape[0] * shape[1], options.initializerRange))];
  });
  const gains = ['input_layernorm.weight', 'post_attention_layernorm.weight', 'norm.weight'].map(
    (name): [string, tf.Variable] => [name, newGain(options.dimension)],
  );
  return new Map([...matrices, ...gains]);
}

function selfAttention(
  x_BTD: tf.Tensor3D,
  weight: (name: string) => tf.Variable,
  options: ResolvedBlockOptions,
  segmentIds_BT?: tf.Tensor2D,
): tf.Tensor3D {
  const { queryHeads, keyValueHeads, headDimension, ropeTheta } = options;
  const [batch, time] = x_BTD.shape;
  const project = (name: string, heads: number): tf.Tensor4D =>
    tf.reshape(linear(x_BTD, weight(`self_attn.${name}.weight`)), [batch, time, heads, headDimension]);
  const table = ropeTable({ length: time, headDimension, theta: ropeTheta });
  const q_BTHK = rope(project('q_proj', queryHeads), table);
  const k_BTGK = rope(project('k_proj', keyValueHeads), table);
  const { output_BTHK } = attention(q_BTHK, k_BTGK, project('v_proj', keyValueHeads), { segmentIds_BT });
  return linear(
    tf.reshape(output_BTHK, [batch, time, queryHeads * headDimension]),
    weight('self_attn.o_proj.weight'),
  ) as tf.Tensor3D;
}

function feedForward(x_BTD: tf.Tensor3D, weight: (name: string) => tf.Variable): tf.Tensor3D {
  const gated = swiglu(linear(x_BTD, weight('mlp.gate_proj.weight')), linear(x_BTD, weight('mlp.up_proj.weight')));
  return linear(gated, weight('mlp.down_proj.weight')) as tf.Tensor3D;
}

/**
 * A head as in Meta's paper: one transformer layer (causal grouped-query attention with RoPE, then SwiGLU, both
 * residual), then a norm. Its two output projections start at zero, so that a new head says what the trunk says.
 *
 * @returns a factory for `ParallelHeads`
 * @throws MtpError `BAD_OPTION`
 */
export function transformerBlock(options: TransformerBlockOptions): HeadBlockFactory {
  const resolved = resolveOptions(options);
  const create = (head: number): HeadBlock => {
    const parameters = newParameters(resolved, head);
    const weight = (name: string) => parameters.get(name) as tf.Variable;
    const normalize = (x_BTD: tf.Tensor3D, name: string) => rmsNorm(x_BTD, weight(`${name}.weight`), resolved.epsilon);
    return {
      parameters,
      apply: (hidden_BTD, segmentIds_BT) =>
        tf.tidy(() => {
          const attended_BTD = selfAttention(normalize(hidden_BTD, 'input_layernorm'), weight, resolved, segmentIds_BT);
          const middle_BTD = tf.add(hidden_BTD, attended_BTD) as tf.Tensor3D;
          const fed_BTD = feedForward(normalize(middle_BTD, 'post_attention_layernorm'), weight);
          return normalize(tf.add(middle_BTD, fed_BTD), 'norm');
        }),
    };
  };
  return Object.assign(create, { stack: (blocks: readonly HeadBlock[]) => stackTransformer(blocks, resolved) });
}

function resolveOptions(options: TransformerBlockOptions): ResolvedBlockOptions {
  const { dimension, queryHeads } = options;
  const defaults = {
    keyValueHeads: queryHeads,
    headDimension: dimension / queryHeads,
    ropeTheta: 1e4,
    epsilon: 1e-6,
    initializerRange: 0.02,
  };
  const resolved = { ...defaults, ...options };
  for (const name of ['dimension', 'queryHeads', 'keyValueHeads', 'headDimension', 'feedForward'] as const)
    checkCount(name, resolved[name]);
  if (queryHeads % resolved.keyValueHeads === 0) return resolved;
  throw new MtpError(
    'BAD_OPTION',
    `queryHeads must be a multiple of keyValueHeads, got ${queryHeads} and ${resolved.keyValueHeads}`,
  );
}
