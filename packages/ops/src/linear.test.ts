import { describe, expect, it } from 'vitest';
import { linear } from './index.ts';
import { difference, gradientDifference, randomValues, tensor } from './fixtures/testing.ts';

const x = randomValues(2 * 3 * 4, 6);
const weight = randomValues(5 * 4, 7);

function definition(a: Float64Array, w: Float64Array): Float64Array {
  return Float64Array.from({ length: (a.length / 4) * 5 }, (_, index) => {
    const [row, output] = [Math.floor(index / 5), index % 5];
    return [0, 1, 2, 3].reduce((sum, i) => sum + a[row * 4 + i] * w[output * 4 + i], 0);
  });
}

describe('linear', () => {
  it.each([[[6, 4]], [[2, 3, 4]], [[2, 3, 1, 4]]])(
    'multiplies the last axis of %j by the transposed weight',
    (shape) => {
      const y = linear(tensor(x, shape), tensor(weight, [5, 4]));
      expect(y.shape).toEqual([...shape.slice(0, -1), 5]);
      expect(difference(y, definition(x, weight))).toBeLessThan(2e-5);
    },
  );

  it('has the gradients that finite differences give', () => {
    expect(
      gradientDifference(linear, definition, [
        [x, [2, 3, 4]],
        [weight, [5, 4]],
      ]),
    ).toBeLessThan(1e-4);
  });

  it('refuses a weight for another width', () => {
    expect(() => linear(tensor(x, [6, 4]), tensor(weight, [4, 5]))).toThrow('got x [6,4] and weight [4,5]');
  });
});
