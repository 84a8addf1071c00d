import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { EngineError, useEngine } from '../src/index.ts';
import type { EngineName, EngineOptions } from '../src/index.ts';

type Precision = NonNullable<EngineOptions['precision']>;

/** An engine in a precision with a number of threads. */
export interface Contestant {
  readonly engine: EngineName;
  readonly precision: Precision;
  readonly threads: number;
}

const ENGINES = (process.env['SMOL_BENCH_ENGINES'] ?? 'native,wasm').split(',') as EngineName[];

/** The engines of SMOL_BENCH_ENGINES (default native and wasm) that this machine has; the others are named. */
export async function contestants(threads: readonly number[]): Promise<Contestant[]> {
  const found: Contestant[] = [];
  for (const engine of ENGINES) {
    const precisions: Precision[] = engine === 'native' ? ['f32', 'bf16'] : ['f32'];
    try {
      await useEngine(engine, { threads: 1 });
      found.push(...threads.flatMap((count) => precisions.map((precision) => ({ engine, precision, threads: count }))));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      console.error(`engine ${engine} is skipped: ${error.message}`);
    }
  }
  return found;
}

/** Makes a contestant the current backend. */
export async function enter({ engine, precision, threads }: Contestant): Promise<void> {
  await useEngine(engine, { threads, ...(precision === 'bf16' ? { precision } : {}) });
}

/** A contestant in words. */
export function nameOf({ engine, precision, threads }: Contestant): string {
  return `${engine} ${precision}, ${threads} thread${threads === 1 ? '' : 's'}`;
}

/** Sums of rows by id, the one kernel that tfjs' wasm backend lacks to train a language model. */
function segmentSum({ inputs, attrs, backend }: Parameters<tf.KernelFunc>[0]): tf.TensorInfo {
  const { x, segmentIds } = inputs as Record<string, tf.TensorInfo>;
  const stock = backend as unknown as tf.KernelBackend;
  const read = (tensor: tf.TensorInfo) => stock.readSync(tensor.dataId) as Float32Array;
  const [rows, ids] = [read(x), read(segmentIds)];
  const width = rows.length / ids.length;
  const shape = [(attrs as unknown as { numSegments: number }).numSegments, width];
  const sums = new Float32Array(shape[0] * width);
  rows.forEach((value, index) => (sums[ids[Math.floor(index / width)] * width + (index % width)] += value));
  return { dataId: stock.write(sums, shape, 'float32'), shape, dtype: 'float32' };
}

/** Makes tfjs' own wasm backend the current one. */
export async function enterStockWasm(): Promise<void> {
  setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  if (tf.getKernel('UnsortedSegmentSum', 'wasm') == null)
    tf.registerKernel({ kernelName: 'UnsortedSegmentSum', backendName: 'wasm', kernelFunc: segmentSum });
  await tf.setBackend('wasm');
}
