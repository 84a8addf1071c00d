/** Prefill, decoding and loading of a model of SmolLM2-135M's shape with random weights: ours, llama.cpp's, PyTorch's, one after the other. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { useEngine } from '@smol/engine';
import { trainBpe } from '@smol/tokenizer';
import { convertModel, saveModelFolder } from '@smol/weights/node';
import * as tf from '@tensorflow/tfjs-core';
import { parameterShapes, presetConfig, toConfigJson } from '../src/index.ts';
import type { SmolLM } from '../src/index.ts';
import { loadModel } from '../src/node.ts';

/** Tokens a second, and how long loading took. */
interface Speeds {
  prefill: number;
  decode: number;
  loadMilliseconds: number;
}

/** A peer's speeds, or why there are none. */
export type PeerSpeeds = Speeds | { skipped: string };

/** What was measured. */
export interface InferenceSpeeds {
  engine: string;
  ours: Speeds;
  megabytes: number;
  weightMegabytes: number;
  llamaF32: PeerSpeeds;
  llamaQ8: PeerSpeeds;
  torch: PeerSpeeds;
}

const PROMPT = 256;
const NEW_TOKENS = 24;
const ROUNDS = 3;
const CONFIG = presetConfig('smollm2-135m');

const promptIds = (round: number): number[] =>
  Array.from({ length: PROMPT }, (_, index) => (index * 7919 + round * 31) % 49_152);
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Numbers of the right size, quickly. */
function weights(name: string, shape: readonly number[]): Float32Array {
  let state = name.length * 2_654_435_761;
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  if (shape.length === 1) return values.fill(1);
  for (let index = 0; index < values.length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    values[index] = state * 3e-11;
  }
  return values;
}

async function writeModel(folder: string): Promise<void> {
  const tensors = [...parameterShapes(CONFIG)].map(([name, shape]) => {
    return [name, { shape, dtype: 'F32' as const, load: () => weights(name, shape) }] as const;
  });
  const tokenizer = await trainBpe([], { vocabularySize: 257, specialTokens: ['<|end|>'] });
  const files = { 'tokenizer.json': JSON.stringify(tokenizer.toJson()) };
  await saveModelFolder(folder, { config: toConfigJson(CONFIG), tensors: new Map(tensors), files });
}

/** Tokens a second of the prompt (until the first token is known) and of those after it. */
async function generate(model: SmolLM, round: number): Promise<{ prefill: number; decode: number }> {
  const times = [performance.now()];
  const onToken = () => void times.push(performance.now());
  await model.generate(promptIds(round), { maxNewTokens: NEW_TOKENS, temperature: 0, stopIds: [], onToken });
  const [start, first] = times;
  return {
    prefill: (PROMPT * 1000) / (first - start),
    decode: ((NEW_TOKENS - 1) * 1000) / (times[times.length - 1] - first),
  };
}

async function measureOurs(folder: string): Promise<Speeds & { megabytes: number }> {
  const start = performance.now();
  const model = await loadModel(folder);
  const loadMilliseconds = performance.now() - start;
  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++) rounds.push(await generate(model, round));
  const warm = rounds.slice(1);
  const { reservedBytes = NaN } = tf.memory() as { reservedBytes?: number };
  model.dispose();
  return {
    prefill: median(warm.map(({ prefill }) => prefill)),
    decode: median(warm.map(({ decode }) => decode)),
    loadMilliseconds,
    megabytes: reservedBytes / 1e6,
  };
}

/** Runs a peer in a process of its own, which prints its speeds as JSON. */
function measurePeer(command: string, parameters: string[]): PeerSpeeds {
  const settings = [PROMPT, NEW_TOKENS, ROUNDS].map(String);
  const { status, stdout, stderr } = spawnSync(command, [...parameters, ...settings], {
    encoding: 'utf8',
    timeout: 240_000,
  });
  const last = stdout?.trim().split('\n').at(-1) ?? '';
  if (status === 0 && last.startsWith('{')) return JSON.parse(last) as Speeds;
  return { skipped: stderr?.trim().split('\n').at(-1)?.slice(0, 120) ?? 'not there' };
}

/** A Python that may have torch: the oracle's environment, else the system's. */
function python(): string {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'smol-oracle');
  const environments = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('model-')) : [];
  const own = environments.map((name) => join(cache, name, 'bin/python')).find((path) => existsSync(path));
  return process.env.SMOL_PYTHON ?? own ?? 'python3';
}

/** Measures everybody with the same weights, in a folder that is removed afterwards. */
export async function measureInference(): Promise<InferenceSpeeds> {
  const folder = await mkdtemp(join(tmpdir(), 'smol-bench-'));
  const scripts = join(import.meta.dirname, '../scripts');
  try {
    await writeModel(folder);
    const engine = await useEngine('auto');
    const ours = await measureOurs(folder);
    engine.close();
    const llama = async (type: 'F32' | 'Q8_0'): Promise<PeerSpeeds> => {
      const path = join(folder, `${type}.gguf`);
      await convertModel(folder, path, { type });
      return measurePeer(process.execPath, [join(scripts, 'bench-llama-cpp.mjs'), path]);
    };
    const [llamaF32, llamaQ8] = [await llama('F32'), await llama('Q8_0')];
    const torch = measurePeer(python(), [join(scripts, 'bench_torch.py'), folder]);
    const parameters = [...parameterShapes(CONFIG).values()].map((shape) => shape.reduce((a, b) => a * b, 1));
    const weightMegabytes = (4 * parameters.reduce((sum, size) => sum + size, 0)) / 1e6;
    return { engine: engine.name, ours, megabytes: ours.megabytes, weightMegabytes, llamaF32, llamaQ8, torch };
  } finally {
    await rm(folder, { recursive: true });
  }
}
