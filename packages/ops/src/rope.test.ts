import { describe, expect, it } from 'vitest';
import { rope, ropeFrequencies, ropeTable } from './index.ts';
import * as reference from './fixtures/rope.ts';
import { describeBothPaths, difference, gradientDifference, randomValues, tensor } from './fixtures/testing.ts';
import type { Tensor4D } from '@tensorflow/tfjs-core';

const SHAPE = [2, 5, 3, 8];
const x = randomValues(2 * 5 * 3 * 8, 3);

function f64Table(length: number, start = 0) {
  const frequencies = ropeFrequencies({ headDimension: 8, theta: 10_000 });
  const angles = Float64Array.from(
    { length: length * 4 },
    (_, index) => (start + Math.floor(index / 4)) * frequencies[index % 4],
  );
  return { cos: angles.map(Math.cos), sin: angles.map(Math.sin) };
}

describeBothPaths('rope', () => {
  const definition = (values: Float64Array) => reference.rope(values, SHAPE, f64Table(5).cos, f64Table(5).sin);

  it('turns element i with element i + K/2 by the angle of its position', () => {
    const table = ropeTable({ length: 5, headDimension: 8, theta: 10_000 });
    expect(difference(rope(tensor<Tensor4D>(x, SHAPE), table), definition(x))).toBeLessThan(2e-5);
  });

  it('has the gradients that finite differences give', () => {
    const table = ropeTable({ length: 5, headDimension: 8, theta: 10_000 });
    expect(gradientDifference((a) => rope(a as Tensor4D, table), definition, [[x, SHAPE]])).toBeLessThan(1e-4);
  });

  it('makes the product of a query and a key depend on their distance alone', () => {
    const product = (start: number) => {
      const table = ropeTable({ length: 5, start, headDimension: 8, theta: 10_000 });
      const turned = rope(tensor<Tensor4D>(x.slice(0, 40), [1, 5, 1, 8]), table).dataSync<'float32'>();
      return turned.slice(8, 16).reduce((sum, value, index) => sum + value * turned[32 + index], 0);
    };
    expect(product(1000)).toBeCloseTo(product(0), 4);
  });

  it('refuses a table for another length', () => {
    const table = ropeTable({ length: 4, headDimension: 8, theta: 10_000 });
    expect(() => rope(tensor<Tensor4D>(x, SHAPE), table)).toThrow('got x [2,5,3,8] and table [4,4]');
  });
});

describe('ropeFrequencies', () => {
  const smollm3 = { headDimension: 128, theta: 5e6 };
  const yarn = { factor: 2, originalLength: 65_536 };

  it.each([
    [0, 1],
    [1, 0.78582998],
    [32, 4.472136e-4],
    [63, 2.5450798e-7],
  ])('gives SmolLM3 frequency %i = %d', (index, expected) => {
    expect(ropeFrequencies(smollm3)[index] / expected).toBeCloseTo(1, 7);
  });

  it.each([
    [24, 0.00307529122],
    [30, 5.79359053e-4],
    [39, 4.13794923e-5],
    [63, 1.27253989e-7],
  ])('stretches frequency %i by YaRN to %d', (index, expected) => {
    expect(ropeFrequencies({ ...smollm3, yarn })[index] / expected).toBeCloseTo(1, 7);
  });

  it('scales cos and sin by YaRN’s attention factor 0.1·ln(factor) + 1', () => {
    expect(ropeTable({ ...smollm3, yarn, length: 1 }).cos.dataSync()[0]).toBeCloseTo(1.069315, 6);
  });

  it('is unchanged by YaRN with factor 1', () => {
    expect(ropeFrequencies({ ...smollm3, yarn: { ...yarn, factor: 1 } })).toEqual(ropeFrequencies(smollm3));
  });

  it('refuses odd head dimensions', () => {
    expect(() => ropeFrequencies({ headDimension: 7, theta: 1e4 })).toThrow('headDimension must be even, got 7');
  });
});
