/** Training and generating with a small SmolLM3: against tfjs's own backend, and against what the engine's matrix product allows. */
import { disposeEngine, useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { configFromDepth, flopsPerToken, SmolLM } from '../src/index.ts';
import { measureInference } from './inference.ts';
import type { InferenceSpeeds, PeerSpeeds } from './inference.ts';

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

/** One figure against a peer's that may not be there; of times, less is more. */
function peerRow(
  { engine, ours }: InferenceSpeeds,
  figure: 'prefill' | 'decode' | 'loadMilliseconds',
  peer: string,
  speeds: PeerSpeeds,
): BenchRow {
  const isTime = figure === 'loadMilliseconds';
  const name = isTime ? 'load, 135M, f32' : `${figure}, 135M, engine ${engine}`;
  const [value, unit] = [ours[figure], isTime ? 'ms' : 'tokens/s'];
  if ('skipped' in speeds) {
    return {
      bench: 'model',
      case: name,
      ours: value,
      unit,
      peer: `${peer} (skipped: ${speeds.skipped})`,
      peerValue: null,
      ratio: null,
    };
  }
  const peerValue = speeds[figure];
  return {
    bench: 'model',
    case: name,
    ours: value,
    unit,
    peer,
    peerValue,
    ratio: isTime ? peerValue / value : value / peerValue,
  };
}

function inferenceRows(speeds: InferenceSpeeds): BenchRow[] {
  const peers = [
    ['llama.cpp F32', speeds.llamaF32],
    ['llama.cpp Q8_0', speeds.llamaQ8],
    ['PyTorch eager f32', speeds.torch],
  ] as const;
  const rows = (['prefill', 'decode', 'loadMilliseconds'] as const).flatMap((figure) =>
    peers.map(([peer, values]) => peerRow(speeds, figure, peer, values)),
  );
  const { megabytes, weightMegabytes } = speeds;
  const memory = { peer: 'limit', peerValue: weightMegabytes, ratio: weightMegabytes / megabytes };
  return [...rows, { bench: 'model', case: 'memory after generating, 135M', ours: megabytes, unit: 'MB', ...memory }];
}

/** All rows; takes a minute or two, most of it writing and loading models of 540 MB. */
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
  const inference = await measureInference();
  return [
    ...inferenceRows(inference),
    row(`training at depth ${SMALL.depth}, engine ${name}`, fast, 'tokens/s', 'tfjs cpu', slow),
    row(`training at depth ${LARGE.depth}, engine ${name}`, training, 'GFLOP/s', 'limit', peak),
    row(`generating with KV cache, engine ${name}`, cached, 'tokens/s', 'without cache', whole),
  ];
}
