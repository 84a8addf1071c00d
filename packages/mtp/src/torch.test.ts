import { readFileSync } from 'node:fs';
import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ParallelHeads } from './parallel-heads.ts';
import { residualBlock } from './residual-block.ts';
import { SequentialModules } from './sequential-modules.ts';

beforeAll(() => useEngine('cpu'));

interface Case {
  inputs: Record<string, number[]>;
  value: number;
  gradients: Record<string, number[]>;
}
/** Made by scripts/oracle.py --write with PyTorch, in f64. */
const fixtures = JSON.parse(readFileSync(new URL('fixtures/torch.json', import.meta.url), 'utf8')) as Record<
  string,
  Case
>;
const ids = (rows: number[][]) => tf.tensor2d(rows, undefined, 'int32');
const block = residualBlock({ dimension: 4 });

describe('PyTorch', () => {
  it.each([
    ['parallel', () => new ParallelHeads({ predictions: 3, block, weight: 0.5 })],
    ['sequential', () => new SequentialModules({ depth: 2, dimension: 4, block, lambda: 0.6, seed: 1 })],
  ] as const)('agrees on the loss of %s heads and every gradient', (name, make) => {
    const { inputs, value, gradients } = fixtures[name];
    tf.tidy(() => {
      const heads = make();
      const variables = new Map(heads.parameters);
      for (const key of ['hidden', 'head', 'embedding'])
        if (inputs[key]) variables.set(key, tf.variable(tf.tensor(inputs[key])));
      expect([...variables.keys()].toSorted()).toEqual(Object.keys(inputs).toSorted());
      for (const [key, variable] of variables) variable.assign(tf.tensor(inputs[key]));
      const batch = {
        hidden_BTD: variables.get('hidden') as unknown as tf.Tensor3D,
        headWeight_VD: variables.get('head')!,
        embedding_VD: variables.get('embedding')!,
        inputs_BT: ids([
          [0, 1, 2, 3, 5],
          [4, 5, 0, 1, 2],
        ]),
        targets_BT: ids([
          [1, 2, 3, 5, 4],
          [5, 0, 1, 2, 3],
        ]),
      };
      const found = tf.variableGrads(() => heads.loss(batch), [...variables.values()]);
      expect(found.value.dataSync()[0]).toBeCloseTo(value, 5);
      for (const [key, variable] of variables) {
        const slopes = found.grads[variable.name].dataSync();
        gradients[key].forEach((slope, index) => expect(slopes[index]).toBeCloseTo(slope, 5));
      }
    });
  });
});
