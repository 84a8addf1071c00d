import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shardPlan, type ShardedParameter } from './shard-plan.ts';

const parameters = fc.uniqueArray(
  fc.record({
    name: fc.string({ minLength: 1 }),
    shape: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
    kind: fc.constantFrom<'whole' | 'flat'>('whole', 'flat'),
  }),
  { selector: ({ name }) => name, maxLength: 12 },
);
const elements = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

describe('shardPlan', () => {
  it('covers every element of every parameter once, for any number of ranks', () => {
    fc.assert(
      fc.property(parameters, fc.integer({ min: 1, max: 9 }), (list, size) => {
        const { pieces } = shardPlan(list, size);
        for (const { name, shape, kind } of list) {
          const own = pieces.filter((piece) => piece.name === name);
          expect(kind === 'flat' || own.length === 1).toBe(true);
          const ends = own.map(({ offset, length }) => offset + length);
          expect(own.map(({ offset }) => offset)).toEqual([0, ...ends.slice(0, -1)]);
          expect(ends.at(-1)).toBe(elements(shape));
        }
        expect(pieces.every(({ owner }) => owner >= 0 && owner < size)).toBe(true);
      }),
    );
  });

  it('gives one rank everything, whole', () => {
    const list: ShardedParameter[] = [
      { name: 'q', shape: [4, 8], kind: 'whole' },
      { name: 'norm', shape: [8], kind: 'flat' },
    ];
    expect(shardPlan(list, 1).pieces).toEqual([
      { name: 'q', offset: 0, length: 32, owner: 0, whole: true },
      { name: 'norm', offset: 0, length: 8, owner: 0, whole: true },
    ]);
  });

  it('spreads matrices by what orthogonalising them costs, and cuts the rest into equal slices', () => {
    const list: ShardedParameter[] = [
      { name: 'small', shape: [8, 8], kind: 'whole' },
      { name: 'large', shape: [64, 64], kind: 'whole' },
      { name: 'other', shape: [8, 8], kind: 'whole' },
      { name: 'table', shape: [10, 3], kind: 'flat' },
      { name: 'gain', shape: [2], kind: 'flat' },
    ];
    const { pieces } = shardPlan(list, 2);
    const owners = Object.fromEntries(pieces.filter(({ whole }) => whole).map(({ name, owner }) => [name, owner]));
    expect(owners).toEqual({ large: 0, small: 1, other: 1, gain: 1 });
    expect(pieces.filter(({ name }) => name === 'table')).toEqual([
      { name: 'table', offset: 0, length: 16, owner: 0, whole: false },
      { name: 'table', offset: 16, length: 14, owner: 1, whole: false },
    ]);
  });

  it('refuses a name twice and a world of nobody', () => {
    const one: ShardedParameter = { name: 'w', shape: [2], kind: 'flat' };
    expect(() => shardPlan([one, one], 1)).toThrow('"w" is in the list twice');
    expect(() => shardPlan([one], 0)).toThrow('size must be an integer ≥ 1, got 0');
  });
});
