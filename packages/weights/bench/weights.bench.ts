import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toFloat32 } from '../src/index.ts';
import { readSafetensors, writeSafetensors } from '../src/node.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const ELEMENTS = 2 ** 24;
const RUNS = 5;

/** Median megabytes a second over a few runs, after one to warm up. */
async function rate(bytes: number, run: () => Promise<unknown>): Promise<number> {
  await run();
  const rates: number[] = [];
  for (let index = 0; index < RUNS; index++) {
    const start = performance.now();
    await run();
    rates.push(bytes / 1e3 / (performance.now() - start));
  }
  return Math.round(rates.sort((a, b) => a - b)[RUNS >> 1]);
}

const row = (name: string, ours: number, limit: number): BenchRow => ({
  bench: 'weights',
  case: name,
  ours,
  unit: 'MB/s',
  peer: 'limit',
  peerValue: limit,
  ratio: Number((ours / limit).toFixed(2)),
});

/** Reading and converting against the speed at which the file system and memory give the same bytes. */
export async function bench(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'smol-weights-bench-'));
  try {
    const path = join(folder, 'model.safetensors');
    const data = Float32Array.from({ length: ELEMENTS }, (_, index) => Math.sin(index));
    const paths = { F32: path, BF16: `${path}.bf16`, F16: `${path}.f16` } as const;
    for (const dtype of ['F32', 'BF16', 'F16'] as const) {
      await writeSafetensors(paths[dtype], { x: { shape: [ELEMENTS], data, dtype } });
    }
    const fileRead = await rate(ELEMENTS * 4, () => readFile(path));
    const copy = await rate(ELEMENTS * 4, async () => data.slice());
    const rows = [row('read F32 file (64 MB)', await rate(ELEMENTS * 4, () => readSafetensors(path)), fileRead)];
    for (const dtype of ['BF16', 'F16'] as const) {
      const tensor = (await readSafetensors(paths[dtype])).tensors.get('x');
      const convert = async (): Promise<unknown> => tensor && toFloat32(tensor);
      rows.push(row(`${dtype} to f32`, await rate(ELEMENTS * 4, convert), copy));
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}
