// node scripts/long-context.mjs [DEPTH] [LENGTH] [full]: one training step (loss and all gradients, checkpointed) on one row of LENGTH
// tokens, with windows of 1024 or full attention, and the memory it took.
import { useEngine } from '@smol/engine';
import { configFromDepth, countParameters, SmolLM } from '@smol/model';
import * as tf from '@tensorflow/tfjs-core';

const [depth = 4, length = 65_536] = process.argv.slice(2).map(Number);
const isFull = process.argv[4] === 'full';
const engine = await useEngine('auto');
const windows = { sliding_window: 1024, layer_types: Array(depth).fill('sliding_attention') };
const config = configFromDepth(depth, 4096, {
  max_position_embeddings: length,
  rope_theta: 5e6,
  ...(isFull ? {} : windows),
});
const model = SmolLM.initialize(config, { seed: 1 });
const row = tf.tensor2d(
  Array.from({ length }, (_, index) => (index * 7919) % 4096),
  [1, length],
  'int32',
);
const start = performance.now();
const { value, grads } = tf.variableGrads(() =>
  model.loss({ inputs_BT: row, targets_BT: row }, { checkpointing: true }),
);
const loss = value.dataSync()[0];
const seconds = (performance.now() - start) / 1000;
const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;
const { reservedBytes } = tf.memory();
console.log(
  `depth ${depth}, ${countParameters(config)} parameters, ${length} tokens, ${isFull ? 'full attention' : 'windows of 1024'}, engine ${engine.name}: ` +
    `loss ${loss.toFixed(3)}, ${Object.keys(grads).length} gradients, ${seconds.toFixed(1)} s; tensors ${megabytes(reservedBytes)}, ` +
    `process ${megabytes(process.resourceUsage().maxRSS * 1024)}`,
);
engine.close();
