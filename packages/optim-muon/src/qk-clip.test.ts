import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MuonClip } from './muon-clip.ts';
import { qkClip, qkClipFactors } from './qk-clip.ts';

beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

// T time, D model width, K head dimension 4; four query heads share two key heads
const headDimension = 4;
const x_TD = () => tf.randomNormal([7, 8], 0, 3, 'float32', 5);

/** Largest scaled logit of every query head, straight from the definition. */
function maxLogits(query_HKxD: tf.Tensor, key_GKxD: tf.Tensor): number[] {
  const [queryHeads, keyHeads] = [query_HKxD.shape[0] / headDimension, key_GKxD.shape[0] / headDimension];
  return Array.from({ length: queryHeads }, (_, head) => {
    const project = (weight: tf.Tensor, row: number) =>
      tf.matMul(x_TD() as tf.Tensor2D, tf.slice(weight, [row, 0], [headDimension, -1]) as tf.Tensor2D, false, true);
    const query = project(query_HKxD, head * headDimension);
    const key = project(key_GKxD, Math.floor((head * keyHeads) / queryHeads) * headDimension);
    return tf.max(tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(headDimension))).arraySync() as number;
  });
}

describe('qkClipFactors', () => {
  it('halves a logit of 200 at threshold 100 and leaves smaller ones alone', () => {
    expect([...qkClipFactors([200, 100, 99], 3, 100)]).toEqual([0.5, 1, 1]);
  });

  it('takes the smallest factor of a group (golden: [50, 200, 80, 120] → 0.5)', () => {
    expect([...qkClipFactors([50, 200, 80, 120], 1, 100)]).toEqual([0.5]);
  });

  it('ignores logits that are no numbers', () => {
    expect([...qkClipFactors([Number.NaN, Infinity, -Infinity], 3, 100)]).toEqual([1, 1, 1]);
  });
});

describe('qkClip', () => {
  it('brings the largest logit of the same batch to the threshold exactly', () => {
    const layer = {
      query_HKxD: tf.variable(tf.randomNormal([16, 8], 0, 2, 'float32', 1)),
      key_GKxD: tf.variable(tf.randomNormal([8, 8], 0, 2, 'float32', 2)),
    };
    const before = maxLogits(layer.query_HKxD, layer.key_GKxD);
    const threshold = Math.max(...before.slice(0, 2)) / 2; // clips the first group, maybe the second
    const report = qkClip(layer, before, { headDimension, threshold });
    const after = maxLogits(layer.query_HKxD, layer.key_GKxD);
    expect(Math.max(...after.slice(0, 2))).toBeCloseTo(threshold, 3);
    expect(Math.max(...after)).toBeLessThan(threshold * (1 + 1e-5));
    expect(report.clippedHeads).toBeGreaterThanOrEqual(2);
    expect(report.smallestFactor).toBeLessThanOrEqual(0.5);
  });

  it('scales query rows and key rows by √γ each (golden: γ = 0.5 → 0.70710678)', () => {
    const layer = { query_HKxD: tf.variable(tf.ones([8, 2])), key_GKxD: tf.variable(tf.ones([4, 2])) };
    qkClip(layer, [200, 10], { headDimension });
    for (const value of [...layer.query_HKxD.dataSync(), ...layer.key_GKxD.dataSync()])
      expect(value).toBeCloseTo(Math.SQRT1_2, 7);
  });

  it('touches nothing below the threshold', () => {
    const layer = { query_HKxD: tf.variable(tf.ones([8, 2])), key_GKxD: tf.variable(tf.ones([4, 2])) };
    expect(qkClip(layer, [99, -3], { headDimension })).toEqual({ clippedHeads: 0, smallestFactor: 1 });
    expect([...layer.query_HKxD.dataSync()].every((value) => value === 1)).toBe(true);
  });

  it('refuses heads that do not fit the weights', () => {
    const layer = { query_HKxD: tf.variable(tf.ones([8, 2])), key_GKxD: tf.variable(tf.ones([4, 2])) };
    expect(() => qkClip(layer, [1, 2, 3], { headDimension })).toThrow(
      '3 logits with head dimension 4 need query rows 12',
    );
  });
});

describe('MuonClip', () => {
  const names = [0, 1].flatMap((layer) =>
    ['q_proj', 'k_proj'].map((kind) => `model.layers.${layer}.self_attn.${kind}.weight`),
  );
  const make = (kept = names) => new Map(kept.map((name) => [name, tf.variable(tf.ones([4, 2]))]));

  it('clips every layer by its own logits', () => {
    const parameters = make();
    const clip = new MuonClip(parameters, { learningRate: 0.02, scaling: 'moonlight', headDimension });
    expect(clip.qkClip([[50], [400]])).toEqual({ clippedHeads: 1, smallestFactor: 0.25, clippedByLayer: [0, 1] });
    const firstValues = names.map((name) => parameters.get(name)!.dataSync()[0]);
    expect(firstValues).toEqual([1, 1, 0.5, 0.5]);
  });

  it('says which partner or which layer is missing', () => {
    const options = { learningRate: 0.02, scaling: 'moonlight', headDimension } as const;
    expect(() => new MuonClip(make(names.slice(0, 1)), options)).toThrow(
      'has no partner model.layers.0.self_attn.k_proj.weight',
    );
    expect(() => new MuonClip(make(['up_proj.weight']), options)).toThrow('found no parameter named like');
    expect(() => new MuonClip(make(), options).qkClip([[1]])).toThrow('must have 2 entries, one a layer, got 1');
  });
});
