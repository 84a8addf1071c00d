// Does a student learn more from a teacher than from the text alone? Trains a larger teacher on the quickstart's corpus,
// writes what it expects after each token into caches, and trains the quickstart's model three times from scratch and three
// times from the caches, on equal tokens: three times the quickstart's. Needs a build. Stopped, it goes on where it was:
//   node apps/pretrain/scripts/distill-experiment.mjs FOLDER [--threads 2] [--until teacher|caches|students] [--alpha 1] [--k 12]
// FOLDER takes all runs, the teacher's weights too; results are printed, and stay in FOLDER/results.json with the curves.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';

const here = dirname(fileURLToPath(import.meta.url));
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '2' },
    until: { type: 'string', default: 'students' },
    alpha: { type: 'string', default: '1' },
    k: { type: 'string', default: '12' },
    seeds: { type: 'string', default: '1,2,3' },
  },
});
const phases = ['teacher', 'caches', 'students'];
if (positionals.length !== 1 || !phases.includes(values.until)) {
  process.stderr.write(`usage: distill-experiment.mjs FOLDER [--threads N] [--until ${phases.join('|')}]\n`);
  process.exit(2);
}
const folder = resolve(positionals[0]);
const runs = join(folder, 'runs');
const caches = join(folder, `caches-${values.k}`);
const quickstart = parse(readFileSync(join(here, '..', 'recipes', 'quickstart.yaml'), 'utf8'));
const evaluateEvery = 100;

/** The quickstart's three mixtures and its schedule, `factor` times as long. */
function stretched(factor) {
  const stages = quickstart.train.stages.map((stage) => ({ ...stage, steps: Math.round(stage.steps * factor) }));
  const { warmupSteps, decaySteps } = quickstart.train;
  return {
    ...quickstart.train,
    stages,
    warmupSteps: Math.round(warmupSteps * factor),
    decaySteps: Math.round(decaySteps * factor),
    precision: 'bf16',
    checkpointEvery: 100,
    evaluateEvery,
  };
}

const teacher = {
  ...quickstart,
  name: 'teacher',
  model: { hiddenSize: 256, layers: 6, attentionHeads: 8, keyValueHeads: 4, intermediateSize: 768 },
  train: stretched(4),
};

const student = (kind, seed) => ({
  ...quickstart,
  name: `${kind}-${seed}`,
  train: { ...stretched(3), seed },
  ...(kind !== 'scratch' && { distill: { cache: caches, alpha: Number(values.alpha) } }),
});

function cli(...words) {
  const { status } = spawnSync(process.execPath, [join(here, '..', 'dist', 'cli.js'), ...words], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function run(recipe) {
  const path = join(folder, 'recipes', `${recipe.name}.yaml`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, stringify(recipe));
  shareData(recipe.name);
  cli('run', path, '--runs', runs, '--threads', values.threads);
}

/** All runs have the teacher's corpus: what comes before training need not be done again. */
function shareData(name) {
  const [from, to] = [join(runs, 'teacher'), join(runs, name)];
  if (name === 'teacher' || existsSync(join(to, 'steps'))) return;
  const ofTraining = ['checkpoints', 'metrics.jsonl', 'events.jsonl', 'tensorboard', 'model', 'report.html', 'lock'];
  for (const entry of readdirSync(from).filter((one) => !ofTraining.includes(one) && one !== 'steps'))
    cpSync(join(from, entry), join(to, entry), { recursive: true, preserveTimestamps: true });
  for (const step of ['sample', 'curate', 'tokenize'])
    cpSync(join(from, 'steps', `${step}.json`), join(to, 'steps', `${step}.json`));
}

const linesOf = (name) =>
  readFileSync(join(runs, name, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Held-out loss while it trained and bits per byte at the end. */
function resultOf(name) {
  const { summary } = JSON.parse(readFileSync(join(runs, name, 'steps', 'evaluate.json'), 'utf8'));
  const heldOut = linesOf(name).filter(({ evaluation }) => evaluation);
  return {
    name,
    bitsPerByte: summary.after,
    heldOutLoss: heldOut.at(-1).evaluation.loss,
    bestHeldOutLoss: Math.min(...heldOut.map(({ evaluation }) => evaluation.loss)),
    curve: heldOut.map(({ step, evaluation }) => [step, Number(evaluation.loss.toFixed(4))]),
  };
}

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const deviation = (numbers) =>
  Math.sqrt(numbers.reduce((sum, number) => sum + (number - mean(numbers)) ** 2, 0) / (numbers.length - 1));

function tellResults(kinds, seeds) {
  const results = Object.fromEntries(kinds.map((kind) => [kind, seeds.map((seed) => resultOf(`${kind}-${seed}`))]));
  const all = { teacher: resultOf('teacher'), alpha: Number(values.alpha), k: Number(values.k), ...results };
  writeFileSync(join(folder, `results-${kinds.at(-1)}.json`), `${JSON.stringify(all, null, 1)}\n`);
  const row = (name, of) => {
    const bits = of.map(({ bitsPerByte }) => bitsPerByte);
    const spread = bits.length > 1 ? ` ± ${deviation(bits).toFixed(4)}` : '';
    const losses = of.map(({ heldOutLoss }) => heldOutLoss.toFixed(4)).join(' ');
    return `${name.padEnd(10)} ${mean(bits).toFixed(4)}${spread} bits per byte; held-out loss ${losses}`;
  };
  console.log(
    row('teacher', [all.teacher]),
    `(at its best ${all.teacher.bestHeldOutLoss.toFixed(4)}: the one that taught)`,
  );
  for (const kind of kinds) console.log(row(kind, results[kind]));
  console.log(`step  ${kinds.join('  ')} (mean held-out loss)`);
  results[kinds[0]][0].curve.forEach(([step], index) => {
    const losses = kinds.map((kind) => mean(results[kind].map(({ curve }) => curve[index][1])).toFixed(3));
    console.log(`${String(step).padStart(4)}  ${losses.join('    ')}`);
  });
}

/** The teacher as it was when it did best on held-out text: later it knows its own text by heart. */
function takeBest() {
  const [from, to] = [join(runs, 'teacher'), join(folder, 'teacher')];
  if (existsSync(join(to, 'model.safetensors'))) return to;
  cpSync(join(from, 'model'), to, { recursive: true, filter: (path) => !path.endsWith('.safetensors') });
  const best = readFileSync(join(from, 'checkpoints', 'best'), 'utf8').trim();
  cpSync(join(from, 'checkpoints', best, 'model.safetensors'), join(to, 'model.safetensors'));
  return to;
}

run(teacher);
if (values.until === 'teacher') process.exit(0);
const cacheOptions = ['--k', values.k, '--precision', 'bf16', '--threads', values.threads];
cli('distill-cache', join(runs, 'teacher'), '--teacher', takeBest(), '--output', caches, ...cacheOptions);
if (values.until === 'caches') process.exit(0);
const seeds = values.seeds.split(',').map(Number);
const distilled = values.alpha === '1' ? 'distilled' : `distilled-${values.alpha}`;
for (const seed of seeds) for (const kind of ['scratch', distilled]) run(student(kind, seed));
tellResults(['scratch', distilled], seeds);
