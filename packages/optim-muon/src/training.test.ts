import { useEngine } from '@smol/engine';
import { embedding, linear } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { AdamW } from './adamw.ts';
import fixture from './fixtures/training.json' with { type: 'json' };
import { Muon, type MuonOptions } from './muon.ts';
import type { Optimizer } from './optimizer.ts';
import { splitParameters } from './split-parameters.ts';

beforeAll(() => useEngine('cpu'));

type Case = (typeof fixture.cases)[number];

function makeOptimizers({ optimizer, scaling, learningRate }: Case, parameters: Map<string, tf.Variable>): Optimizer[] {
  if (optimizer === 'adamw') return [new AdamW(parameters, { learningRate, weightDecay: 0.1 })];
  const { muon, adamw } = splitParameters(parameters);
  const options = { learningRate, scaling, weightDecay: 0.1 } as MuonOptions;
  return [new Muon(muon, options), new AdamW(adamw, { learningRate: 0.01 })];
}

/** The model of scripts/oracle.py: an embedding, a residual block with squared ReLU, a head. */
function lossOf(parameters: Map<string, tf.Variable>): tf.Scalar {
  const weight = (name: string) => parameters.get(name) as tf.Tensor as tf.Tensor2D;
  const x_ND = embedding(weight('embed_tokens'), tf.tensor1d(fixture.ids.slice(0, -1), 'int32'));
  const hidden_NF = tf.square(tf.relu(linear(x_ND, weight('up'))));
  const logits_NV = linear(tf.add(x_ND, linear(hidden_NF, weight('down'))), weight('lm_head'));
  const targets_NV = tf.oneHot(tf.tensor1d(fixture.ids.slice(1), 'int32'), fixture.weights.lm_head.length);
  return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits_NV), targets_NV), -1)));
}

it.each(fixture.cases)("follows PyTorch's losses for 100 steps of $name within 1e-3", (example) => {
  const parameters = new Map<string, tf.Variable>();
  for (const [name, values] of Object.entries(fixture.weights))
    parameters.set(name, tf.variable(tf.tensor2d(values) as tf.Tensor));
  const optimizers = makeOptimizers(example, parameters);
  const losses = example.losses.map(() =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => lossOf(parameters), [...parameters.values()]);
      const gradients = new Map([...parameters].map(([name, { name: key }]) => [name, grads[key]]));
      for (const optimizer of optimizers) optimizer.step(gradients);
      return value.dataSync()[0];
    }),
  );
  const gaps = losses.map((loss, step) => Math.abs(loss - example.losses[step]));
  expect(Math.max(...gaps)).toBeLessThan(1e-3);
  expect(losses[99]).toBeLessThan(losses[0] / 2);
  for (const optimizer of optimizers) optimizer.dispose();
  tf.dispose([...parameters.values()]);
});
