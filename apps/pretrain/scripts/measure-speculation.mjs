// How much faster does a model write when its own heads draft? Greedy, on text that it was not trained on; every text must be
// that of plain decoding. Needs a build and runs of mtp-experiment.mjs:
//   node apps/pretrain/scripts/measure-speculation.mjs [--runs runs/mtp-experiment] [--names residual-1,parallel-1] [--engine native]
// One JSON line a run and number of drafts.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TokenShard } from '@smol/dataset';
import { useEngine } from '@smol/engine';
import { loadModel } from '@smol/model/node';
import {
  ParallelHeads,
  parallelDrafter,
  residualBlock,
  restoreHeadTensors,
  SequentialModules,
  sequentialDrafter,
  speculate,
  transformerBlock,
} from '@smol/mtp';
import { toFloat32 } from '@smol/weights';
import { readSafetensors } from '@smol/weights/node';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: 'runs/mtp-experiment' },
    from: { type: 'string', default: 'runs/quickstart' },
    names: { type: 'string', default: 'residual-1,parallel-1,sequential-1' },
    engine: { type: 'string', default: 'native' },
    threads: { type: 'string', default: '2' },
    tokens: { type: 'string', default: '160' },
    prompts: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '5' },
    drafts: { type: 'string', default: '1,2,3' },
    temperature: { type: 'string', default: '0' },
  },
});
const maxNewTokens = Number(values.tokens);
const temperature = Number(values.temperature);
const { name: engine } = await useEngine(values.engine, { threads: Number(values.threads) });

/** Heads in the file, and the model itself. */
const predictionsOf = (tensors) =>
  Math.max(...[...tensors.keys()].map((key) => Number(/heads\.(\d+)/.exec(key)?.[1] ?? 1)));

function drafterOf(name, model, tensors) {
  const { hidden_size: dimension, intermediate_size: feedForward, rope_theta: ropeTheta } = model.config;
  const { num_attention_heads: queryHeads, num_key_value_heads: keyValueHeads } = model.config;
  const layer = transformerBlock({ dimension, queryHeads, keyValueHeads, feedForward, ropeTheta, seed: 0 });
  const heads = name.startsWith('sequential')
    ? new SequentialModules({ depth: 1, dimension, block: layer, seed: 0 })
    : new ParallelHeads({
        predictions: predictionsOf(tensors),
        block: name.startsWith('residual') ? residualBlock({ dimension }) : layer,
      });
  restoreHeadTensors(
    heads,
    new Map([...tensors].map(([key, tensor]) => [key, { shape: tensor.shape, data: toFloat32(tensor) }])),
  );
  if (heads instanceof ParallelHeads) return parallelDrafter(heads);
  return sequentialDrafter(heads, model.parameters.get('model.embed_tokens.weight'));
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function measure(name) {
  const folder = join(values.runs, name);
  const model = await loadModel(join(folder, 'model'));
  const { tensors } = await readSafetensors(join(folder, 'heads.safetensors'));
  const drafter = drafterOf(name, model, tensors);
  const count = Number(values.prompts);
  const prompts = ['tokens/recent-speeches.ds', '../mtp-experiment/held-out-code.ds'].flatMap((file) => {
    const shard = TokenShard.open(join(values.from, file));
    const stride = Math.floor(shard.tokenCount / count);
    return Array.from({ length: count }, (_, index) => [
      model.config.bos_token_id,
      ...shard.read(index * stride + 100, 24),
    ]);
  });
  const plain = (prompt) => model.generate(prompt, { maxNewTokens, temperature, stopIds: [] });
  const drafting = (prompt, drafts) => speculate(model, drafter, prompt, { maxNewTokens, drafts, temperature });
  for (const drafts of values.drafts
    .split(',')
    .map(Number)
    .filter((number) => number <= drafter.depth)) {
    const times = { plain: [], drafting: [] };
    const [proposed, accepted] = [[], []];
    let [passes, written, same] = [0, 0, 0];
    for (let round = 0; round <= Number(values.rounds); round++) {
      let [plainTime, draftTime] = [0, 0];
      for (const prompt of prompts) {
        let started = performance.now();
        const expected = await plain(prompt);
        plainTime += performance.now() - started;
        started = performance.now();
        const got = drafting(prompt, drafts);
        draftTime += performance.now() - started;
        if (round > 0) continue;
        same += Number(got.ids.join() === expected.join());
        passes += got.passes;
        written += got.ids.length;
        for (const [index, number] of got.proposed.entries()) {
          proposed[index] = (proposed[index] ?? 0) + number;
          accepted[index] = (accepted[index] ?? 0) + got.accepted[index];
        }
      }
      // The first round warms up.
      if (round > 0) {
        times.plain.push((1000 * prompts.length * maxNewTokens) / plainTime);
        times.drafting.push((1000 * prompts.length * maxNewTokens) / draftTime);
      }
    }
    const [before, after] = [median(times.plain), median(times.drafting)];
    console.log(
      JSON.stringify({
        name,
        engine,
        drafts,
        plainTokensPerSecond: Math.round(before),
        tokensPerSecond: Math.round(after),
        ratio: Number((after / before).toFixed(2)),
        tokensAPass: Number((written / passes).toFixed(2)),
        acceptedByPlace: accepted.map((number, index) => Number((number / proposed[index]).toFixed(2))),
        ...(temperature === 0 && { sameText: `${same} of ${prompts.length}` }),
      }),
    );
  }
  model.dispose();
}

for (const name of values.names.split(','))
  if (existsSync(join(values.runs, name, 'heads.safetensors'))) await measure(name);
process.exit(0);
