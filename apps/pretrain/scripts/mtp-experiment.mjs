// Does predicting several tokens help a small model? The quickstart's corpus and budget three times over, with a share of
// JavaScript, one model trained plainly and with heads of several kinds, three seeds each. Needs a build and the quickstart's
// run folder (npm start). Stopped, it goes on where it was:
//   node apps/pretrain/scripts/mtp-experiment.mjs [--from runs/quickstart] [--out runs/mtp-experiment] [--variants plain,residual]
// Leaves a folder a run: model, heads.safetensors, metrics.jsonl, result.json; and prints all results as JSON lines.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { BatchLoader, evaluationBatches, ShardWriter, TokenShard } from '@smol/dataset';
import { useEngine } from '@smol/engine';
import { SmolLM } from '@smol/model';
import { saveModel } from '@smol/model/node';
import {
  headTensors,
  ParallelHeads,
  residualBlock,
  SequentialModules,
  transformerBlock,
  withParallelHeads,
  withSequentialModules,
} from '@smol/mtp';
import { AdamW, MuonClip, splitParameters } from '@smol/optim-muon';
import { RandomStream } from '@smol/random';
import { loadTokenizer } from '@smol/tokenizer/node';
import { Trainer, wsd } from '@smol/train';
import { jsonlSink } from '@smol/train/node';
import { writeSafetensors } from '@smol/weights/node';
import * as tf from '@tensorflow/tfjs-core';

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: 'runs/quickstart' },
    out: { type: 'string', default: 'runs/mtp-experiment' },
    variants: { type: 'string', default: 'residual,plain,parallel,sequential' },
    seeds: { type: 'string', default: '1,2,3' },
    budget: { type: 'string', default: '3' },
  },
});
const budget = Number(values.budget);
const sequenceLength = 256;
const batchSize = 16;
const codeShare = 0.15;
const require = createRequire(import.meta.url);
const config = JSON.parse(readFileSync(join(values.from, 'model', 'config.json'), 'utf8'));
const { hidden_size: dimension, intermediate_size: feedForward, vocab_size: vocabularySize } = config;

// The quickstart's stages, three times as long, with code taking its share of each.
const stages = [
  { steps: 180, mixture: { pages: 0.35, 'old-speeches': 0.4, papers: 0.1, 'modern-speeches': 0.15 } },
  { steps: 180, mixture: { pages: 0.15, 'old-speeches': 0.25, papers: 0.2, 'modern-speeches': 0.4 } },
  { steps: 140, mixture: { pages: 0.05, 'old-speeches': 0.1, papers: 0.25, 'modern-speeches': 0.6 } },
].map(({ steps, mixture }) => ({
  steps: Math.round(steps * budget),
  mixture: {
    ...Object.fromEntries(Object.entries(mixture).map(([name, share]) => [name, share * (1 - codeShare)])),
    code: codeShare,
  },
}));
const totalSteps = stages.reduce((sum, { steps }) => sum + steps, 0);

const block = (seed) =>
  transformerBlock({ dimension, queryHeads: 4, keyValueHeads: 2, feedForward, ropeTheta: config.rope_theta, seed });
/** What each variant adds to the model: [heads, model and heads as one]. */
const variants = {
  plain: (model) => [undefined, model],
  /** Four tokens; heads of one residual matrix, which count as much as DeepSeek's λ says. */
  residual: (model) => {
    const heads = new ParallelHeads({ predictions: 4, block: residualBlock({ dimension }), weight: 0.3 });
    return [heads, withParallelHeads(model, heads)];
  },
  /** Four tokens, a transformer layer a head, all counting the same, as Meta did. */
  parallel: (model, seed) => {
    const heads = new ParallelHeads({ predictions: 4, block: block(seed) });
    return [heads, withParallelHeads(model, heads)];
  },
  /** One further token by a sequential module, λ = 0.3, as in DeepSeek-V3. */
  sequential: (model, seed) => {
    const heads = new SequentialModules({ depth: 1, dimension, block: block(seed), seed });
    return [heads, withSequentialModules(model, heads)];
  },
};

/** JavaScript of a package, file by file, without licence headers and source maps. */
function sourceFiles(packageName, folder) {
  const root = join(dirname(require.resolve(`${packageName}/package.json`)), folder);
  return readdirSync(root, { recursive: true })
    .filter((name) => name.endsWith('.js') && !/test|\.min\./.test(name))
    .sort()
    .map((name) => readFileSync(join(root, name), 'utf8'))
    .map((text) =>
      text
        .replace(/^\/\*\*[\s\S]*?\*\/\s*/, '')
        .replace(/^\/\/# sourceMappingURL.*$/m, '')
        .trim(),
    );
}

async function codeShard(name, texts, tokenizer) {
  const path = join(values.out, `${name}.ds`);
  if (!existsSync(path)) {
    const writer = new ShardWriter(path, { tokenSize: 2, tokenizer: 'tokenizer' });
    for (const text of texts) writer.append(Uint32Array.from([...tokenizer.encode(text), config.eos_token_id]));
    await writer.close();
  }
  return TokenShard.open(path);
}

const idRows = (rows) => tf.tensor2d(rows, [rows.length, rows[0].length], 'int32');

/** Mean next-token loss of the model alone on all windows of a shard. */
function lossOn(model, shard) {
  let [sum, count] = [0, 0];
  for (const batch of evaluationBatches([shard], { batchSize: 8, sequenceLength, maximumBatches: 32 })) {
    const counted = batch.targets.reduce((total, target) => total + Number(target >= 0), 0);
    const ids = (data) => tf.tensor2d(data, [batch.rows, sequenceLength], 'int32');
    const loss = tf.tidy(() => {
      const segmentIds_BT = ids(batch.segments);
      return model.loss({ inputs_BT: ids(batch.inputs), targets_BT: ids(batch.targets), segmentIds_BT }).dataSync()[0];
    });
    [sum, count] = [sum + counted * loss, count + counted];
  }
  return sum / count;
}

/**
 * Rows of a passage, read twice: how well is the second reading predicted? Token by token, and in runs of four (all four
 * right, each from the true text before it), which is what looking ahead should help with.
 */
function copying(model, passages) {
  const length = passages[0].length;
  return tf.tidy(() => {
    const twice = passages.map((passage) => [config.bos_token_id, ...passage, ...passage]);
    const logits_BTV = model.logits(idRows(twice.map((row) => row.slice(0, -1))));
    const guesses = tf.argMax(logits_BTV, -1).arraySync();
    const isRight = passages.map((passage, row) => passage.map((id, index) => guesses[row][length + index] === id));
    const all = isRight.flat();
    const runs = isRight.flatMap((row) =>
      row.slice(0, -3).map((_, start) => row.slice(start, start + 4).every(Boolean)),
    );
    const share = (list) => list.filter(Boolean).length / list.length;
    return { accuracy: share(all.filter((_, index) => index % length > 0)), runsOfFour: share(runs) };
  });
}

function randomPassages(count, length) {
  const stream = new RandomStream(7, 'copying');
  const id = (index) => 260 + stream.integer(index, vocabularySize - 260);
  return Array.from({ length: count }, (_, row) => Array.from({ length }, (_, place) => id(row * length + place)));
}

function textPassages(shard, count, length) {
  const stride = Math.floor(shard.tokenCount / count);
  return Array.from({ length: count }, (_, row) => Array.from(shard.read(row * stride, length)));
}

const rounded = (record) =>
  JSON.parse(JSON.stringify(record, (_, value) => (typeof value === 'number' ? Number(value.toFixed(4)) : value)));

async function train(variant, seed, { sources, heldOut, code }) {
  const folder = join(values.out, `${variant}-${seed}`);
  const resultFile = join(folder, 'result.json');
  if (existsSync(resultFile)) return JSON.parse(readFileSync(resultFile, 'utf8'));
  mkdirSync(folder, { recursive: true });
  const model = SmolLM.initialize(config, { seed });
  const [heads, whole] = variants[variant](model, seed);
  const { muon, adamw } = splitParameters(whole.parameters);
  const optimizers = [
    new MuonClip(muon, {
      learningRate: 0.01,
      weightDecay: 0.1,
      scaling: 'moonlight',
      headDimension: config.head_dim,
      threshold: 100,
    }),
    new AdamW(adamw, { learningRate: 0.005, weightDecay: 0.1 }),
  ];
  const measure = () => ({ loss: lossOn(model, heldOut), code: lossOn(model, code) });
  const started = performance.now();
  await new Trainer({
    model: { parameters: whole.parameters, loss: (batch, { maxLogits }) => whole.loss(batch, { maxLogits }) },
    optimizers,
    loader: new BatchLoader({ sources, stages, batchSize, sequenceLength, seed, vocabularySize }),
    totalSteps,
    schedule: wsd({ totalSteps, warmupSteps: 15, decaySteps: Math.round(200 * budget) }),
    gradientClip: 1,
    checkpoint: { folder: join(folder, 'checkpoints'), every: 100, keep: 1 },
    evaluate: { every: 250, run: measure },
    sinks: [jsonlSink(join(folder, 'metrics.jsonl'))],
  }).run();
  await saveModel(model, join(folder, 'model'));
  if (heads) await writeSafetensors(join(folder, 'heads.safetensors'), headTensors(heads));
  const metrics = readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const evaluations = metrics.filter(({ evaluation }) => evaluation);
  const result = rounded({
    variant,
    seed,
    heldOut: lossOn(model, heldOut),
    heldOutCode: lossOn(model, code),
    copyRandom: copying(model, randomPassages(64, 32)),
    copyText: copying(model, textPassages(heldOut, 64, 64)),
    copyCode: copying(model, textPassages(code, 64, 64)),
    curve: evaluations.map(({ step, evaluation }) => [step, evaluation.loss, evaluation.code]),
    secondsAStep: metrics.filter(({ loss }) => loss).reduce((sum, { timing }) => sum + timing.seconds, 0) / totalSteps,
    seconds: (performance.now() - started) / 1000,
  });
  writeFileSync(resultFile, `${JSON.stringify(result)}\n`);
  for (const optimizer of optimizers) optimizer.dispose();
  heads?.dispose();
  model.dispose();
  return result;
}

await useEngine('native', { threads: 2 });
mkdirSync(values.out, { recursive: true });
const tokenizer = await loadTokenizer(join(values.from, 'tokenizer'));
const shard = (source) => TokenShard.open(join(values.from, 'tokens', `${source}.ds`));
const data = {
  sources: {
    ...Object.fromEntries(['pages', 'old-speeches', 'papers', 'modern-speeches'].map((name) => [name, [shard(name)]])),
    code: [
      await codeShard(
        'code',
        [...sourceFiles('@tensorflow/tfjs-core', 'dist'), ...sourceFiles('zod', 'v4')],
        tokenizer,
      ),
    ],
  },
  heldOut: shard('recent-speeches'),
  // Code of people whose code was not trained on.
  code: await codeShard('held-out-code', sourceFiles('yaml', 'dist'), tokenizer),
};
for (const seed of values.seeds.split(',').map(Number))
  for (const variant of values.variants.split(',')) console.log(JSON.stringify(await train(variant, seed, data)));
process.exit(0);
