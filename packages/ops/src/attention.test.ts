import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { attention, ropeTable } from './index.ts';
import type { AttentionOptions } from './index.ts';
import * as reference from './fixtures/attention.ts';
import { rmsNorm as normalise } from './fixtures/rms-norm.ts';
import { rope as turn } from './fixtures/rope.ts';
import { describeBothPaths, difference, gradientDifference, randomValues, tensor } from './fixtures/testing.ts';
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

interface Case extends Omit<AttentionOptions, 'segmentIds_BT'> {
  name: string;
  queries?: number;
  heads?: number;
  groups?: number;
  segments?: number[];
}

const [BATCH, KEYS, WIDTH] = [2, 6, 4];
const CASES: Case[] = [
  { name: 'causal' },
  { name: 'not causal', causal: false },
  { name: 'grouped queries', heads: 6, groups: 2 },
  { name: 'documents', segments: [0, 0, 1, 1, 1, 2, 5, 5, 5, 5, 4, 4] },
  { name: 'sliding window of 2', slidingWindow: 2 },
  { name: 'soft cap', softCap: 0.5, scale: 2 },
  { name: 'fewer queries than keys', queries: 2 },
  {
    name: 'everything',
    queries: 4,
    heads: 4,
    groups: 2,
    segments: [0, 0, 0, 1, 1, 1, 3, 3, 3, 3, 3, 9],
    slidingWindow: 3,
    softCap: 2,
    scale: 1.5,
  },
];

function setUp(testCase: Case) {
  const { queries = KEYS, heads = 2, groups = 2, segments } = testCase;
  const { causal = true, slidingWindow = 0, softCap = 0, scale = 0.5 } = testCase;
  const sizes = { batch: BATCH, queries, keys: KEYS, heads, groups, headDimension: WIDTH };
  const settings = { ...sizes, segmentIds: segments, scale, causal, slidingWindow, softCap };
  const inputs: [Float64Array, number[]][] = [
    [randomValues(BATCH * queries * heads * WIDTH, 10), [BATCH, queries, heads, WIDTH]],
    [randomValues(BATCH * KEYS * groups * WIDTH, 11), [BATCH, KEYS, groups, WIDTH]],
    [randomValues(BATCH * KEYS * groups * WIDTH, 12), [BATCH, KEYS, groups, WIDTH]],
  ];
  const segmentIds_BT = segments && tf.tensor2d(segments, [BATCH, KEYS], 'int32');
  const [q, k, v] = inputs.map(([values, shape]) => tensor<Tensor4D>(values, shape));
  return { settings, inputs, q, k, v, options: { causal, slidingWindow, softCap, scale, segmentIds_BT } };
}

describeBothPaths('attention', () => {
  it.each(CASES)('equals the f64 definition: $name', (testCase) => {
    const { settings, inputs, q, k, v, options } = setUp(testCase);
    const expected = reference.attention(inputs[0][0], inputs[1][0], inputs[2][0], settings);
    const { output_BTHK, maxLogits_H } = attention(q, k, v, { ...options, returnMaxLogits: true });
    expect(difference(output_BTHK, expected.output)).toBeLessThan(2e-5);
    expect(difference(maxLogits_H!, expected.maxLogits)).toBeLessThan(2e-5);
  });

  it.each(CASES)('has the gradients that finite differences give: $name', (testCase) => {
    const { settings, inputs, options } = setUp(testCase);
    expect(
      gradientDifference(
        (q, k, v) => attention(q as Tensor4D, k as Tensor4D, v as Tensor4D, options).output_BTHK,
        (q, k, v) => reference.attention(q, k, v, settings).output,
        inputs,
      ),
    ).toBeLessThan(1e-4);
  });

  it('gives packed documents what each would get alone', () => {
    const { q, k, v } = setUp({ name: 'packed', heads: 4, groups: 2 });
    const lengths = [1, 3, 2];
    const segments = lengths.flatMap((length, id) => Array<number>(length).fill(id));
    const segmentIds_BT: Tensor2D = tf.tensor2d([segments, segments], [BATCH, KEYS], 'int32');
    const packed = attention(q, k, v, { segmentIds_BT }).output_BTHK;
    const alone = lengths.map((length, id) => {
      const cut = (x: Tensor4D) => tf.slice(x, [0, segments.indexOf(id), 0, 0], [-1, length, -1, -1]);
      return attention(cut(q), cut(k), cut(v)).output_BTHK;
    });
    expect(difference(packed, tf.concat(alone, 1).dataSync())).toBeLessThan(1e-6);
  });

  it('treats a group of query heads as if its key head were repeated', () => {
    const { q, k, v } = setUp({ name: 'grouped', heads: 6, groups: 2 });
    const repeat = (x: Tensor4D) => tf.gather(x, tf.tensor1d([0, 0, 0, 1, 1, 1], 'int32'), 2);
    expect(
      difference(attention(q, k, v).output_BTHK, attention(q, repeat(k), repeat(v)).output_BTHK.dataSync()),
    ).toBeLessThan(1e-6);
  });

  it('decodes: the last queries alone get the last rows of the whole', () => {
    const { q, k, v } = setUp({ name: 'decode' });
    const last = tf.slice(q, [0, KEYS - 2, 0, 0], [-1, 2, -1, -1]);
    const whole = tf.slice(attention(q, k, v).output_BTHK, [0, KEYS - 2, 0, 0], [-1, 2, -1, -1]);
    expect(difference(attention(last, k, v).output_BTHK, whole.dataSync())).toBeLessThan(1e-6);
  });

  it('normalises queries and keys before it turns them: the gradients of all, gains too', () => {
    const { settings, inputs } = setUp({ name: 'QK-norm', queries: 4, heads: 4, groups: 2 });
    const table = ropeTable({ length: KEYS, headDimension: WIDTH, theta: 100 });
    const [cos, sin] = [table.cos, table.sin].map((x) => Float64Array.from(x.dataSync()));
    const gains: [Float64Array, number[]][] = [
      [randomValues(WIDTH, 13), [WIDTH]],
      [randomValues(WIDTH, 14), [WIDTH]],
    ];
    const meet = (x: Float64Array, gain: Float64Array, shape: number[], from: number) => {
      const rows = (values: Float64Array) => values.subarray((from * WIDTH) / 2);
      return turn(normalise(x, gain, 1e-6).y, shape, rows(cos), rows(sin), false);
    };
    expect(
      gradientDifference(
        (q, k, v, queryGain_K, keyGain_K) =>
          attention(q as Tensor4D, k as Tensor4D, v as Tensor4D, {
            ...settings,
            qkNorm: { queryGain_K, keyGain_K },
            rope: table,
          }).output_BTHK,
        (q, k, v, queryGain, keyGain) => {
          const queries = meet(q, queryGain, inputs[0][1], KEYS - settings.queries);
          return reference.attention(queries, meet(k, keyGain, inputs[1][1], 0), v, settings).output;
        },
        [...inputs, ...gains],
      ),
    ).toBeLessThan(1e-4);
  });

  it('does not see the size of queries and keys when it normalises them', () => {
    const { q, k, v } = setUp({ name: 'sizes' });
    const qkNorm = { queryGain_K: tf.ones([WIDTH]), keyGain_K: tf.ones([WIDTH]), epsilon: 0 };
    const [small, large] = [1, 50].map((factor) => attention(tf.mul(q, factor), tf.mul(k, factor), v, { qkNorm }));
    expect(difference(large.output_BTHK, small.output_BTHK.dataSync())).toBeLessThan(1e-6);
  });

  it('leaves only its outputs behind, with and without a gradient', () => {
    const { q, k, v } = setUp({ name: 'memory' });
    const before = tf.memory().numTensors;
    tf.dispose({ ...attention(q, k, v, { returnMaxLogits: true }) });
    tf.dispose(tf.grad((x) => tf.sum(attention(x as Tensor4D, k, v, { returnMaxLogits: true }).output_BTHK))(q));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('attention', () => {
  const { q, k, v } = setUp({ name: 'checks' });

  it('says which shapes do not fit', () => {
    expect(() => attention(q, tf.ones([2, 6, 2, 5]), tf.ones([2, 6, 2, 5]))).toThrow('got q [2,6,2,4], k [2,6,2,5]');
    expect(() => attention(q, tf.ones([2, 5, 2, 4]), tf.ones([2, 5, 2, 4]))).toThrow(
      'queries are the last key positions',
    );
    expect(() => attention(q, tf.ones([2, 6, 3, 4]), tf.ones([2, 6, 3, 4]))).toThrow('multiple of the key heads');
    expect(() => attention(q, k, v, { segmentIds_BT: tf.zeros([2, 5], 'int32') })).toThrow(
      'segmentIds must be int32 [2, 6]',
    );
  });
});
