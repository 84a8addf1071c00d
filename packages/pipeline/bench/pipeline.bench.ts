import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { createGunzip } from 'node:zlib';
import { readJsonl, runPipeline, writeJsonl } from '../src/index.ts';
import type { Document } from '../src/index.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const WORDS = ['the', 'small', 'model', 'reads', 'a', 'page', 'of', 'text', 'and', 'learns', 'from', 'it', 'slowly'];
const DOCUMENTS = 10_000;
const SMALL = 400;
const RUNS = 3;

function makeDocuments(seed: number): Document[] {
  return Array.from({ length: DOCUMENTS }, (_, index) => {
    const words = Array.from({ length: 400 }, (_, word) => WORDS[(index * 31 + word * word * 7 + seed) % WORDS.length]);
    return { id: `${seed}-${index}`, text: words.join(' '), metadata: { dump: 'bench' } };
  });
}

async function seconds(run: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}

/** Median rates of two ways, in units a second; they take turns, so that other load on the machine meets both. */
async function compare(amount: number, ours: () => Promise<void>, peer: () => Promise<void>) {
  const times: [number, number][] = [];
  for (let index = 0; index < RUNS; index++) times.push([await seconds(ours), await seconds(peer)]);
  const median = (of: 0 | 1) => times.map((pair) => pair[of]).sort((a, b) => a - b)[Math.floor(RUNS / 2)];
  return { ours: amount / median(0), peerValue: amount / median(1), ratio: median(1) / median(0) };
}

async function readOurs(path: string): Promise<void> {
  let count = 0;
  for await (const document of readJsonl(path)) count += document.text === '' ? 0 : 1;
  if (count !== DOCUMENTS) throw new Error(`read ${count} documents`);
}

/** What one would write without this package. It stops at the first damaged byte. */
async function readWithReadline(path: string): Promise<void> {
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(path).pipe(createGunzip()) })) {
    count += (JSON.parse(line) as Document).text === '' ? 0 : 1;
  }
  if (count !== DOCUMENTS) throw new Error(`read ${count} documents`);
}

/** A steps module with something to do for each document, on Node alone. */
const STEPS = `
import { createInterface } from 'node:readline';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
async function* read(input) {
  for await (const line of createInterface({ input: createReadStream(input).pipe(createGunzip()) })) yield JSON.parse(line);
}
// About a millisecond of work, like a set of quality filters.
function process(document) {
  let hash = 0;
  for (let round = 0; round < 300; round++)
    for (let at = 0; at < document.text.length; at++) hash = (Math.imul(hash, 31) + document.text.charCodeAt(at)) | 0;
  return hash === 1 ? { drop: 'unlucky' } : document;
}
export const createSteps = () => ({ read, steps: [{ name: 'words', process }] });
`;

/** Reading against node:readline, and two workers against one. */
export async function bench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'smol-pipeline-bench-'));
  const compressed = join(folder, 'all.jsonl.gz');
  await writeJsonl(compressed, makeDocuments(0));
  const small = [1, 2, 3, 4].map((shard) => join(folder, `${shard}.jsonl.gz`));
  for (const [index, path] of small.entries()) await writeJsonl(path, makeDocuments(index).slice(0, SMALL));
  writeFileSync(join(folder, 'steps.mjs'), STEPS);
  const plain = join(folder, 'plain.jsonl');
  await writeJsonl(plain, makeDocuments(0));
  const megabytes = statSync(plain).size / 1e6;
  const reading = await compare(
    megabytes,
    () => readOurs(compressed),
    () => readWithReadline(compressed),
  );
  let run = 0;
  const runWith = (workers: number) => async () => {
    const stepsModule = pathToFileURL(join(folder, 'steps.mjs'));
    await runPipeline({ inputs: small, stepsModule, outputFolder: join(folder, `out-${run++}`), workers });
  };
  const working = await compare(small.length * SMALL, runWith(2), runWith(1));
  rmSync(folder, { recursive: true });
  return [
    { bench: 'pipeline', case: 'read .jsonl.gz', unit: 'MB/s', peer: 'node:readline', ...reading },
    { bench: 'pipeline', case: '2 workers', unit: 'documents/s', peer: '1 worker', ...working },
  ];
}
