import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchLoader, ShardWriter, TokenShard } from '../src/index.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const DOCUMENTS = 20_000;
const DOCUMENT_TOKENS = 500;
const SEQUENCE = 2048;
const ROWS = 8;
const STEPS = 400;

/** Median of five runs, in millions of tokens a second. */
function megatokensPerSecond(tokens: number, run: () => void): number {
  const rates = Array.from({ length: 5 }, () => {
    const start = performance.now();
    run();
    return tokens / (performance.now() - start) / 1000;
  });
  return rates.sort((a, b) => a - b)[2];
}

/** How fast the bytes alone can be read in order and widened to int32: no loader can be faster. */
function readStraight(path: string): void {
  const descriptor = openSync(path, 'r');
  const bytes = new Uint8Array(ROWS * SEQUENCE * 2);
  for (let step = 0; step < STEPS; step++) {
    readSync(descriptor, bytes, 0, bytes.length, step * bytes.length);
    Int32Array.from(new Uint16Array(bytes.buffer));
  }
  closeSync(descriptor);
}

async function writeShard(path: string): Promise<void> {
  const writer = new ShardWriter(path, { tokenSize: 2, tokenizer: 'bench' });
  const document = Uint32Array.from({ length: DOCUMENT_TOKENS }, (_, index) => (index * 7919) % 49_152);
  for (let index = 0; index < DOCUMENTS; index++) writer.append(document);
  await writer.close();
}

/** Loading shuffled batches against reading the same bytes straight through. */
export async function bench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'smol-dataset-bench-'));
  const path = join(folder, 'a.ds');
  const started = performance.now();
  await writeShard(path);
  const writing = (DOCUMENTS * DOCUMENT_TOKENS) / (performance.now() - started) / 1000;
  const shard = TokenShard.open(path);
  const tokens = STEPS * ROWS * SEQUENCE;
  const limit = megatokensPerSecond(tokens, () => readStraight(path));
  const load = (packing: 'concatenate' | 'best-fit') =>
    megatokensPerSecond(tokens, () => {
      const loader = new BatchLoader({
        sources: { a: [shard] },
        stages: [{ steps: STEPS, mixture: { a: 1 } }],
        batchSize: ROWS,
        sequenceLength: SEQUENCE,
        seed: 1,
        packing,
      });
      for (let step = 0; step < STEPS; step++) loader.next();
    });
  const [loading, packing] = [load('concatenate'), load('best-fit')];
  rmSync(folder, { recursive: true });
  const common = { bench: 'dataset', unit: 'Mtokens/s' };
  return [
    {
      ...common,
      case: 'loader: shuffled batches of concatenated documents, one core; limit: 20',
      ours: loading,
      peer: 'limit',
      peerValue: 20,
      ratio: loading / 20,
    },
    {
      ...common,
      case: 'loader: packed by best fit, one core; limit: 20',
      ours: packing,
      peer: 'limit',
      peerValue: 20,
      ratio: packing / 20,
    },
    {
      ...common,
      case: 'the same bytes read in order',
      ours: limit,
      peer: 'loader',
      peerValue: loading,
      ratio: limit / loading,
    },
    { ...common, case: 'write a shard', ours: writing, peer: 'none', peerValue: null, ratio: null },
  ];
}
