import * as tf from '@tensorflow/tfjs-core';
import type { BenchRow } from './bench-row.ts';
import { median, row } from './bench-row.ts';
import { contestants, enter } from './contestants.ts';
import { fmaPeak } from './fma-peak.ts';
import { askPytorch } from './pytorch.ts';
import { simdPeak } from './simd-peak.ts';

/** Products of a 135M model on 2,048 tokens, [rows, depth, columns], and what is transposed: forward, dx, dW. */
const PRODUCTS = [
  { name: 'linear 2048x576x576', sizes: [2048, 576, 576], transposeA: false, transposeB: true },
  { name: 'linear 2048x576x1536', sizes: [2048, 576, 1536], transposeA: false, transposeB: true },
  { name: 'dx 2048x1536x576', sizes: [2048, 1536, 576], transposeA: false, transposeB: false },
  { name: 'dW 576x2048x1536', sizes: [576, 2048, 1536], transposeA: true, transposeB: false },
  { name: 'both 576x2048x576', sizes: [576, 2048, 576], transposeA: true, transposeB: true },
  { name: 'head 341x576x49152', sizes: [341, 576, 49_152], transposeA: false, transposeB: true },
  { name: 'batched 9x512x64x512', sizes: [512, 64, 512], transposeA: false, transposeB: true, batch: 9 },
];

type Product = (typeof PRODUCTS)[number];

function rate({ sizes: [m, k, n], transposeA, transposeB, batch = 1 }: Product): number {
  const a = tf.ones(batch === 1 ? [m, k] : [batch, m, k]);
  const left: tf.Tensor = transposeA ? tf.reshape(a, batch === 1 ? [k, m] : [batch, k, m]) : a;
  const b = tf.ones(batch === 1 ? (transposeB ? [n, k] : [k, n]) : transposeB ? [batch, n, k] : [batch, k, n]);
  const ms = median(() => tf.dispose(tf.matMul(left, b, transposeA, transposeB)), 9);
  tf.dispose([a, b, left]);
  return (2 * batch * m * k * n) / ms / 1e6;
}

function pytorchRate(product: Product, dtype: string, threads: number): number | undefined {
  const { sizes, transposeA, transposeB, batch } = product;
  if (batch !== undefined) return undefined;
  const answer = askPytorch({ kind: 'matmul', sizes, transposeA, transposeB, dtype, threads });
  return answer && (2 * sizes[0] * sizes[1] * sizes[2]) / answer.ms / 1e6;
}

/** Matrix products of every engine against the limit of the processor and against PyTorch. */
export async function matmulRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const simd = await simdPeak();
  for (const contestant of await contestants([1, 2])) {
    const { engine, precision, threads } = contestant;
    await enter(contestant);
    const limit = engine === 'native' ? fmaPeak(threads)?.[precision] : simd * threads;
    for (const product of PRODUCTS) {
      const ours = rate(product);
      const title = `${precision} ${product.name}, ${engine}, ${threads} thread${threads === 1 ? '' : 's'}`;
      const about = ['matmul', title, 'GFLOPS'] as const;
      rows.push(row(about, ours, 'limit', limit, 'more'));
      if (engine === 'native') rows.push(row(about, ours, 'pytorch', pytorchRate(product, precision, threads), 'more'));
    }
  }
  return rows;
}
