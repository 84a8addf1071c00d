import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { AdamW } from './adamw.ts';
import fixture from './fixtures/optimizers.json' with { type: 'json' };
import { Muon, type MuonOptions } from './muon.ts';

beforeAll(() => useEngine('cpu'));

/** Our weights after the steps of the fixture; all matrices are trained together, as in a model. */
function train({ optimizer, ...options }: { optimizer: string }): number[][] {
  const parameters = new Map(
    fixture.inputs.map(({ weight }, index) => [`w${index}`, tf.variable(tf.tensor2d(weight) as tf.Tensor)]),
  );
  const ours =
    optimizer === 'adamw'
      ? new AdamW(parameters, options as { learningRate: number })
      : new Muon(parameters, options as unknown as MuonOptions);
  for (const step of fixture.inputs[0].gradients.keys()) {
    ours.step(new Map(fixture.inputs.map(({ gradients }, index) => [`w${index}`, tf.tensor2d(gradients[step])])));
  }
  return [...parameters.values()].map((parameter) => Array.from(parameter.dataSync()));
}

// scripts/oracle.py made these weights with PyTorch and, in f64, from the published formulas
it.each(fixture.cases)('takes the steps of $name', ({ options, weights, tolerance }) => {
  tf.tidy(() => {
    train(options).forEach((values, index) => {
      const errors = values.map((value, place) => Math.abs(value - weights[index].flat()[place]));
      expect(Math.max(...errors)).toBeLessThan(tolerance);
    });
  });
});
