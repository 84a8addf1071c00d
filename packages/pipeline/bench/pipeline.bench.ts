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
/** Worker threads run JavaScript. */
const built = new URL('../dist/index.js', import.meta.url);
const DOCUMENTS = 10_000;
const SMALL = 1600;
const LONG = 4 * DOCUMENTS;
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

/** A steps module whose work can be set: 300 rounds are about a millisecond, like a set of quality filters. */
const STEPS = `
import { jsonlReader } from '${built.href}';
const work = (rounds) => (document) => {
  let hash = 0;
  for (let round = 0; round < rounds; round++)
    for (let at = 0; at < document.text.length; at++) hash = (Math.imul(hash, 31) + document.text.charCodeAt(at)) | 0;
  return hash === 1 ? { drop: 'unlucky' } : document;
};
export const createSteps = ({ rounds }) => ({ read: jsonlReader(), steps: [{ name: 'work', process: work(rounds) }] });
`;

/** Reading against node:readline, the executor against a bare loop, and two workers against one. */
export async function bench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'smol-pipeline-bench-'));
  const compressed = join(folder, 'all.jsonl.gz');
  await writeJsonl(compressed, makeDocuments(0));
  const stepsModule = pathToFileURL(join(folder, 'steps.mjs'));
  writeFileSync(stepsModule, STEPS);
  const small = join(folder, 'small.jsonl');
  await writeJsonl(small, makeDocuments(1).slice(0, SMALL));
  const plain = join(folder, 'plain.jsonl');
  await writeJsonl(plain, makeDocuments(0));
  const long = join(folder, 'long.jsonl');
  await writeJsonl(long, [0, 1, 2, 3].flatMap(makeDocuments));
  const megabytes = statSync(plain).size / 1e6;
  const reading = await compare(
    megabytes,
    () => readOurs(compressed),
    () => readWithReadline(compressed),
  );
  let run = 0;
  const running = (input: string, rounds: number, workers: number, parts: number) => async () => {
    const [outputFolder, splitBytes] = [join(folder, `out-${run++}`), Math.ceil(statSync(input).size / parts)];
    await runPipeline({ inputs: [input], stepsModule, options: { rounds }, outputFolder, workers, splitBytes });
  };
  const executing = await compare(LONG, running(long, 0, 1, 1), async () => {
    await writeJsonl(join(folder, `bare-${run++}.jsonl.gz`), readJsonl(long));
  });
  const working = await compare(SMALL, running(small, 300, 2, 8), running(small, 300, 1, 8));
  rmSync(folder, { recursive: true });
  return [
    { bench: 'pipeline', case: 'read .jsonl.gz', unit: 'MB/s', peer: 'node:readline', ...reading },
    { bench: 'pipeline', case: 'executor, no work', unit: 'documents/s', peer: 'limit', ...executing },
    { bench: 'pipeline', case: '2 workers on one file', unit: 'documents/s', peer: '1 worker', ...working },
  ];
}
