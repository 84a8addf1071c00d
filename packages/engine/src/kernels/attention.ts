import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../wasm/wasm-backend.ts';
import { assertTensor } from './kernel.ts';
import type { Attributes, EngineKernel, Inputs } from './kernel.ts';

/** Sizes of a call: q `[B, Tq, H, K]`, k and v `[B, Tk, G, K]`. */
interface AttentionShape {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly groups: number;
  readonly dimension: number;
}

function shapeOf({ q, k, v, segmentIds }: Inputs): AttentionShape {
  const [batch, queries, heads, dimension] = q.shape;
  const [, keys, groups] = k.shape;
  tf.util.assert(heads % groups === 0, () => `attention: ${heads} query heads cannot share ${groups} key/value heads`);
  tf.util.assert(queries <= keys, () => `attention: ${queries} queries, but only ${keys} keys`);
  assertTensor('attention: q', q, [batch, queries, heads, dimension]);
  for (const [name, tensor] of Object.entries({ k, v })) {
    assertTensor(`attention: ${name}`, tensor, [batch, keys, groups, dimension]);
  }
  if (segmentIds) assertTensor('attention: segmentIds', segmentIds, [batch, keys], 'int32');
  return { batch, queries, keys, heads, groups, dimension };
}

/** The arguments both kernels end with, before the scratch area. */
function settings(shape: AttentionShape, { scale, causal, slidingWindow, softCap }: Attributes): number[] {
  return [
    shape.queries,
    shape.keys,
    shape.heads,
    shape.groups,
    shape.dimension,
    scale as number,
    causal === true ? 1 : 0,
    slidingWindow as number,
    softCap as number,
  ];
}

function segmentAddress(backend: WasmBackend, { segmentIds }: Inputs): number {
  return segmentIds ? backend.address(segmentIds) : 0;
}

/** {q, k, v, segmentIds?}, {scale, causal, slidingWindow, softCap} → [output, logSumExp [B, H, Tq], maxLogits [H]] */
const attention: EngineKernel = {
  name: 'SmolAttention',
  run(backend, inputs, attributes) {
    const shape = shapeOf(inputs);
    const { batch, queries, keys, heads, groups, dimension } = shape;
    const output = backend.output(inputs.q.shape);
    const logSumExp = backend.output([batch, heads, queries]);
    const { exports } = backend.pool;
    const blocks = exports.attentionQueryBlocks(queries);
    const scratchBytes = exports.attentionScratchBytes(queries, keys, dimension);
    const blockMaxima = backend.output([batch, heads, blocks]);
    const args = [
      ...backend.addresses(inputs.q, inputs.k, inputs.v),
      segmentAddress(backend, inputs),
      output.address,
      logSumExp.address,
      blockMaxima.address,
      ...settings(shape, attributes),
      backend.scratch(scratchBytes),
      scratchBytes,
    ];
    backend.pool.run('attention', batch * groups * blocks, 1, ...args);
    return [output.tensor, logSumExp.tensor, maxima(backend, blockMaxima.tensor, heads)];
  },
};

/** [B, H, blocks] → [H]; frees its input. */
function maxima(backend: WasmBackend, blockMaxima: tf.TensorInfo, heads: number): tf.TensorInfo {
  const blocks = blockMaxima.shape[2];
  const result = new Float32Array(heads).fill(-Infinity);
  backend.values(blockMaxima).forEach((value, i) => {
    const head = Math.floor(i / blocks) % heads;
    result[head] = Math.max(result[head], value);
  });
  backend.disposeIntermediateTensorInfo(blockMaxima);
  return backend.makeTensorInfo([heads], 'float32', result);
}

/** {dy, q, k, v, output, logSumExp, segmentIds?}, same attributes → [dq, dk, dv] */
const attentionGradient: EngineKernel = {
  name: 'SmolAttentionGrad',
  run(backend, inputs, attributes) {
    const shape = shapeOf(inputs);
    const { dy, q, k, v, output, logSumExp } = inputs;
    assertTensor('attention gradient: dy', dy, q.shape);
    assertTensor('attention gradient: output', output, q.shape);
    const gradients = [q, k, v].map((tensor) => backend.output(tensor.shape));
    const scratchBytes = backend.pool.exports.attentionGradientScratchBytes(shape.queries, shape.keys, shape.dimension);
    const args = [
      ...backend.addresses(dy, q, k, v, output, logSumExp),
      segmentAddress(backend, inputs),
      ...gradients.map(({ address }) => address),
      ...settings(shape, attributes),
      backend.scratch(scratchBytes),
      scratchBytes,
    ];
    backend.pool.run('attentionGradient', shape.batch * shape.groups, 1, ...args);
    return gradients.map(({ tensor }) => tensor);
  },
};

export const attentionKernels: EngineKernel[] = [attention, attentionGradient];
