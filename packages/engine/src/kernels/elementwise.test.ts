import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestError, onWasm, randomTensor, randomValues, runKernel } from '../fixtures/engine-test.ts';
import { disposeEngine } from '../use-engine.ts';

beforeAll(() => onWasm(2));
afterAll(disposeEngine);

const UNARY: Record<string, (x: number) => number> = {
  Neg: (x) => -x,
  Square: (x) => x * x,
  Sqrt: Math.sqrt,
  Rsqrt: (x) => 1 / Math.sqrt(x),
  Exp: Math.exp,
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Relu: (x) => Math.max(0, x),
  Abs: Math.abs,
  Reciprocal: (x) => 1 / x,
  Tanh: Math.tanh,
};

const BINARY: Record<string, (a: number, b: number) => number> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Multiply: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  Maximum: Math.max,
  Minimum: Math.min,
};

describe('unary kernels', () => {
  for (const [name, reference] of Object.entries(UNARY)) {
    it(`${name} equals its definition`, () => {
      for (const length of [1, 15, 16, 17, 1003]) {
        const values = randomValues(name, length, 6).map((x) =>
          name === 'Sqrt' || name === 'Rsqrt' ? Math.abs(x) + 0.01 : x,
        );
        const [actual] = runKernel(name, { x: tf.tensor1d(values) });
        expect(largestError(actual, Array.from(values, reference))).toBeLessThan(2e-7);
      }
    });
  }

  it('Exp is within 1.5 units in the last place of f64 wherever the result is a normal number', () => {
    const values = Float32Array.from({ length: 200_000 }, (_, i) => -87.3 + (i * 176) / 200_000);
    const [actual] = runKernel('Exp', { x: tf.tensor1d(values) });
    const errors = errorsInUlp(actual, Array.from(values, Math.exp));
    const worst = errors.reduce((a, b) => Math.max(a, b));
    expect(worst).toBeLessThan(1.5);
  });

  it('handle the ends of the number range', () => {
    const x = tf.tensor1d([0, -0, Infinity, -Infinity, NaN, 88.72, 88.73, -87.4, 1e30, -1e30]);
    const [actual] = runKernel('Exp', { x });
    expect(actual.map((value, i) => (i === 5 ? Number.isFinite(value) : value))).toEqual([
      1,
      1,
      Infinity,
      0,
      NaN,
      true,
      Infinity,
      0,
      Infinity,
      0,
    ]);
    expect(runKernel('Sigmoid', { x })[0].slice(0, 5)).toEqual([0.5, 0.5, 1, 0, NaN]);
    expect(runKernel('Relu', { x })[0].slice(2, 5)).toEqual([Infinity, 0, NaN]);
    expect(runKernel('Step', { x: tf.tensor1d([-2, 0, 3, NaN]) }, { alpha: 0 })[0]).toEqual([0, 0, 1, NaN]);
  });
});

function errorsInUlp(actual: number[], exact: number[]): number[] {
  return exact.map((value, i) => Math.abs(actual[i] - value) / 2 ** (Math.floor(Math.log2(value)) - 23));
}

describe('binary kernels', () => {
  /** A shape and two shapes that broadcast to it. */
  const shapes = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.boolean(), fc.boolean()), { maxLength: 5 })
    .chain((axes) => fc.tuple(fc.constant(axes), fc.nat({ max: axes.length }), fc.nat({ max: axes.length })))
    .map(([axes, skipLeft, skipRight]) => ({
      left: axes.map(([size, one]) => (one ? 1 : size)).slice(skipLeft),
      right: axes.map(([size, , one]) => (one ? 1 : size)).slice(skipRight),
    }));

  for (const [name, operation] of Object.entries(BINARY)) {
    it(`${name} equals its definition with any broadcasting`, () => {
      fc.assert(
        fc.property(shapes, ({ left, right }) => {
          const shape = tf.broadcast_util.assertAndGetBroadcastShape(left, right);
          tf.tidy(() => {
            const a = randomTensor('a', left);
            const b = randomTensor('b', right);
            const [actual] = runKernel(name, { a, b });
            const [aAll, bAll] = [a, b].map((tensor) => tf.broadcastTo(tensor, shape).dataSync());
            expect(actual).toEqual(Array.from(aAll, (value, i) => Math.fround(operation(value, bAll[i]))));
          });
        }),
        { numRuns: 60 },
      );
    });
  }

  it('leave other dtypes to the cpu kernel', () => {
    const [sum] = runKernel('Add', { a: tf.tensor1d([1, 2], 'int32'), b: tf.tensor1d([2_000_000_000, 5], 'int32') });
    expect(sum).toEqual([2_000_000_001, 7]);
  });

  it('AddN sums any number of tensors', () => {
    const sum = tf.tidy(() =>
      tf.addN([tf.tensor1d([1, 2]), tf.tensor1d([10, 20]), tf.tensor1d([100, 200])]).dataSync(),
    );
    expect([...sum]).toEqual([111, 222]);
  });
});
