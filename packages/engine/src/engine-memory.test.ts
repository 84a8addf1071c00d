import { adamwStep, attention, crossEntropy, embedding, globalNorm, linear, rmsNorm, swiglu } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeEngines } from './fixtures/engines.ts';

const [VOCABULARY, WIDTH, BATCH, TIME] = [12, 8, 2, 3];
const NUMBERS = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  correction1: 0.5,
  correction2: 0.5,
};

/** A step of training of the smallest transformer there is: every fused op, clipping and AdamW. */
function trainer(): { step: () => number; dispose: () => void } {
  const variable = (make: () => tf.Tensor) => tf.tidy(() => tf.variable(make()));
  const normal = (...shape: number[]) => variable(() => tf.randomNormal(shape, 0, 0.1, 'float32', 1));
  const weights = {
    table: normal(VOCABULARY, WIDTH),
    gain: variable(() => tf.ones([WIDTH])),
    gate: normal(WIDTH, WIDTH),
  };
  const all = Object.values(weights) as tf.Variable[];
  const moments = all.map((weight) => [variable(() => tf.zerosLike(weight)), variable(() => tf.zerosLike(weight))]);
  const ids = tf.tensor2d([1, 2, 3, 4, 5, 6], [BATCH, TIME], 'int32');
  const targets = tf.tensor1d([2, 3, 4, -100, 6, 7], 'int32');

  const loss = () => {
    const hidden_BTD = rmsNorm(embedding(weights.table, ids), weights.gain, 1e-6);
    const heads_BTHK: tf.Tensor4D = tf.reshape(hidden_BTD, [BATCH, TIME, 2, WIDTH / 2]);
    const { output_BTHK } = attention(heads_BTHK, heads_BTHK, heads_BTHK);
    const attended_ND = tf.reshape(output_BTHK, [BATCH * TIME, WIDTH]);
    const gated_ND = swiglu(linear(attended_ND, weights.gate), attended_ND);
    return crossEntropy(linear(gated_ND, weights.table), targets) as tf.Scalar;
  };

  const step = () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss);
      const norm = globalNorm(Object.values(grads));
      all.forEach((parameter, index) => {
        const [m, v] = moments[index];
        const gradient = tf.div(grads[parameter.name], tf.maximum(norm, 1));
        const next = adamwStep({ parameter, m, v, gradient }, NUMBERS);
        parameter.assign(next.parameter);
        m.assign(next.m);
        v.assign(next.v);
      });
      return value.dataSync()[0];
    });
  return { step, dispose: () => tf.dispose([ids, targets, ...all, ...moments.flat()]) };
}

/** Bytes of our own heaps; plain tfjs tells neither. */
const memoryOfHeap = () => tf.backend().memory() as { usedBytes?: number; reservedBytes?: number };

describeEngines('memory', ({ own }) => {
  const steps = own ? 10_000 : 500; // plain tfjs takes longer, and its memory is not ours

  it(`is flat over ${steps} steps of training`, { tags: ['slow'], timeout: 120_000 }, () => {
    const before = tf.memory().numTensors;
    const { step, dispose } = trainer();
    const first = step();
    for (let warm = 0; warm < 20; warm++) step();
    const { numTensors, numBytes } = tf.memory();
    const { usedBytes, reservedBytes } = memoryOfHeap();
    let last = 0;
    for (let count = 0; count < steps; count++) last = step();
    expect(last).toBeLessThan(first);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    expect(tf.backend().memory()).toMatchObject(own ? { usedBytes, reservedBytes } : {});
    dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
