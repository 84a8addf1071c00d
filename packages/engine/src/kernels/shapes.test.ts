import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onWasm, runKernel } from '../fixtures/engine-test.ts';
import { disposeEngine } from '../use-engine.ts';

beforeAll(() => onWasm(1));
afterAll(disposeEngine);

const zeros = (...shape: number[]) => tf.zeros(shape);
const attention = { scale: 1, causal: true, slidingWindow: 0, softCap: 0 };

describe('fused kernels refuse shapes that would make them read foreign memory', () => {
  it.each<[string, string, () => unknown]>([
    [
      'a short gain',
      'rmsNorm: gain must be float32 [4], got float32 [3]',
      () => runKernel('SmolRmsNorm', { x: zeros(2, 4), gain: zeros(3) }, { epsilon: 1 }),
    ],
    [
      'a short rope table',
      'rope: cos must be float32 [5,2], got float32 [4,2]',
      () => runKernel('SmolRope', { x: zeros(1, 5, 1, 4), cos: zeros(4, 2), sin: zeros(4, 2) }, { inverse: false }),
    ],
    ['gate and up that differ', 'swiglu: up must be', () => runKernel('SmolSwiglu', { gate: zeros(4), up: zeros(3) })],
    [
      'too few targets',
      'cross entropy: targets must be int32 [2]',
      () =>
        runKernel(
          'SmolCrossEntropy',
          { logits: zeros(2, 3), targets: tf.zeros([1], 'int32') },
          { ignoreIndex: -100, zLoss: 0 },
        ),
    ],
    [
      'float targets',
      'got float32 [2]',
      () => runKernel('SmolCrossEntropy', { logits: zeros(2, 3), targets: zeros(2) }, { ignoreIndex: -100, zLoss: 0 }),
    ],
    [
      'a gradient of another size',
      'adamw: gradient must be',
      () => runKernel('SmolAdamwStep', { parameter: zeros(4), m: zeros(4), v: zeros(4), gradient: zeros(5) }),
    ],
    [
      'values unlike keys',
      'attention: v must be',
      () => runKernel('SmolAttention', { q: zeros(1, 3, 2, 4), k: zeros(1, 3, 1, 4), v: zeros(1, 2, 1, 4) }, attention),
    ],
    [
      'heads that do not divide',
      '3 query heads cannot share 2',
      () => runKernel('SmolAttention', { q: zeros(1, 3, 3, 4), k: zeros(1, 3, 2, 4), v: zeros(1, 3, 2, 4) }, attention),
    ],
    [
      'more queries than keys',
      '3 queries, but only 2 keys',
      () => runKernel('SmolAttention', { q: zeros(1, 3, 1, 4), k: zeros(1, 2, 1, 4), v: zeros(1, 2, 1, 4) }, attention),
    ],
  ])('%s', (_, message, call) => {
    expect(call).toThrow(message);
  });
});
