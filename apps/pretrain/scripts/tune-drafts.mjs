// Teaches the heads of a trained model to guess what that model itself will say (as Medusa does: the model stays as it is, the
// heads go on learning, from its own text), for faster drafting. Needs a build and runs of mtp-experiment.mjs:
//   node apps/pretrain/scripts/tune-drafts.mjs [--runs runs/mtp-experiment] [--name residual-1] [--predictions 4] [--steps 200]
// Leaves RUNS/NAME-tuned with the same model and its own heads.safetensors; measure-speculation.mjs reads it.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TokenShard } from '@smol/dataset';
import { useEngine } from '@smol/engine';
import { loadModel } from '@smol/model/node';
import { headTensors, ParallelHeads, residualBlock, restoreHeadTensors, transformerBlock } from '@smol/mtp';
import { AdamW } from '@smol/optim-muon';
import { RandomStream } from '@smol/random';
import { toFloat32 } from '@smol/weights';
import { readSafetensors, writeSafetensors } from '@smol/weights/node';
import * as tf from '@tensorflow/tfjs-core';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: 'runs/mtp-experiment' },
    from: { type: 'string', default: 'runs/quickstart' },
    code: { type: 'string', default: 'runs/mtp-experiment/code.ds' },
    name: { type: 'string', default: 'residual-1' },
    block: { type: 'string', default: 'residual' },
    predictions: { type: 'string', default: '4' },
    rows: { type: 'string', default: '512' },
    steps: { type: 'string', default: '240' },
    temperature: { type: 'string', default: '0' },
    fresh: { type: 'boolean', default: false }, // not the heads as training left them, but new ones
  },
});
const [promptLength, batchSize, steps, rowCount] = [24, 16, Number(values.steps), Number(values.rows)];
const sequenceLength = 192;
await useEngine('native', { threads: 2 });
const folder = join(values.runs, values.name);
const model = await loadModel(join(folder, 'model'));
const { hidden_size: dimension, intermediate_size: feedForward, rope_theta: ropeTheta } = model.config;
const { num_attention_heads: queryHeads, num_key_value_heads: keyValueHeads } = model.config;
const block =
  values.block === 'residual'
    ? residualBlock({ dimension })
    : transformerBlock({ dimension, queryHeads, keyValueHeads, feedForward, ropeTheta, seed: 1 });
const heads = new ParallelHeads({ predictions: Number(values.predictions), block });
if (!values.fresh) {
  const { tensors } = await readSafetensors(join(folder, 'heads.safetensors'));
  const trained = [...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, data: toFloat32(tensor) }]);
  restoreHeadTensors(heads, new Map(trained));
}

/** The model's own text after the beginnings of passages that it was trained on. */
async function ownText() {
  const random = new RandomStream(3, 'draft prompts');
  const sources = ['pages', 'old-speeches', 'modern-speeches'].map((name) => join(values.from, 'tokens', `${name}.ds`));
  const shards = [...sources, values.code].map((path) => TokenShard.open(path));
  const prompts = Array.from({ length: rowCount }, (_, row) => {
    const shard = shards[row % shards.length];
    return [
      model.config.bos_token_id,
      ...shard.read(random.integer(row, shard.tokenCount - promptLength), promptLength),
    ];
  });
  const rows = [];
  const maxNewTokens = sequenceLength - promptLength;
  const options = { maxNewTokens, temperature: Number(values.temperature), stopIds: [] };
  for (let start = 0; start < rowCount; start += 64) {
    const batch = prompts.slice(start, start + 64);
    const texts = await model.generateBatch(batch, { ...options, seed: start });
    rows.push(...texts.map(({ ids }, index) => [...batch[index], ...ids]));
    if (start % 256 === 0) console.error(`own text: ${rows.length} of ${rowCount} rows`);
  }
  return rows;
}

const started = performance.now();
const rows = await ownText();
const optimizer = new AdamW(heads.parameters, { learningRate: 0.004 });
const names = [...heads.parameters.keys()];
const weights = [0, ...Array(heads.predictions - 1).fill(1)];
const order = new RandomStream(4, 'draft rows');
for (let step = 0; step < steps; step++) {
  const epoch = Math.floor((step * batchSize) / rowCount);
  const batch = Array.from(
    { length: batchSize },
    (_, row) => rows[order.integer(epoch * rowCount + step * batchSize + row, rowCount)],
  );
  const ids = (start) =>
    tf.tensor2d(
      batch.map((row) => row.slice(start, start + sequenceLength)),
      [batchSize, sequenceLength],
      'int32',
    );
  const [inputs_BT, targets_BT] = [ids(0), ids(1)];
  const hidden_BTD = model.hidden(inputs_BT);
  const headLosses = [];
  const loss = () =>
    heads.loss({ hidden_BTD, headWeight_VD: model.headWeight, targets_BT }, { headWeights: weights, headLosses });
  const { value, grads } = tf.variableGrads(loss, [...heads.parameters.values()]);
  const gradients = new Map(names.map((name) => [name, grads[heads.parameters.get(name).name]]));
  optimizer.step(gradients, { learningRateScale: Math.min(1, (step + 1) / 10, (steps - step) / (steps * 0.7)) });
  if (step % 40 === 0)
    console.error(
      `step ${step}: ${headLosses
        .slice(1)
        .map((one) => one.dataSync()[0].toFixed(3))
        .join(' ')}`,
    );
  tf.dispose([inputs_BT, targets_BT, hidden_BTD, value, grads, headLosses]);
}
const out = `${folder}-tuned`;
cpSync(join(folder, 'model'), join(out, 'model'), { recursive: true });
await writeSafetensors(join(out, 'heads.safetensors'), headTensors(heads));
console.log(
  JSON.stringify({ out, rows: rows.length, steps, seconds: Math.round((performance.now() - started) / 1000) }),
);
process.exit(0);
