import * as tf from '@tensorflow/tfjs-core';
import type { HeapBackend } from '../src/heap/heap-backend.ts';
import type { BenchRow } from './bench-row.ts';
import { median, row } from './bench-row.ts';
import { contestants, enter, enterStockWasm, nameOf } from './contestants.ts';
import type { Contestant } from './contestants.ts';
import type { PeerAnswer } from './pytorch.ts';
import { askPytorch } from './pytorch.ts';
import { STEP_MODELS, trainer } from './step-model.ts';
import type { StepModel } from './step-model.ts';

/** Models above this size take minutes a step on WebAssembly, whosoever's. */
const LARGEST_FOR_WASM = 60e6;
const THREADS = 2;

/** The models named in SMOL_BENCH_MODELS, else all. */
const models = STEP_MODELS.filter(({ name }) => (process.env['SMOL_BENCH_MODELS'] ?? name).split(',').includes(name));

interface Measured {
  readonly tokensPerSecond: number;
  /** The most bytes of tensors that lived at once, weights and optimizer state included; undefined on engines without a heap. */
  readonly peakBytes: number | undefined;
}

function measure(model: StepModel, runs: number): Measured {
  const { heap } = tf.backend() as Partial<HeapBackend>;
  heap?.takePeak();
  const { step, dispose } = trainer(model);
  const ms = median(() => void step(), runs, 1);
  const peakBytes = heap?.takePeak();
  dispose();
  return { tokensPerSecond: (1e3 * model.batch * model.time) / ms, peakBytes };
}

function askPeers(model: StepModel, dtype: string): Record<string, PeerAnswer | undefined> {
  const request = { kind: 'step', model, dtype, threads: THREADS, steps: 3 };
  return {
    'pytorch-eager': askPytorch({ ...request, compile: false }),
    'pytorch-compile': askPytorch({ ...request, compile: true }),
  };
}

async function stockRate(model: StepModel): Promise<number | undefined> {
  if (model !== STEP_MODELS[0]) return undefined; // tens of seconds a step already on the smallest
  await enterStockWasm();
  return measure(model, 1).tokensPerSecond;
}

async function rowsOf(
  model: StepModel,
  contestant: Contestant,
  peers: Record<string, PeerAnswer | undefined>,
  stock?: number,
) {
  await enter(contestant);
  const { tokensPerSecond, peakBytes } = measure(model, 3);
  const title = `${model.name}, ${nameOf(contestant)}`;
  const about = ['step', title, 'tokens/s'] as const;
  const tokens = 1e3 * model.batch * model.time;
  const rows = Object.entries(peers).map(([peer, answer]) =>
    row(about, tokensPerSecond, peer, answer && tokens / answer.ms, 'more'),
  );
  if (stock !== undefined) rows.push(row(about, tokensPerSecond, 'tfjs-wasm', stock, 'more'));
  // What PyTorch's process grew by: its tensors, without its libraries.
  const eager = peers['pytorch-eager'];
  const grown = eager?.peakBytes && eager.baseBytes && eager.peakBytes - eager.baseBytes;
  if (peakBytes !== undefined)
    rows.push(
      row(
        ['memory', `${title}, tensors`, 'MiB'],
        peakBytes / 2 ** 20,
        'pytorch-eager',
        grown && grown / 2 ** 20,
        'less',
      ),
    );
  return rows;
}

/** A whole training step of three models, in f32 and bf16, against PyTorch and tfjs' own wasm backend. */
export async function stepRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const model of models) {
    const stock = await stockRate(model);
    for (const precision of ['f32', 'bf16'] as const) {
      const runners = (await contestants([THREADS])).filter((contestant) => contestant.precision === precision);
      const able = runners.filter(
        ({ engine }) => engine === 'native' || model.vocabulary * model.width < LARGEST_FOR_WASM / 4,
      );
      const peers = able.length > 0 ? askPeers(model, precision) : {};
      for (const contestant of able) rows.push(...(await rowsOf(model, contestant, peers, stock)));
    }
  }
  return rows;
}
