import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { shiftTargets } from './shift-targets.ts';

beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const row = (ids: number[]) => tf.tensor2d([ids], undefined, 'int32');
const shifted = (targets: number[], offset: number, segments?: number[]) =>
  Array.from(shiftTargets(row(targets), offset, segments && row(segments)).dataSync());
const none = -100;

describe('shiftTargets', () => {
  it('looks further ahead, and not beyond the row', () => {
    expect(shifted([1, 2, 3, 4], 0)).toEqual([1, 2, 3, 4]);
    expect(shifted([1, 2, 3, 4], 1)).toEqual([2, 3, 4, none]);
    expect(shifted([1, 2, 3, 4], 3)).toEqual([4, none, none, none]);
    expect(shifted([1, 2, 3, 4], 9)).toEqual([none, none, none, none]);
  });

  it('does not look into the next document', () => {
    // inputs a b E | c d E | e, targets b E - d E - f
    const targets = [12, 0, none, 14, 0, none, 16];
    const segments = [0, 0, 0, 1, 1, 1, 2];
    expect(shifted(targets, 1, segments)).toEqual([0, none, none, 0, none, none, none]);
    expect(shifted(targets, 1)).toEqual([0, none, none, 0, none, none, none]);
    expect(shifted(targets, 2, segments)).toEqual([none, none, none, none, none, none, none]);
  });

  it('with segment ids, looks across targets that were left out for other reasons', () => {
    expect(shifted([1, none, 3, 4], 2, [0, 0, 0, 0])).toEqual([3, 4, none, none]);
    expect(shifted([1, none, 3, 4], 2)).toEqual([none, none, none, none]);
  });

  it('follows the definition for any packing', () => {
    const documents = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(documents, fc.integer({ min: 0, max: 6 }), (lengths, offset) => {
        const segments = lengths.flatMap((length, document) => Array.from({ length }, () => document));
        const tokens = segments.map((_, position) => position + 1);
        const ahead = (position: number, by: number) =>
          segments[position + by] === segments[position] ? tokens[position + by] : none;
        const targets = tokens.map((_, position) => ahead(position, 1));
        const expected = tokens.map((_, position) => ahead(position, 1 + offset));
        expect(shifted(targets, offset, segments)).toEqual(expected);
        expect(shifted(targets, offset)).toEqual(expected);
      }),
    );
  });

  it('says what does not fit', () => {
    expect(() => shiftTargets(row([1, 2]), 1, row([1]))).toThrow('must be int32 [B, T], got int32 [1,2] and [1,1]');
    expect(() => shiftTargets(tf.tensor2d([[1]]), 1)).toThrow('got float32 [1,1]');
  });
});
