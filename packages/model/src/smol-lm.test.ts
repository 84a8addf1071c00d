import { disposeEngine, useEngine } from '@smol/engine';
import { adamwStep, rmsNorm } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelError, SmolLM } from './index.ts';
import { difference, ids, TINY, tinyModel } from './fixtures/tiny-model.ts';

const ROWS = [
  [1, 5, 9, 13, 2, 6],
  [3, 7, 11, 15, 4, 8],
];

describe.each(['cpu', 'wasm'] as const)('SmolLM on the engine %s', (engine) => {
  beforeAll(async () => {
    await useEngine(engine, { threads: 2 });
  });
  afterAll(() => disposeEngine());

  it('starts with a loss close to ln V', () => {
    const model = SmolLM.initialize({ ...TINY, vocab_size: 512 }, { seed: 1 });
    const loss = model.loss({ inputs_BT: ids(ROWS), targets_BT: ids(ROWS.toReversed()) }).dataSync()[0];
    expect(Math.abs(loss - Math.log(512))).toBeLessThan(0.1);
    model.dispose();
  });

  it.each([false, true, [1]])('shows the residual stream after every layer (checkpointing: %s)', (checkpointing) => {
    const model = tinyModel();
    const read = (layers: number) => {
      const shallow = SmolLM.fromTensors(
        {
          ...TINY,
          num_hidden_layers: layers,
          no_rope_layers: TINY.no_rope_layers.slice(0, layers),
          layer_types: undefined,
        },
        new Map([...model.toTensors()].filter(([name]) => Number(/layers\.(\d+)/.exec(name)?.[1] ?? 0) < layers)),
      );
      return shallow.hidden(ids([[3, 1, 4]])).dataSync();
    };
    tf.tidy(() => {
      const seen: tf.Tensor[] = [];
      model.hidden(ids([[3, 1, 4]]), { checkpointing, onLayer: (layer, hidden_ND) => void (seen[layer] = hidden_ND) });
      expect(seen.map(({ shape }) => shape)).toEqual(Array(4).fill([3, TINY.hidden_size]));
      // The final norm has gains of 1, so that what it makes of a layer's output is what a model cut off there gives.
      for (const [layer, x_ND] of seen.entries()) {
        const normed = rmsNorm(x_ND, model.parameters.get('model.norm.weight')!, TINY.rms_norm_eps).dataSync();
        expect(difference(normed, read(layer + 1))).toBeLessThan(1e-6);
      }
    });
  });

  it('sees nothing of the future', () => {
    const model = tinyModel();
    const changed = ROWS.map((row) => [...row.slice(0, -1), 31]);
    const before = tf.slice(model.logits(ids(ROWS)), [0, 0, 0], [-1, 5, -1]).dataSync();
    expect([...tf.slice(model.logits(ids(changed)), [0, 0, 0], [-1, 5, -1]).dataSync()]).toEqual([...before]);
  });

  it('keeps packed documents apart, with RoPE and without', () => {
    const model = tinyModel();
    const packed = model.logits(ids([ROWS[0]]), { segmentIds_BT: ids([[0, 0, 1, 1, 1, 1]]) });
    const alone = [ROWS[0].slice(0, 2), ROWS[0].slice(2)].map((row) => model.logits(ids([row])));
    expect(difference(packed.dataSync(), tf.concat(alone, 1).dataSync())).toBeLessThan(1e-5);
  });

  it('has a layer without position embedding, where order is seen only through the mask', () => {
    const config = { ...TINY, num_hidden_layers: 1, initializer_range: 0.3 };
    const last = (no_rope_layers: number[], row: number[]) => {
      const model = SmolLM.initialize({ ...config, no_rope_layers }, { seed: 1 });
      return tf.slice(model.logits(ids([row])), [0, 2, 0], [1, 1, -1]).dataSync();
    };
    expect(difference(last([0], [4, 9, 1]), last([0], [9, 4, 1]))).toBeLessThan(1e-5);
    expect(difference(last([1], [4, 9, 1]), last([1], [9, 4, 1]))).toBeGreaterThan(1e-3);
  });

  it.each([false, true])(
    'reports the largest attention logit of every head and layer (checkpointing: %s)',
    (checkpointing) => {
      const model = tinyModel();
      const maxLogits: tf.Tensor1D[] = [];
      const batch = { inputs_BT: ids(ROWS), targets_BT: ids(ROWS) };
      tf.dispose(tf.variableGrads(() => model.loss(batch, { maxLogits, checkpointing })));
      expect(maxLogits.map((tensor) => tensor.shape)).toEqual([[4], [4], [4], [4]]);
      expect(maxLogits.every((tensor) => tensor.dataSync().every((value) => value > 0 && value < 100))).toBe(true);
    },
  );

  it('keeps its memory over training steps', () => {
    const model = tinyModel();
    const batch = {
      inputs_BT: ids(ROWS),
      targets_BT: ids(ROWS),
      segmentIds_BT: ids([
        [0, 0, 0, 1, 1, 1],
        [2, 2, 2, 2, 2, 2],
      ]),
    };
    const counts = [1, 2, 3].map(() => {
      const maxLogits: tf.Tensor1D[] = [];
      const { value, grads } = tf.variableGrads(() => model.loss(batch, { maxLogits }));
      tf.dispose([
        value,
        ...Object.values(grads),
        ...maxLogits,
        model.hidden(batch.inputs_BT),
        model.logits(batch.inputs_BT),
      ]);
      return tf.memory().numTensors;
    });
    expect(counts).toEqual([counts[0], counts[0], counts[0]]);
  });

  it('frees everything when disposed of', () => {
    const before = tf.memory().numTensors;
    const model = tinyModel();
    tf.dispose(model.logits(tf.tidy(() => tf.keep(ids(ROWS)))));
    model.dispose();
    expect(tf.memory().numTensors).toBe(before + 1);
  });

  it('overfits one batch to a loss below 0.05 in 200 steps', () => {
    const model = SmolLM.initialize(
      { ...TINY, num_hidden_layers: 2, hidden_size: 64, num_attention_heads: 4 },
      { seed: 3 },
    );
    const batch = { inputs_BT: ids(ROWS), targets_BT: ids(ROWS.map((row) => [...row.slice(1), 0])) };
    const options = { learningRate: 3e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 };
    const zeros = () => new Map([...model.parameters].map(([name, variable]) => [name, tf.zeros(variable.shape)]));
    let [m, v] = [zeros(), zeros()];
    let loss = Infinity;
    for (let step = 1; step <= 200 && loss >= 0.05; step++) {
      const { value, grads } = tf.variableGrads(() => model.loss(batch));
      loss = value.dataSync()[0];
      for (const [name, variable] of model.parameters) {
        const tensors = { parameter: variable, m: m.get(name)!, v: v.get(name)!, gradient: grads[variable.name] };
        const next = adamwStep(tensors, { ...options, correction1: 1 - 0.9 ** step, correction2: 1 - 0.95 ** step });
        tf.dispose([tensors.m, tensors.v, tensors.gradient]);
        variable.assign(next.parameter);
        next.parameter.dispose();
        m.set(name, next.m);
        v.set(name, next.v);
      }
    }
    expect(loss).toBeLessThan(0.05);
  });

  it('comes back the same from its tensors', () => {
    const model = tinyModel();
    const copy = SmolLM.fromTensors(model.config, model.toTensors());
    expect([...copy.logits(ids(ROWS)).dataSync()]).toEqual([...model.logits(ids(ROWS)).dataSync()]);
  });

  it('names the tensor that is missing, unexpected or misshapen', () => {
    const tensors = () => tinyModel().toTensors();
    const without = tensors();
    without.delete('model.norm.weight');
    expect(() => SmolLM.fromTensors(TINY, without)).toThrow('tensor model.norm.weight [16] is missing');
    const more = tensors().set('model.extra', { shape: [1], data: new Float32Array(1) });
    expect(() => SmolLM.fromTensors(TINY, more)).toThrow('unexpected tensor model.extra');
    const bent = tensors().set('model.norm.weight', { shape: [4, 4], data: new Float32Array(16) });
    expect(() => SmolLM.fromTensors(TINY, bent)).toThrow('model.norm.weight must have shape [16], got [4,4]');
  });

  it('takes a tied head that is stored as well, if it is the same', () => {
    const tensors = tinyModel().toTensors();
    const table = tensors.get('model.embed_tokens.weight')!;
    SmolLM.fromTensors(TINY, new Map(tensors).set('lm_head.weight', table)).dispose();
    const other = { ...table, data: table.data.map((value) => value + 1) };
    expect(() => SmolLM.fromTensors(TINY, new Map(tensors).set('lm_head.weight', other))).toThrow('differs from');
  });

  it('refuses ids that are not int32 [B, T]', () => {
    const wrong = tf.tensor2d([[1, 2]]);
    expect(() => tinyModel().logits(wrong)).toThrow(ModelError);
    expect(() => tinyModel().logits(wrong)).toThrow('token ids must be int32 [B, T], got float32 [1,2]');
  });
});
