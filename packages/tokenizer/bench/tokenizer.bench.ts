import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { declarations, installedCode, sourceCode, speeches } from '../src/fixtures/corpora.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

type Rates = Record<string, { cold: number; warm: number }>;
type Training = { seconds: number; memory: number };

/** Of slow peers only a part of the texts is asked: a rate is a rate. In MB of every corpus for each thread. */
const PEERS: Readonly<Record<string, number>> = {
  'gpt-tokenizer': 2,
  tiktoken: 1,
  'js-tiktoken': 0.2,
  '@huggingface/tokenizers': 0.2,
  tokenizers: 0.5,
};

const folderOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
// The built package, as the peers are: a loader that rewrites sources makes calls between modules several times slower.
const dist = folderOf('../dist');

/** Runs a library in a process of its own; see `contender.mjs`. */
function contend<Result>(job: { threads: number; [field: string]: unknown }): Result {
  const env = { ...process.env, RAYON_NUM_THREADS: String(job.threads) };
  const parameters = [folderOf('contender.mjs'), JSON.stringify({ dist, ...job })];
  return JSON.parse(
    execFileSync(process.execPath, parameters, { env, encoding: 'utf8', maxBuffer: 2 ** 24 }),
  ) as Result;
}

const round = (value: number): number => Number(value.toFixed(2));

function row(name: string, unit: string, ours: number, peer: string, peerValue: number): BenchRow {
  const ratio = unit === 'MB/s' ? ours / peerValue : peerValue / ours;
  return {
    bench: 'tokenizer',
    case: name,
    ours: round(ours),
    unit,
    peer,
    peerValue: round(peerValue),
    ratio: round(ratio),
  };
}

const byteLength = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);

/** Every nth text, so that a corpus is about `megabytes` large. */
function sampleOf(texts: readonly string[], megabytes: number): string[] {
  const step = Math.max(1, Math.floor(byteLength(texts) / 1e6 / megabytes));
  return texts.filter((_, index) => index % step === 0);
}

/** Encoding with cl100k_base: English, code and 500 languages, first and later passes, on so many threads. */
function encodeRows(folder: string, threads: number): BenchRow[] {
  const files = corporaFiles(folder);
  const of = (task: string, library: string, megabytes: number): Rates =>
    contend({
      task,
      library,
      threads,
      corpora: files(megabytes * threads),
      tokenizerJson: join(folder, 'tokenizer.json'),
    });
  const own = of('encode', 'ours', 2);
  const rows = Object.entries(PEERS).flatMap(([peer, megabytes]) => {
    const theirs = of('encode', peer, megabytes);
    return Object.keys(own).flatMap((corpus) =>
      (['cold', 'warm'] as const).map((pass) =>
        row(
          `encode ${corpus}, ${pass}, ${threadsName(threads)}`,
          'MB/s',
          own[corpus][pass],
          peer,
          theirs[corpus][pass],
        ),
      ),
    );
  });
  return threads > 1 ? rows : [...rows, ...countRows(of)];
}

const threadsName = (threads: number): string => (threads === 1 ? 'one thread' : 'two threads');

function countRows(of: (task: string, library: string, megabytes: number) => Rates): BenchRow[] {
  const [own, theirs] = [of('count', 'ours', 1), of('count', 'gpt-tokenizer', 1)];
  return Object.keys(own).map((corpus) =>
    row(`count ${corpus}, warm, one thread`, 'MB/s', own[corpus].warm, 'gpt-tokenizer', theirs[corpus].warm),
  );
}

/** Files of samples of the corpora, made when first asked for. */
function corporaFiles(folder: string): (megabytes: number) => string {
  const corpora = { English: speeches(), code: sourceCode(), '500 languages': declarations() };
  return (megabytes) => {
    const path = join(folder, `${megabytes}.json`);
    const samples = Object.entries(corpora).map(([name, texts]) => [name, sampleOf(texts, megabytes)]);
    writeFileSync(path, JSON.stringify(Object.fromEntries(samples)));
    return path;
  };
}

/** Training on a file, in seconds and in the most memory it took; Hugging Face's binding always makes 30,000 tokens. */
function trainRows(path: string, what: string, size: number, threads: number, runs: number): BenchRow[] {
  const of = (library: string): Training => contend({ task: 'train', library, threads, path, size, runs });
  const [own, theirs] = [of('ours'), of('tokenizers')];
  const name = `train ${size.toLocaleString('en')} tokens on ${what}, ${threadsName(threads)}`;
  return [
    row(name, 's', own.seconds, 'tokenizers', theirs.seconds),
    row(`${name}: memory`, 'MB', own.memory, 'tokenizers', theirs.memory),
  ];
}

/** 100 MB of English, 500 languages and code to 32,000 tokens: half a minute, and so only where it is asked for. */
function largeRows(folder: string): BenchRow[] {
  const path = join(folder, 'large.txt');
  writeFileSync(path, [...speeches(), ...declarations(), ...installedCode(81.2e6)].join('\n'));
  return trainRows(path, '100 MB', 32_000, 2, 1);
}

/** Training, encoding and counting against what there is on npm; with SMOL_BENCH=large, training on 100 MB only. */
export async function bench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'smol-tokenizer-bench-'));
  try {
    if (process.env.SMOL_BENCH === 'large') return largeRows(folder);
    const path = join(folder, 'speeches.txt');
    writeFileSync(path, speeches().join('\n'));
    const { tiktokenEncoding } = (await import(`${dist}/tiktoken.js`)) as typeof import('../src/tiktoken.ts');
    writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tiktokenEncoding('cl100k_base').toJson()));
    const trained = (threads: number): BenchRow[] =>
      trainRows(path, '10.8 MB of English', 30_000, threads, threads * 2 - 1);
    return [trained(1), encodeRows(folder, 1), trained(2), encodeRows(folder, 2)].flat();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
