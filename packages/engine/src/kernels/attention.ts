import * as tf from '@tensorflow/tfjs-core';
import type { HeapBackend } from '../heap/heap-backend.ts';
import { assertTensor } from './kernel.ts';
import type { Attributes, EngineKernel, Inputs } from './kernel.ts';

/** Sizes of a call: q `[B, Tq, H, K]`, k and v `[B, Tk, G, K]`. */
export interface AttentionShape {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly groups: number;
  readonly dimension: number;
}

/** How an engine computes attention; both are given the arguments of its compiled loop. */
export interface AttentionLoops<Backend extends HeapBackend> {
  /** Into how many blocks the queries of a head are cut, each with a largest logit of its own. */
  readonly queryBlocks: (backend: Backend, shape: AttentionShape) => number;
  /** q, k, v, segmentIds (0 if none), output, logSumExp [B, H, Tq], maxima [B, H, blocks], settings… */
  readonly forward: (backend: Backend, shape: AttentionShape, args: number[]) => void;
  /** dy, q, k, v, output, logSumExp, segmentIds (0 if none), dq, dk, dv, settings… */
  readonly gradient: (backend: Backend, shape: AttentionShape, args: number[]) => void;
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

/** The arguments both loops end with. */
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

function segmentAddress(backend: HeapBackend, { segmentIds }: Inputs): number {
  return segmentIds ? backend.address(segmentIds) : 0;
}

/** [B, H, blocks] → [H]; frees its input. */
function maxima(backend: HeapBackend, blockMaxima: tf.TensorInfo, heads: number): tf.TensorInfo {
  const blocks = blockMaxima.shape[2];
  const result = new Float32Array(heads).fill(-Infinity);
  backend.values(blockMaxima).forEach((value, i) => {
    const head = Math.floor(i / blocks) % heads;
    result[head] = Math.max(result[head], value);
  });
  backend.disposeIntermediateTensorInfo(blockMaxima);
  return backend.makeTensorInfo([heads], 'float32', result);
}

/** {q, k, v, segmentIds?}, {scale, causal, slidingWindow, softCap} → [output, logSumExp [B, H, Tq], maxLogits [H]] */
function attention<Backend extends HeapBackend>(loops: AttentionLoops<Backend>): EngineKernel<Backend> {
  return {
    name: 'SmolAttention',
    run(backend, inputs, attributes) {
      const shape = shapeOf(inputs);
      const { batch, queries, heads } = shape;
      const output = backend.output(inputs.q.shape);
      const logSumExp = backend.output([batch, heads, queries]);
      const blockMaxima = backend.output([batch, heads, loops.queryBlocks(backend, shape)]);
      loops.forward(backend, shape, [
        ...backend.addresses(inputs.q, inputs.k, inputs.v),
        segmentAddress(backend, inputs),
        output.address,
        logSumExp.address,
        blockMaxima.address,
        ...settings(shape, attributes),
      ]);
      return [output.tensor, logSumExp.tensor, maxima(backend, blockMaxima.tensor, heads)];
    },
  };
}

/** {dy, q, k, v, output, logSumExp, segmentIds?}, same attributes → [dq, dk, dv] */
function attentionGradient<Backend extends HeapBackend>(loops: AttentionLoops<Backend>): EngineKernel<Backend> {
  return {
    name: 'SmolAttentionGrad',
    run(backend, inputs, attributes) {
      const shape = shapeOf(inputs);
      const { dy, q, k, v, output, logSumExp } = inputs;
      assertTensor('attention gradient: dy', dy, q.shape);
      assertTensor('attention gradient: output', output, q.shape);
      assertTensor('attention gradient: logSumExp', logSumExp, [shape.batch, shape.heads, shape.queries]);
      const gradients = [q, k, v].map((tensor) => backend.output(tensor.shape));
      loops.gradient(backend, shape, [
        ...backend.addresses(dy, q, k, v, output, logSumExp),
        segmentAddress(backend, inputs),
        ...gradients.map(({ address }) => address),
        ...settings(shape, attributes),
      ]);
      return gradients.map(({ tensor }) => tensor);
    },
  };
}

/** Attention and its gradient on the loops of an engine. */
export function attentionKernels<Backend extends HeapBackend>(loops: AttentionLoops<Backend>): EngineKernel<Backend>[] {
  return [attention(loops), attentionGradient(loops)];
}
