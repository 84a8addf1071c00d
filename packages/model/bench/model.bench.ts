/** Training and generating with a small SmolLM3: against tfjs's own backend, and against what the engine's matrix product allows. */
import { disposeEngine, useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { configFromDepth, flopsPerToken, SmolLM } from '../src/index.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

/** What is trained: a depth (see configFromDepth) and the sizes of a batch. */
interface Load {
  depth: number;
  batch: number;
  time: number;
}

const VOCABULARY = 1024;
const ROUNDS = 5;
const NEW_TOKENS = 64;
/** Small enough for tfjs's own backend. */
const SMALL: Load = { depth: 2, batch: 1, time: 64 };
const LARGE: Load = { depth: 4, batch: 4, time: 128 };

/** Median milliseconds of the rounds, after one to warm up. */
function time(run: () => void, rounds = ROUNDS): number {
  const times = Array.from({ length: rounds + 1 }, () => {
    const started = performance.now();
    run();
    return performance.now() - started;
  });
  return times
    .slice(1)
    .sort((a, b) => a - b)
    .at(Math.floor(rounds / 2))!;
}

/** Tokens per second of forward and backward passes. */
function trainingSpeed({ depth, batch, time: length }: Load, rounds: number): number {
  const model = SmolLM.initialize(configFromDepth(depth, VOCABULARY), { seed: 1 });
  const ids = Array.from({ length: batch * length }, (_, index) => (index * 7919) % VOCABULARY);
  const ids_BT = tf.tensor2d(ids, [batch, length], 'int32');
  const milliseconds = time(() => {
    const { value, grads } = tf.variableGrads(() => model.loss({ inputs_BT: ids_BT, targets_BT: ids_BT }));
    value.dataSync();
    tf.dispose([value, ...Object.values(grads)]);
  }, rounds);
  ids_BT.dispose();
  model.dispose();
  return (batch * length * 1000) / milliseconds;
}

/** Floating-point operations per second of the engine's own matrix product of 512 × 512 matrices: the limit of training. */
function measurePeak(): number {
  const a = tf.ones<tf.Rank.R2>([512, 512]);
  const milliseconds = time(() => tf.tidy(() => void tf.matMul(a, a).dataSync()), 10);
  a.dispose();
  return (2 * 512 ** 3) / (milliseconds / 1000);
}

/** Tokens per second with the KV cache, and with a whole forward pass for every token. */
async function generationSpeeds(): Promise<[cached: number, whole: number]> {
  const model = SmolLM.initialize(configFromDepth(LARGE.depth, VOCABULARY), { seed: 1 });
  const prompt = [1, 2, 3];
  await model.generate(prompt, { maxNewTokens: 4 });
  const started = performance.now();
  const tokens = [...prompt, ...(await model.generate(prompt, { maxNewTokens: NEW_TOKENS, temperature: 0 }))];
  const between = performance.now();
  for (let length = prompt.length; length < tokens.length; length++) {
    tf.tidy(() => void model.logits(tf.tensor2d(tokens.slice(0, length), [1, length], 'int32')).dataSync());
  }
  const finished = performance.now();
  model.dispose();
  return [(NEW_TOKENS * 1000) / (between - started), (NEW_TOKENS * 1000) / (finished - between)];
}

function row(name: string, ours: number, unit: string, peer: string, peerValue: number): BenchRow {
  return { bench: 'model', case: name, ours, unit, peer, peerValue, ratio: ours / peerValue };
}

/** All rows; takes some ten seconds. */
export async function bench(): Promise<BenchRow[]> {
  await useEngine('cpu');
  const slow = trainingSpeed(SMALL, 1);
  const { name } = await useEngine('auto');
  const fast = trainingSpeed(SMALL, ROUNDS);
  const operations = flopsPerToken(configFromDepth(LARGE.depth, VOCABULARY), LARGE.time);
  const training = (trainingSpeed(LARGE, ROUNDS) * operations) / 1e9;
  const peak = measurePeak() / 1e9;
  const [cached, whole] = await generationSpeeds();
  disposeEngine();
  return [
    row(`training at depth ${SMALL.depth}, engine ${name}`, fast, 'tokens/s', 'tfjs cpu', slow),
    row(`training at depth ${LARGE.depth}, engine ${name}`, training, 'GFLOP/s', 'limit', peak),
    row(`generating with KV cache, engine ${name}`, cached, 'tokens/s', 'without cache', whole),
  ];
}
