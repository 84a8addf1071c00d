import { disposeEngine, useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fixture from './fixtures/transformers.json' with { type: 'json' };
import { difference, ids, oracleModel, oracleValues } from './fixtures/tiny-model.ts';

interface OracleCase {
  config: object;
  segments: number[][] | null;
  inputs: number[][];
  targets: number[][];
  loss: number;
  /** Positions 0, 4 and 8 of both rows. */
  logits: number[];
  /** By parameter: norm, product with a pseudo-random direction, first and last element. */
  gradients: Record<string, number[]>;
}

function summarize(gradient: tf.Tensor, index: number): number[] {
  const values = [...gradient.dataSync()];
  const direction = oracleValues(values.length, 1000 + index);
  const product = values.reduce((sum, value, position) => sum + value * direction[position], 0);
  return [Math.hypot(...values), product, values[0], values[values.length - 1]];
}

const CASES = Object.entries(fixture as unknown as Record<string, OracleCase>);

describe.each(['cpu', 'wasm'] as const)('on the engine %s', (engine) => {
  beforeAll(async () => {
    await useEngine(engine, { threads: 2 });
  });
  afterAll(() => disposeEngine());

  describe.each(CASES)('%s', (_, expected) => {
    const setUp = () => {
      const segmentIds_BT = expected.segments ? ids(expected.segments) : undefined;
      const batch = { inputs_BT: ids(expected.inputs), targets_BT: ids(expected.targets), segmentIds_BT };
      return { model: oracleModel(expected.config), batch };
    };

    it('has the logits of transformers', () => {
      const { model, batch } = setUp();
      const logits_BTV = model.logits(batch.inputs_BT, { segmentIds_BT: batch.segmentIds_BT });
      const rows = [0, 4, 8].map((position) => tf.slice(logits_BTV, [0, position, 0], [-1, 1, -1]));
      expect(difference(tf.concat(rows, 1).dataSync(), expected.logits)).toBeLessThan(5e-6);
    });

    it.each([false, true])('has its loss and gradients (checkpointing: %s)', (checkpointing) => {
      const { model, batch } = setUp();
      const { value, grads } = tf.variableGrads(() => model.loss(batch, { checkpointing, chunkRows: 10 }));
      expect(Math.abs(value.dataSync()[0] - expected.loss)).toBeLessThan(5e-6);
      const names = [...model.parameters.keys()].sort();
      expect(names).toEqual(Object.keys(expected.gradients));
      const summaries = names.map((name, index) => summarize(grads[model.parameters.get(name)!.name], index));
      const wrong = names.filter((name, index) => difference(summaries[index], expected.gradients[name]) > 1e-5);
      expect(wrong).toEqual([]);
    });
  });
});
