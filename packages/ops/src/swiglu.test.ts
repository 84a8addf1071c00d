import { describe, expect, it } from 'vitest';
import { relu2, swiglu } from './index.ts';
import * as reference from './fixtures/swiglu.ts';
import { describeBothPaths, difference, gradientDifference, randomValues, tensor } from './fixtures/testing.ts';

const gate = randomValues(24, 4).map((value) => 4 * value);
const up = randomValues(24, 5);

describeBothPaths('swiglu', () => {
  it('is silu(gate)·up', () => {
    expect(difference(swiglu(tensor(gate, [3, 8]), tensor(up, [3, 8])), reference.swiglu(gate, up))).toBeLessThan(2e-5);
  });

  it('has the gradients that finite differences give', () => {
    expect(
      gradientDifference(swiglu, reference.swiglu, [
        [gate, [3, 8]],
        [up, [3, 8]],
      ]),
    ).toBeLessThan(1e-4);
  });

  it('refuses different shapes', () => {
    expect(() => swiglu(tensor(gate, [3, 8]), tensor(up, [8, 3]))).toThrow('got [3,8] and [8,3]');
  });
});

describe('relu2', () => {
  const definition = (values: Float64Array) => values.map((value) => Math.max(value, 0) ** 2);

  it('is max(x, 0)², with its gradient', () => {
    expect(difference(relu2(tensor(gate, [24])), definition(gate))).toBeLessThan(2e-5);
    expect(gradientDifference(relu2, definition, [[gate, [24]]])).toBeLessThan(1e-4);
  });
});
