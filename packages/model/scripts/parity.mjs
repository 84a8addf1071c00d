// node scripts/parity.mjs FOLDER…: for every folder with a model and batches.json, writes logits, loss and all gradients of the
// first batch, and the losses of 50 AdamW steps over the batches, to parity.safetensors. The oracle compares them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { useEngine } from '@smol/engine';
import { loadModel } from '@smol/model/node';
import { adamwStep } from '@smol/ops';
import { writeSafetensors } from '@smol/weights/node';
import * as tf from '@tensorflow/tfjs-core';

const ids = (rows) => tf.tensor2d(rows, [rows.length, rows[0].length], 'int32');

/** Decoupled AdamW on every parameter, as torch.optim.AdamW. */
function adamw(model, { learningRate, beta1, beta2, epsilon, weightDecay }) {
  const zeros = () => new Map([...model.parameters].map(([name, variable]) => [name, tf.zeros(variable.shape)]));
  const [m, v] = [zeros(), zeros()];
  let step = 0;
  return (grads) => {
    step++;
    const corrections = { correction1: 1 - beta1 ** step, correction2: 1 - beta2 ** step };
    for (const [name, parameter] of model.parameters) {
      const tensors = { parameter, m: m.get(name), v: v.get(name), gradient: grads[parameter.name] };
      const next = adamwStep(tensors, { learningRate, beta1, beta2, epsilon, weightDecay, ...corrections });
      tf.dispose([tensors.m, tensors.v, tensors.gradient]);
      parameter.assign(next.parameter);
      next.parameter.dispose();
      m.set(name, next.m);
      v.set(name, next.v);
    }
  };
}

async function run(folder) {
  const { batches, optimizer, steps } = JSON.parse(readFileSync(join(folder, 'batches.json'), 'utf8'));
  const model = await loadModel(folder);
  const tensors = batches.map(({ inputs, targets }) => ({ inputs_BT: ids(inputs), targets_BT: ids(targets) }));
  const logits = tf.tidy(() => model.logits(tensors[0].inputs_BT).dataSync());
  const { value, grads } = tf.variableGrads(() => model.loss(tensors[0]));
  const out = new Map([
    ['logits', { shape: [logits.length], data: logits }],
    ['loss', { shape: [1], data: value.dataSync() }],
  ]);
  for (const [name, variable] of model.parameters) {
    out.set(`gradient ${name}`, { shape: variable.shape, data: grads[variable.name].dataSync() });
  }
  tf.dispose(grads);
  const update = adamw(model, optimizer);
  const curve = new Float32Array(steps);
  for (let step = 0; step < steps; step++) {
    const { value: loss, grads: gradients } = tf.variableGrads(() => model.loss(tensors[step % tensors.length]));
    curve[step] = loss.dataSync()[0];
    loss.dispose();
    update(gradients);
  }
  out.set('curve', { shape: [steps], data: curve });
  await writeSafetensors(join(folder, 'parity.safetensors'), out);
  model.dispose();
}

const engine = await useEngine('auto');
console.log(`engine ${engine.name}`);
for (const folder of process.argv.slice(2)) await run(folder);
engine.close();
