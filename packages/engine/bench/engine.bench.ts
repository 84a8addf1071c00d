import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { useEngine } from '../src/index.ts';
import { blockStep } from './block.ts';
import { simdPeak } from './simd-peak.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const PEER = '@tensorflow/tfjs-backend-wasm';

/** Median milliseconds of `runs` calls after two to warm up. */
function median(call: () => void, runs: number): number {
  call();
  call();
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    call();
    return performance.now() - start;
  });
  return times.toSorted((a, b) => a - b)[runs >> 1];
}

/** GFLOPS of one product on the current backend. */
function multiplyRate([rows, depth, columns]: number[], transposeB: boolean, runs: number): number {
  const a = tf.ones<tf.Rank.R2>([rows, depth]);
  const b = tf.ones<tf.Rank.R2>(transposeB ? [columns, depth] : [depth, columns]);
  const ms = median(() => tf.dispose(tf.matMul(a, b, false, transposeB)), runs);
  tf.dispose([a, b]);
  return (2 * rows * depth * columns) / ms / 1e6;
}

const MATRICES = [
  { name: '384×384×384', sizes: [384, 384, 384], transposeB: false },
  { name: '512×192×1024', sizes: [512, 192, 1024], transposeB: false },
  { name: '512×192×1024, Bᵀ (a linear layer)', sizes: [512, 192, 1024], transposeB: true },
];

async function onPeer(): Promise<void> {
  setWasmPaths(`${dirname(createRequire(import.meta.url).resolve(PEER))}/`);
  await tf.setBackend('wasm');
}

function row(name: string, ours: number, unit: string, peer: string, peerValue: number, ratio: number): BenchRow {
  const round = (value: number) => Number(value.toPrecision(4));
  return {
    bench: 'engine',
    case: name,
    ours: round(ours),
    unit,
    peer,
    peerValue: round(peerValue),
    ratio: round(ratio),
  };
}

/** Matrix products and a transformer block against tfjs' own wasm backend, and the share of the SIMD limit. */
export async function bench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const peak = await simdPeak();
  for (const { name, sizes, transposeB } of MATRICES) {
    await useEngine('wasm', { threads: 1 });
    const ours = multiplyRate(sizes, transposeB, 21);
    await onPeer();
    const peer = multiplyRate(sizes, transposeB, transposeB ? 5 : 21);
    rows.push(row(`matMul ${name}, 1 thread`, ours, 'GFLOPS', PEER, peer, ours / peer));
    rows.push(row(`matMul ${name}, 1 thread, share of SIMD limit`, ours, 'GFLOPS', 'limit', peak, ours / peak));
  }
  await onPeer();
  const peerStep = median(blockStep(), 5);
  for (const threads of [1, undefined]) {
    const info = await useEngine('wasm', { threads });
    const step = median(blockStep(), 15);
    rows.push(row(`block forward + backward, ${info.threads} thread(s)`, step, 'ms', PEER, peerStep, peerStep / step));
    info.close();
  }
  return rows;
}
