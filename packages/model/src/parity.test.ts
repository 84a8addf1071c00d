/** Twelve shapes against PyTorch's numbers (scripts/oracle_parity.py): logits, loss, every gradient, 50 optimizer steps. */
import { disposeEngine, useEngine } from '@smol/engine';
import { adamwStep } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fixture from './fixtures/parity.json' with { type: 'json' };
import { ids, oracleModel, oracleValues } from './fixtures/tiny-model.ts';
import type { SmolLM } from './index.ts';

interface ParityCase {
  config: { vocab_size: number };
  logits: number[];
  loss: number;
  /** By parameter: norm, product with a pseudo-random direction. */
  gradients: Record<string, number[]>;
  curve: number[];
}

const CASES = Object.entries(fixture.cases as unknown as Record<string, ParityCase>);
const [BATCHES, ROWS, TIME] = fixture.sizes;

/** Rows of inputs and targets, as the oracle draws them. */
function batches(vocabulary: number) {
  const tokens = [...oracleValues(BATCHES * ROWS * (TIME + 1), 500)].map((value) =>
    Math.trunc(((value + 1) * vocabulary) / 2),
  );
  const row = (index: number) => tokens.slice(index * (TIME + 1), (index + 1) * (TIME + 1));
  return Array.from({ length: BATCHES }, (_, batch) => {
    const rows = Array.from({ length: ROWS }, (__, index) => row(batch * ROWS + index));
    return {
      inputs_BT: ids(rows.map((list) => list.slice(0, -1))),
      targets_BT: ids(rows.map((list) => list.slice(1))),
    };
  });
}

/** Largest difference relative to the norm of what is expected. */
function relative(actual: ArrayLike<number>, expected: number[]): number {
  return Math.max(...expected.map((value, index) => Math.abs(actual[index] - value))) / Math.hypot(...expected);
}

function curve(model: SmolLM, steps: number): number[] {
  const data = batches(model.config.vocab_size);
  const zeros = () => new Map([...model.parameters].map(([name, variable]) => [name, tf.zeros(variable.shape)]));
  const [m, v] = [zeros(), zeros()];
  return Array.from({ length: steps }, (_, step) => {
    const { value, grads } = tf.variableGrads(() => model.loss(data[step % BATCHES]));
    const loss = value.dataSync()[0];
    value.dispose();
    const { beta1, beta2 } = fixture.optimizer;
    const corrections = { correction1: 1 - beta1 ** (step + 1), correction2: 1 - beta2 ** (step + 1) };
    for (const [name, parameter] of model.parameters) {
      const tensors = { parameter, m: m.get(name)!, v: v.get(name)!, gradient: grads[parameter.name] };
      const next = adamwStep(tensors, { ...fixture.optimizer, ...corrections });
      tf.dispose([tensors.m, tensors.v, tensors.gradient]);
      parameter.assign(next.parameter);
      next.parameter.dispose();
      m.set(name, next.m);
      v.set(name, next.v);
    }
    return loss;
  });
}

beforeAll(async () => {
  await useEngine('wasm', { threads: 2 });
});
afterAll(() => disposeEngine());

describe.each(CASES)('%s', (_, expected) => {
  it('has the logits, the loss and all gradients of PyTorch within 1e-4', () => {
    const model = oracleModel(expected.config);
    const [batch] = batches(expected.config.vocab_size);
    const last = tf.slice(model.logits(batch.inputs_BT), [0, TIME - 1, 0], [1, 1, -1]).dataSync();
    expect(relative(last, expected.logits)).toBeLessThan(1e-5);
    // A layer of its own choice is recomputed: the numbers stay the same.
    const { value, grads } = tf.variableGrads(() => model.loss(batch, { checkpointing: [1] }));
    expect(Math.abs(value.dataSync()[0] / expected.loss - 1)).toBeLessThan(1e-5);
    const names = [...model.parameters.keys()].sort();
    expect(names).toEqual(Object.keys(expected.gradients));
    const wrong = names.filter((name, index) => {
      const gradient = grads[model.parameters.get(name)!.name].dataSync<'float32'>();
      const direction = oracleValues(gradient.length, 1000 + index);
      const product = gradient.reduce((sum, element, position) => sum + element * direction[position], 0);
      return relative([Math.hypot(...gradient), product], expected.gradients[name]) > 1e-4;
    });
    expect(wrong).toEqual([]);
    model.dispose();
  });

  it('follows its loss curve for 50 steps of AdamW', { tags: ['slow'] }, () => {
    const model = oracleModel(expected.config);
    const losses = curve(model, expected.curve.length);
    expect(Math.max(...losses.map((loss, step) => Math.abs(loss / expected.curve[step] - 1)))).toBeLessThan(1e-3);
    model.dispose();
  });
});
