import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Muon, type MuonOptions } from './muon.ts';
import { splitFused, splitHeads } from './split-matrix.ts';

beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const base: MuonOptions = { learningRate: 0.02, scaling: 'moonlight' };
const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);
const q = 'model.layers.0.self_attn.q_proj.weight';
const o = 'model.layers.0.self_attn.o_proj.weight';

/** What a step of Muon moves zeros by. */
function updateOf(name: string, gradient: tf.Tensor, options: Partial<MuonOptions>): tf.Tensor {
  const parameters = new Map([[name, tf.variable(tf.zeros(gradient.shape))]]);
  new Muon(parameters, { ...base, ...options }).step(new Map([[name, gradient]]));
  return parameters.get(name) as tf.Tensor;
}
const gap = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0];

describe('splitHeads', () => {
  it('orthogonalises each head of a projection on its own', () => {
    const gradient = normal([12, 8], 1);
    const heads = tf.split(gradient, 3, 0).map((head) => updateOf('w', head, {}));
    const scale = Math.sqrt(12 / 8); // the scale is that of the whole matrix: 0.2·√max(12, 8) against 0.2·√max(4, 8)
    expect(gap(updateOf(q, gradient, { split: splitHeads(4) }), tf.mul(tf.concat(heads, 0), scale))).toBeLessThan(1e-6);
    expect(gap(updateOf(q, gradient, {}), updateOf(q, gradient, { split: splitHeads(4) }))).toBeGreaterThan(1e-3);
  });

  it('cuts the output projection along its columns, and leaves other matrices whole', () => {
    const gradient = normal([8, 12], 2);
    const heads = tf.split(gradient, 3, 1).map((head) => updateOf('w', head, {}));
    const scale = Math.sqrt(12 / 8);
    expect(gap(updateOf(o, gradient, { split: splitHeads(4) }), tf.mul(tf.concat(heads, 1), scale))).toBeLessThan(1e-6);
    expect(gap(updateOf('mlp.up_proj.weight', gradient, { split: splitHeads(4) }), updateOf('w', gradient, {}))).toBe(
      0,
    );
  });
});

describe('splitFused', () => {
  it('takes a fused projection apart, whatever the sizes of its parts', () => {
    const gradient = normal([12, 6], 3);
    const split = splitFused({ 'qkv_proj.weight': [8, 2, 2] });
    const parts = tf
      .split(gradient, [8, 2, 2], 0)
      .map((part) => tf.mul(updateOf('w', part, { scaling: 'keller' }), 1 / Math.sqrt(Math.max(1, part.shape[0] / 6))));
    const expected = tf.mul(tf.concat(parts, 0), Math.sqrt(2));
    expect(gap(updateOf('attn.qkv_proj.weight', gradient, { split, scaling: 'keller' }), expected)).toBeLessThan(1e-6);
  });

  it('must make up the whole matrix', () => {
    const split = splitFused({ w: [8, 2] });
    expect(() => updateOf('w', normal([12, 6], 1), { split })).toThrow(
      'w: a split along axis 0 must make up its 12, got [8,2]',
    );
  });
});

describe('Muon with blocks', () => {
  it('does not depend on how they are stacked, and leaks nothing', () => {
    const gradients = new Map([
      [q, normal([12, 8], 1)],
      [o, normal([8, 12], 2)],
      ['mlp.up_proj.weight', normal([16, 8], 3)],
    ]);
    const run = (maximumStackElements: number) => {
      const parameters = new Map(
        [...gradients].map(([name, { shape }], seed) => [name, tf.variable(normal(shape, seed + 1))]),
      );
      const muon = new Muon(parameters, {
        ...base,
        maximumStackElements,
        split: splitHeads(4),
        normalization: 'normuon',
        weightDecay: 0.1,
      });
      const before = tf.memory().numTensors;
      for (let step = 0; step < 3; step++) muon.step(gradients);
      expect(tf.memory().numTensors).toBe(before);
      return [...parameters.values()].map((parameter) => Array.from(parameter.dataSync()));
    };
    expect(run(2 ** 24)).toEqual(run(1));
  });
});

describe('NorMuon', () => {
  /** The rule in plain numbers on an update U: v, then rows by √v, then the norm of U. */
  function slowNorMuon(
    update: number[][],
    variance: number[],
    beta2: number,
  ): { update: number[][]; variance: number[] } {
    const mean = update.map((row) => row.reduce((sum, x) => sum + x * x, 0) / row.length);
    const next = variance.map((v, row) => beta2 * v + (1 - beta2) * mean[row]);
    const scaled = update.map((row, index) => row.map((x) => x / (Math.sqrt(next[index]) + 1e-8)));
    const norm = (rows: number[][]) => Math.hypot(...rows.flat());
    return { update: scaled.map((row) => row.map((x) => (x * norm(update)) / norm(scaled))), variance: next };
  }

  it('evens out the rows of the orthogonal update and keeps its norm', () => {
    const parameters = new Map([['w', tf.variable(tf.zeros([6, 4]))]]);
    const plain = new Map([['w', tf.variable(tf.zeros([6, 4]))]]);
    const muon = new Muon(parameters, { ...base, normalization: 'normuon' });
    const bare = new Muon(plain, base);
    let variance = Array<number>(6).fill(0);
    const scale = 0.02 * 0.2 * Math.sqrt(6);
    for (const seed of [1, 2, 3]) {
      const before = [parameters, plain].map((one) => one.get('w')!.arraySync() as number[][]);
      for (const one of [muon, bare]) one.step(new Map([['w', normal([6, 4], seed)]]));
      const moved = [parameters, plain].map((one, index) =>
        (one.get('w')!.arraySync() as number[][]).map((row, r) => row.map((x, c) => (before[index][r][c] - x) / scale)),
      );
      const expected = slowNorMuon(moved[1], variance, 0.95);
      ({ variance } = expected);
      moved[0].flat().forEach((x, index) => expect(x).toBeCloseTo(expected.update.flat()[index], 4));
    }
    expect(muon.state().get('w.variance')!.shape).toEqual([6, 1]);
  });

  it('refuses another word', () => {
    expect(() => updateOf('w', normal([2, 2], 1), { normalization: 'rows' as 'none' })).toThrow(
      'normalization must be one of none, normuon, got rows',
    );
  });
});
