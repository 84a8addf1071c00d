import { expect, it } from 'vitest';
import { describeEngines, onReference } from './fixtures/engines.ts';
import { largestError } from './fixtures/engine-test.ts';
import { opCases, runCase } from './fixtures/op-cases.ts';

/** Of the largest expected number: what different orders of summation in f32 may come to. */
const TOLERANCE = 1e-5;

const cases = opCases.map((opCase) => [`${opCase.title} of [${opCase.shapes.join('], [')}]`, opCase] as const);

describeEngines('each op of @smol/ops, forward and backward, equals its composition of plain tfjs', () => {
  it.each(cases)('%s', async (_, opCase) => {
    const actual = runCase(opCase);
    const expected = await onReference(() => runCase(opCase));
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    const wrong = Object.keys(expected).filter((name) => !(largestError(actual[name], expected[name]) < TOLERANCE));
    expect(wrong).toEqual([]);
  });
});
