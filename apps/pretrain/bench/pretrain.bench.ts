import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSteps } from '@smol/pipeline';
import { encodeWarcRecord, readWarc } from '@smol/web';
import { createSteps } from '../src/curate-worker.ts';
import { samplePages } from '../src/sample/pages.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

/** Items a second: the median of three passes. */
async function rate(pass: () => Promise<number>): Promise<number> {
  const rates: number[] = [];
  for (let repeat = 0; repeat < 3; repeat++) {
    const start = performance.now();
    const items = await pass();
    rates.push(items / ((performance.now() - start) / 1000));
  }
  return rates.sort((a, b) => a - b)[1];
}

/** Web pages through the whole of curation on one thread, beside what reading the archive alone allows. */
export async function bench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pretrain-bench-'));
  const path = join(folder, 'pages.warc.gz');
  const records = samplePages([], 1).map(({ url, html }) =>
    encodeWarcRecord({ url, date: '2024-01-31T12:00:00Z', payload: html }),
  );
  writeFileSync(path, Buffer.concat(records));
  const { read, steps } = await createSteps({
    kind: 'warc',
    filter: true,
    preset: 'fineweb-head',
    languages: ['en'],
    urls: {},
    onDamage: 'stop',
  });
  const ours = await rate(async () => {
    const run = runSteps(read(path, { reached() {}, reportBytes: () => {} }), steps);
    for await (const document of run) void document;
    return run.counts.read;
  });
  const limit = await rate(async () => {
    let count = 0;
    for await (const record of readWarc(path)) count += Math.min(1, record.payload.length);
    return count;
  });
  rmSync(folder, { recursive: true });
  return [
    {
      bench: 'pretrain',
      case: 'curate web pages, one thread',
      ours,
      unit: 'pages/s',
      peer: 'limit',
      peerValue: limit,
      ratio: ours / limit,
    },
  ];
}
