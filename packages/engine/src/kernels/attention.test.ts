import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestError, numericGradient, onWasm, randomValues, runKernel, weighted } from '../fixtures/engine-test.ts';
import { disposeEngine } from '../use-engine.ts';

beforeAll(() => onWasm(2));
afterAll(disposeEngine);

interface Case {
  batch: number;
  queries: number;
  keys: number;
  heads: number;
  groups: number;
  dimension: number;
  causal: boolean;
  slidingWindow: number;
  softCap: number;
  segmentIds?: number[];
}

const BASE: Case = {
  batch: 1,
  queries: 6,
  keys: 6,
  heads: 2,
  groups: 1,
  dimension: 4,
  causal: true,
  slidingWindow: 0,
  softCap: 0,
};
const SCALE = 0.6;

const SMALL: Record<string, Case> = {
  'causal, grouped heads': BASE,
  'full (not causal)': { ...BASE, causal: false },
  'a cache: fewer queries than keys': { ...BASE, batch: 2, queries: 2, keys: 9, dimension: 6 },
  'a sliding window of 3': { ...BASE, slidingWindow: 3 },
  'soft-capped logits': { ...BASE, softCap: 0.7, dimension: 5 },
  'three documents in a row': { ...BASE, batch: 2, segmentIds: [1, 1, 2, 2, 2, 3, 7, 7, 7, 7, 9, 9] },
  'segments that come back, not causal': { ...BASE, causal: false, segmentIds: [1, 2, 1, 2, 3, 1] },
  'everything at once': {
    ...BASE,
    batch: 2,
    heads: 4,
    groups: 2,
    queries: 3,
    slidingWindow: 2,
    softCap: 1,
    segmentIds: [1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 2],
  },
};

const LARGE: Record<string, Case> = {
  'several tiles': { ...BASE, batch: 2, queries: 93, keys: 93, heads: 4, groups: 2, dimension: 20 },
  'several blocks of queries': { ...BASE, queries: 350, keys: 350, dimension: 8 },
  'long documents': {
    ...BASE,
    queries: 130,
    keys: 130,
    segmentIds: Array.from({ length: 130 }, (_, i) => Math.floor(i / 37)),
  },
  'a window over tiles': { ...BASE, queries: 130, keys: 150, slidingWindow: 50, dimension: 16 },
};

function visible(c: Case, batch: number, position: number, key: number): boolean {
  const own = c.segmentIds?.slice(batch * c.keys, (batch + 1) * c.keys);
  return (
    (!c.causal || key <= position) &&
    (c.slidingWindow === 0 || position - key < c.slidingWindow) &&
    (own === undefined || own[key] === own[position])
  );
}

/** Attention by its definition, one query at a time, in f64. */
function attend(c: Case, q: ArrayLike<number>, k: ArrayLike<number>, v: ArrayLike<number>) {
  const output = Array<number>(c.batch * c.queries * c.heads * c.dimension).fill(0);
  const logSumExp = Array<number>(c.batch * c.heads * c.queries).fill(0);
  const maxLogits = Array<number>(c.heads).fill(-Infinity);
  for (let row = 0; row < c.batch * c.queries * c.heads; row++) {
    const head = row % c.heads;
    const query = Math.floor(row / c.heads) % c.queries;
    const batch = Math.floor(row / c.heads / c.queries);
    const group = Math.floor(head / (c.heads / c.groups));
    const at = (key: number) => ((batch * c.keys + key) * c.groups + group) * c.dimension;
    const seen = Array.from({ length: c.keys }, (_, key) => key).filter((key) =>
      visible(c, batch, c.keys - c.queries + query, key),
    );
    const logits = seen.map((key) => {
      let sum = 0;
      for (let i = 0; i < c.dimension; i++) sum += q[row * c.dimension + i] * k[at(key) + i];
      return sum * SCALE;
    });
    maxLogits[head] = Math.max(maxLogits[head], ...logits);
    const capped = logits.map((logit) => (c.softCap > 0 ? c.softCap * Math.tanh(logit / c.softCap) : logit));
    const normaliser = Math.log(capped.reduce((sum, logit) => sum + Math.exp(logit), 0));
    logSumExp[(batch * c.heads + head) * c.queries + query] = normaliser;
    seen.forEach((key, j) => {
      for (let i = 0; i < c.dimension; i++)
        output[row * c.dimension + i] += Math.exp(capped[j] - normaliser) * v[at(key) + i];
    });
  }
  return { output, logSumExp, maxLogits };
}

function setUp(c: Case) {
  const shape = [c.batch, c.queries, c.heads, c.dimension];
  const keyShape = [c.batch, c.keys, c.groups, c.dimension];
  const [q, dy] = ['q', 'dy'].map((name) => randomValues(name, tf.util.sizeFromShape(shape), 2));
  const [k, v] = ['k', 'v'].map((name) => randomValues(name, tf.util.sizeFromShape(keyShape), 2));
  const inputs: Record<string, tf.Tensor> = {
    q: tf.tensor(q, shape),
    k: tf.tensor(k, keyShape),
    v: tf.tensor(v, keyShape),
  };
  if (c.segmentIds !== undefined) inputs['segmentIds'] = tf.tensor2d(c.segmentIds, [c.batch, c.keys], 'int32');
  const attributes = { scale: SCALE, causal: c.causal, slidingWindow: c.slidingWindow, softCap: c.softCap };
  return { q, k, v, dy, inputs, attributes };
}

describe.each(Object.entries({ ...SMALL, ...LARGE }))('SmolAttention with %s', (_, c) => {
  it('equals the definition', () => {
    const { q, k, v, inputs, attributes } = setUp(c);
    const [output, logSumExp, maxLogits] = runKernel('SmolAttention', inputs, attributes);
    const expected = attend(c, q, k, v);
    expect(largestError(output, expected.output)).toBeLessThan(2e-6);
    expect(largestError(logSumExp, expected.logSumExp)).toBeLessThan(2e-6);
    expect(largestError(maxLogits, expected.maxLogits)).toBeLessThan(2e-6);
  });
});

describe.each(Object.entries(SMALL))('SmolAttentionGrad with %s', (_, c) => {
  it('is the gradient of the definition', () => {
    const { q, k, v, dy, inputs, attributes } = setUp(c);
    const { output, logSumExp } = attend(c, q, k, v);
    const saved = {
      dy: tf.tensor(dy, inputs['q'].shape),
      output: tf.tensor(output, inputs['q'].shape),
      logSumExp: tf.tensor(logSumExp, [c.batch, c.heads, c.queries]),
    };
    const [dq, dk, dv] = runKernel('SmolAttentionGrad', { ...inputs, ...saved }, attributes);
    const loss = (a: ArrayLike<number>, b: ArrayLike<number>, d: ArrayLike<number>) =>
      weighted(attend(c, a, b, d).output, dy);
    expect(
      largestError(
        dq,
        numericGradient((at) => loss(at, k, v), q),
      ),
    ).toBeLessThan(3e-6);
    expect(
      largestError(
        dk,
        numericGradient((at) => loss(q, at, v), k),
      ),
    ).toBeLessThan(3e-6);
    expect(
      largestError(
        dv,
        numericGradient((at) => loss(q, k, at), v),
      ),
    ).toBeLessThan(3e-6);
  });
});

/** The gradient formulas of attention-gradient.ts in f64, for cases too large for finite differences. */
function gradients(c: Case, q: Float32Array, k: Float32Array, v: Float32Array, dy: Float32Array) {
  const { output, logSumExp } = attend(c, q, k, v);
  const [dq, dk, dv] = [q, k, v].map((values) => Array<number>(values.length).fill(0));
  for (let row = 0; row < c.batch * c.queries * c.heads; row++) {
    const head = row % c.heads;
    const query = Math.floor(row / c.heads) % c.queries;
    const batch = Math.floor(row / c.heads / c.queries);
    const group = Math.floor(head / (c.heads / c.groups));
    const own = row * c.dimension;
    const slice = (values: ArrayLike<number>, at: number) =>
      Array.from({ length: c.dimension }, (_, i) => values[at + i]);
    const delta = weighted(slice(dy, own), slice(output, own));
    for (let key = 0; key < c.keys; key++) {
      if (!visible(c, batch, c.keys - c.queries + query, key)) continue;
      const at = ((batch * c.keys + key) * c.groups + group) * c.dimension;
      const p = Math.exp(
        SCALE * weighted(slice(q, own), slice(k, at)) - logSumExp[(batch * c.heads + head) * c.queries + query],
      );
      const ds = SCALE * p * (weighted(slice(dy, own), slice(v, at)) - delta);
      for (let i = 0; i < c.dimension; i++) {
        dq[own + i] += ds * k[at + i];
        dk[at + i] += ds * q[own + i];
        dv[at + i] += p * dy[own + i];
      }
    }
  }
  return { output, logSumExp, dq, dk, dv };
}

describe.each(Object.entries(LARGE))('SmolAttentionGrad with %s', (_, c) => {
  it('equals the formulas in f64', () => {
    const { q, k, v, dy, inputs, attributes } = setUp(c);
    const expected = gradients(c, q, k, v, dy);
    const saved = {
      dy: tf.tensor(dy, inputs['q'].shape),
      output: tf.tensor(expected.output, inputs['q'].shape),
      logSumExp: tf.tensor(expected.logSumExp, [c.batch, c.heads, c.queries]),
    };
    const [dq, dk, dv] = runKernel('SmolAttentionGrad', { ...inputs, ...saved }, attributes);
    expect(largestError(dq, expected.dq)).toBeLessThan(3e-6);
    expect(largestError(dk, expected.dk)).toBeLessThan(3e-6);
    expect(largestError(dv, expected.dv)).toBeLessThan(3e-6);
  });
});

it('SmolAttention never holds the scores of all queries', async () => {
  const backend = await onWasm(1);
  const [q, k, v] = ['q', 'k', 'v'].map(() => tf.zeros([1, 2048, 1, 8]));
  const before = backend.heap.usedBytes;
  tf.engine().runKernel('SmolAttention', { q, k, v }, { scale: 1, causal: true, slidingWindow: 0, softCap: 0 });
  expect(backend.heap.usedBytes - before).toBeLessThan(2048 * 2048);
});
