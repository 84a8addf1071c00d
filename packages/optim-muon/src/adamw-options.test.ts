import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AdamW, type AdamWOptions } from './adamw.ts';
import { CodeBook } from './quantized-state.ts';
import { splitParameters } from './split-parameters.ts';

beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const shapes = { table: [40, 30], gain: [30], bias: [7], 'w.weight': [30, 20], 'v.weight': [20, 30] };
const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);
const makeParameters = () =>
  new Map(Object.entries(shapes).map(([name, shape], index) => [name, tf.variable(normal(shape, index + 1))]));
const gradientsAt = (step: number) =>
  new Map(Object.entries(shapes).map(([name, shape], index) => [name, normal(shape, 100 * step + index)]));
const valuesOf = (tensors: ReadonlyMap<string, tf.Tensor>) =>
  [...tensors].map(([name, tensor]) => [name, Array.from(tensor.dataSync())] as const);

function train(options: Partial<AdamWOptions>, steps = 5) {
  const parameters = makeParameters();
  const optimizer = new AdamW(parameters, { learningRate: 0.01, weightDecay: 0.1, ...options });
  for (let step = 1; step <= steps; step++) optimizer.step(gradientsAt(step));
  return { parameters, optimizer };
}

describe('foreach', () => {
  it.each(['cpu', 'wasm'] as const)('gives the same bits as one parameter after the other, on %s', async (name) => {
    const engine = await useEngine(name, { threads: 1 });
    const [together, alone] = [train({ foreach: true }), train({ foreach: false })];
    expect(valuesOf(together.parameters)).toEqual(valuesOf(alone.parameters));
    expect(valuesOf(together.optimizer.state())).toEqual(valuesOf(alone.optimizer.state()));
    engine.close();
    await useEngine('cpu');
  });
});

describe('8-bit state', () => {
  it('follows the f32 one closely', () => {
    const [small, full] = [train({ stateBits: 8 }, 50), train({}, 50)];
    const start = new Map(valuesOf(makeParameters()));
    for (const [index, [name, values]] of valuesOf(small.parameters).entries()) {
      const expected = valuesOf(full.parameters)[index][1];
      const distance = Math.hypot(...values.map((value, at) => value - expected[at]));
      const moved = Math.hypot(...expected.map((value, at) => value - start.get(name)![at]));
      expect(distance / moved).toBeLessThan(0.1);
    }
  });

  it('goes on from a saved state bit for bit', () => {
    const straight = train({ stateBits: 8 }, 6);
    const half = train({ stateBits: 8 }, 3);
    const resumed = new AdamW(half.parameters, { learningRate: 0.01, weightDecay: 0.1, stateBits: 8 });
    resumed.restore(half.optimizer.state());
    for (const step of [4, 5, 6]) resumed.step(gradientsAt(step));
    expect(valuesOf(half.parameters)).toEqual(valuesOf(straight.parameters));
    expect(valuesOf(resumed.state())).toEqual(valuesOf(straight.optimizer.state()));
  });

  it('holds a byte an element, no tensors, and refuses the state of another optimizer', () => {
    const parameters = makeParameters();
    const before = tf.memory().numTensors;
    const optimizer = new AdamW(parameters, { learningRate: 0.01, stateBits: 8 });
    expect(tf.memory().numTensors).toBe(before);
    const elements = [...optimizer.state().values()].reduce((sum, { size }) => sum + size, 0);
    const total = [...parameters.values()].reduce((sum, { size }) => sum + size, 0);
    expect(elements).toBeLessThan(0.72 * total); // 2 moments · (1/3 + 1/256), and a rest
    expect(() => optimizer.restore(train({}).optimizer.state())).toThrow(
      'the saved state must have 400 values in "table.m.codes", got nothing',
    );
    expect(() => new AdamW(parameters, { learningRate: 1, stateBits: 4 as 8 })).toThrow(
      'stateBits must be one of 32, 8, got 4',
    );
  });
});

describe('CodeBook', () => {
  it('has 256 ascending values that reach 1', () => {
    for (const book of [new CodeBook(true), new CodeBook(false)]) {
      expect(new Set(book.values).size).toBe(256);
      expect(Array.from(book.values)).toEqual([...book.values].sort((a, b) => a - b));
      expect(book.values[255]).toBe(1);
    }
    expect(new CodeBook(false).values[0]).toBe(0);
  });

  it('keeps magnitudes over seven powers of ten within a few per cent, and the largest of a block exactly', () => {
    const book = new CodeBook(true);
    const decades = fc.double({ min: -6, max: 0, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(decades, fc.boolean()), { minLength: 1, maxLength: 600 }), (logs) => {
        const values = Float32Array.from(logs, ([log, isNegative]) => (isNegative ? -1 : 1) * 10 ** log);
        values[0] = 1;
        const back = book.dequantize(book.quantize(values));
        expect(back[0]).toBe(1);
        back.forEach((value, index) => {
          const step = Math.abs(values[index]) < 1e-5 ? 5e-6 : Math.abs(values[index]) * 0.45;
          expect(Math.abs(value - values[index])).toBeLessThan(step);
        });
      }),
      { numRuns: 30 },
    );
    expect(Array.from(book.dequantize(book.quantize(new Float32Array(3))))).toEqual([0, 0, 0]);
  });
});

it('splitParameters takes further names for AdamW', () => {
  const { muon, adamw } = splitParameters(makeParameters(), { adamw: [/^v\./] });
  expect([...muon.keys()]).toEqual(['table', 'w.weight']);
  expect([...adamw.keys()]).toEqual(['gain', 'bias', 'v.weight']);
});
