// node scripts/round-trip.mjs FROM TO: loads a model folder, saves it again, prints the logits of tokens 0 … 11 as JSON.
import { useEngine } from '@smol/engine';
import { loadModel, saveModel } from '@smol/model/node';
import * as tf from '@tensorflow/tfjs-core';

const [from, to] = process.argv.slice(2);
await useEngine('wasm', { threads: 1 });
const model = await loadModel(from);
await saveModel(model, to, { maximumShardBytes: 40_000 });
const ids_BT = tf.reshape(tf.range(0, 12, 1, 'int32'), [1, 12]);
console.log(JSON.stringify([...model.logits(ids_BT).dataSync()]));
