import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'vitest';

/** One line of a benchmark: ours against a peer on the same data in the same run; ratio > 1 means we are ahead. */
interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const room = process.env.SMOL_BENCH_ROOM ?? '';
for (const file of readdirSync(`${room}/bench`).filter((name) => name.endsWith('.bench.ts'))) {
  test(`${room}/${file}`, async ({ annotate }) => {
    const { bench } = (await import(resolve(room, 'bench', file))) as { bench: () => Promise<BenchRow[]> };
    for (const row of await bench()) await annotate(JSON.stringify(row), 'bench');
  });
}
