import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestError, numericGradient, onWasm, randomValues, runKernel, weighted } from '../fixtures/engine-test.ts';
import { disposeEngine } from '../use-engine.ts';

beforeAll(() => onWasm(2));
afterAll(disposeEngine);

const IGNORE = -100;

function logSumExp(row: number[]): number {
  const largest = Math.max(...row);
  return largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

function losses(logits: ArrayLike<number>, targets: number[], vocabulary: number, zLoss: number): number[] {
  const values = Array.from(logits);
  return targets.map((target, row) => {
    const own = values.slice(row * vocabulary, (row + 1) * vocabulary);
    const lse = logSumExp(own);
    return target === IGNORE ? 0 : lse - own[target] + zLoss * lse * lse;
  });
}

describe.each([
  { vocabulary: 8, zLoss: 0 },
  { vocabulary: 11, zLoss: 0 },
  { vocabulary: 30, zLoss: 0.1 },
  { vocabulary: 2, zLoss: 0.1 },
])('SmolCrossEntropy over $vocabulary tokens with z-loss $zLoss', ({ vocabulary, zLoss }) => {
  const targets = [0, 1, IGNORE, vocabulary - 1];
  const logits = randomValues('logits', targets.length * vocabulary, 4);
  const dloss = randomValues('dloss', targets.length);
  const attributes = { ignoreIndex: IGNORE, zLoss };
  const inputs = () => ({
    logits: tf.tensor2d(logits, [targets.length, vocabulary]),
    targets: tf.tensor1d(targets, 'int32'),
  });
  const normalisers = targets.map((_, row) =>
    logSumExp(Array.from(logits.subarray(row * vocabulary, (row + 1) * vocabulary))),
  );

  it('equals the definition, 0 in ignored rows', () => {
    const [loss, lse] = runKernel('SmolCrossEntropy', inputs(), attributes);
    expect(largestError(loss, losses(logits, targets, vocabulary, zLoss))).toBeLessThan(1e-6);
    expect(largestError(lse, normalisers)).toBeLessThan(1e-6);
  });

  it('has the gradient of the definition', () => {
    const [dlogits] = runKernel(
      'SmolCrossEntropyGrad',
      { dloss: tf.tensor1d(dloss), ...inputs(), logSumExp: tf.tensor1d(normalisers) },
      attributes,
    );
    expect(
      largestError(
        dlogits,
        numericGradient((at) => weighted(losses(at, targets, vocabulary, zLoss), dloss), logits),
      ),
    ).toBeLessThan(1e-6);
  });
});

describe('SmolCrossEntropy', () => {
  const call = (logits: number[], target: number) =>
    runKernel(
      'SmolCrossEntropy',
      { logits: tf.tensor2d(logits, [1, logits.length]), targets: tf.tensor1d([target], 'int32') },
      { ignoreIndex: IGNORE, zLoss: 0 },
    );

  it('is exact for logits far beyond the range of exp', () => {
    expect(largestError(call([1000, 0, -1000], 0)[0], [0])).toBeLessThan(1e-5);
    expect(largestError(call([1000, 0, -1000], 1)[0], [1000])).toBeLessThan(1e-5);
  });

  it('lets NaN through instead of hiding it', () => {
    expect(call([1, NaN, 2, 3, 4], 0)[0]).toEqual([NaN]);
  });

  it('refuses a target outside the vocabulary', () => {
    expect(() => call([1, 2, 3], 3)).toThrow(/target 3 is neither in \[0, 2\] nor the ignored -100/);
  });
});
