import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import bloomFilters from 'bloom-filters';
import {
  BloomDeduplicator,
  ExactDeduplicator,
  MinHasher,
  PackedBloomFilter,
  clusterSignatures,
  findRepeatedSubstrings,
  minHashFiles,
  normalizeText,
} from '../src/index.ts';
import { findPython } from './peers.mjs';
import { slowShingles } from '../src/fixtures/slow-min-hash.fixture.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const RUNS = 5;
const LOREM = readFileSync(new URL('../src/fixtures/lorem.txt', import.meta.url), 'utf8');

/**
 * Median seconds of processor time of several runs, after two to warm up (WebAssembly is compiled in threads that count);
 * peers.py takes the same of the Python packages.
 */
function seconds(work: () => void): number {
  work();
  work();
  const times = Array.from({ length: RUNS }, () => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  });
  return times.sort((a, b) => a - b)[Math.floor(RUNS / 2)];
}

/** Distinct texts of about 5 kB, the mean of FineWeb's order of magnitude. */
function makeTexts(count: number): string[] {
  const letters = (number: number) => String(number).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)]);
  return Array.from(
    { length: count },
    (_, index) => `${LOREM.slice((index * 7) % 1000)} ${letters(index)} ${LOREM.slice((index * 13) % 700)}`,
  );
}

function row(name: string, ours: number, unit: string, peer: string, peerValue: number | null): BenchRow {
  return { bench: 'dedup', case: name, ours, unit, peer, peerValue, ratio: peerValue && ours / peerValue };
}

const megabytes = (texts: readonly string[]) => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6;

/** bloom-filters' MinHash is the one on npm; it is given the same shingles, and 112 hashes as FineWeb has them. */
function peerSignatures(texts: readonly string[]): void {
  const factory = new bloomFilters.MinHashFactory(112, 2 ** 31 - 1);
  for (const text of texts) {
    const signature = factory.create();
    const shingles = slowShingles(normalizeText(text).split(' '), 5);
    signature.bulkLoad(shingles.map((shingle) => createHash('sha1').update(shingle).digest().readUInt32LE(0)));
  }
}

const withoutPython = (names: string[]): Record<string, null> =>
  Object.fromEntries(names.map((name) => [`${name} (not installed: scripts/install-peers.mjs)`, null]));

/** Python packages on the same texts; rows without a value where they are not installed. */
function pythonPeers(texts: readonly string[], hasher: MinHasher): Record<string, number | null> {
  const python = findPython();
  if (python === null) return withoutPython(['datatrove', 'text-dedup', 'rensa']);
  const script = fileURLToPath(new URL('peers.py', import.meta.url));
  const input = JSON.stringify({ texts, ...hasher.options });
  return JSON.parse(execFileSync(python, [script], { input, stdio: ['pipe', 'pipe', 'ignore'] }).toString()) as Record<
    string,
    number
  >;
}

function benchSignatures(): BenchRow[] {
  const texts = makeTexts(400);
  const few = texts.slice(0, 20);
  const npm = megabytes(few) / seconds(() => peerSignatures(few));
  return (['fineweb', 'fineweb2', 'finepdfs'] as const).flatMap((preset) => {
    const hasher = new MinHasher({ preset });
    const ours = megabytes(texts) / seconds(() => texts.forEach((text) => hasher.signature(text)));
    const peers = { 'bloom-filters MinHash, 112 hashes': npm, ...pythonPeers(texts.slice(0, 40), hasher) };
    return Object.entries(peers).map(([peer, value]) => row(`signatures, ${preset}`, ours, 'MB/s', peer, value));
  });
}

function benchClusters(): BenchRow {
  const hasher = new MinHasher();
  const base = makeTexts(1).map((text) => hasher.signature(text)!)[0];
  const signatures = Array.from({ length: 20_000 }, (_, index) => base.map((value) => value ^ BigInt(index >> 1)));
  const slow = () => {
    for (let band = 0; band < 14; band++) {
      const buckets = new Map<string, number>();
      for (const [index, signature] of signatures.entries()) {
        buckets.set(signature.subarray(8 * band, 8 * band + 8).join(), index);
      }
    }
  };
  const ours = signatures.length / seconds(() => clusterSignatures(signatures, hasher.options));
  return row(
    'clustering, 20 000 signatures',
    ours,
    'documents/s',
    'string keys in a Map',
    signatures.length / seconds(slow),
  );
}

function benchExact(): BenchRow {
  const texts = makeTexts(2000);
  const documents = texts.map((text, index) => ({ id: String(index), text }));
  const ours = seconds(() => {
    const deduplicator = new ExactDeduplicator();
    for (const document of documents) deduplicator.add(document);
  });
  const limit = seconds(() => texts.forEach((text) => createHash('sha256').update(text).digest()));
  return row('exact keys', megabytes(texts) / ours, 'MB/s', 'limit', megabytes(texts) / limit);
}

/** The filter sees a hash of the text in place of the text, which its own hash function would take long for. */
function benchBloom(): BenchRow {
  const documents = makeTexts(300).map((text, index) => ({ id: String(index), text }));
  const ours = seconds(() => {
    const deduplicator = new BloomDeduplicator({ expectedDocuments: documents.length });
    for (const document of documents) deduplicator.add(document);
  });
  const peer = seconds(() => {
    const filter = bloomFilters.BloomFilter.create(documents.length, 0.001);
    for (const { text } of documents) if (!filter.has(text)) filter.add(text);
  });
  const rate = documents.length / ours;
  return row('bloom, growing, texts', rate, 'documents/s', 'bloom-filters on whole texts', documents.length / peer);
}

/** Short keys such as URLs: each is looked up and added, in filters of the same capacity and rate. */
function benchPackedBloom(): BenchRow {
  const keys = Array.from({ length: 200_000 }, (_, index) => `https://example.org/page/${index}`);
  const few = keys.slice(0, 10_000);
  const ours = seconds(() => {
    const filter = new PackedBloomFilter({ capacity: keys.length, falsePositiveRate: 0.001 });
    for (const key of keys) filter.add(key);
  });
  const peer = seconds(() => {
    const filter = bloomFilters.BloomFilter.create(few.length, 0.001);
    for (const key of few) if (!filter.has(key)) filter.add(key);
  });
  return row('bloom, packed, URLs', keys.length / ours, 'keys/s', 'bloom-filters', few.length / peer);
}

/** Texts of which nothing is repeated, and texts of which nearly all is, against the plain way: sorting all suffixes. */
function benchSubstrings(): BenchRow[] {
  const texts = makeTexts(150);
  const different = texts.map((_, text) =>
    Array.from({ length: 900 }, (__, word) => Math.imul(text * 900 + word, 0x9e3779b1).toString(36)).join(' '),
  );
  const repeated = seconds(() => findRepeatedSubstrings(texts));
  const unlike = seconds(() => findRepeatedSubstrings(different));
  const few = Buffer.from(texts.slice(0, 2).join(''));
  const peer = seconds(() => {
    Array.from(few.keys()).sort((left, right) => Buffer.compare(few.subarray(left), few.subarray(right)));
  });
  const rate = few.length / 1e6 / peer;
  return [
    row('substrings, nearly all repeated', megabytes(texts) / repeated, 'MB/s', 'sorting suffixes', rate),
    row('substrings, nothing repeated', megabytes(different) / unlike, 'MB/s', 'sorting suffixes', rate),
  ];
}

/** The same from file to file; rows without a value where the packages are not installed. */
function pythonFilePeers(path: string, { bands, rows, hash }: MinHasher['options']): Record<string, number | null> {
  const python = findPython();
  if (python === null) return withoutPython(['datatrove', 'text-dedup']);
  const parameters = [
    fileURLToPath(new URL('peers-files.py', import.meta.url)),
    path,
    String(bands),
    String(rows),
    hash,
  ];
  return JSON.parse(execFileSync(python, parameters, { stdio: ['ignore', 'pipe', 'ignore'] }).toString()) as Record<
    string,
    number
  >;
}

/** Megabytes of files a second of processor time, median of three runs into new folders. */
async function minHashRate(input: string, folder: string, bytes: number): Promise<number> {
  const rates: number[] = [];
  for (let run = 0; run < 3; run++) {
    const start = process.cpuUsage();
    await minHashFiles({ inputs: [input], folder: join(folder, `out${run}`), preset: 'fineweb' });
    const { user, system } = process.cpuUsage(start);
    rates.push(bytes / (user + system));
  }
  return rates.sort((a, b) => a - b)[1];
}

/**
 * All four stages on files, in one thread, against others that do the same, and against the same pages signed and clustered in
 * memory without any file.
 */
async function benchEndToEnd(): Promise<BenchRow[]> {
  const texts = makeTexts(1500);
  const folder = mkdtempSync(join(tmpdir(), 'dedup-bench-'));
  try {
    const input = join(folder, 'in.jsonl');
    writeFileSync(input, texts.map((text, id) => `${JSON.stringify({ id, text })}\n`).join(''));
    const ours = await minHashRate(input, folder, statSync(input).size);
    const hasher = new MinHasher({ preset: 'fineweb' });
    const once = seconds(() => {
      const signatures = texts.map((text) => hasher.signature(text));
      clusterSignatures(signatures, hasher.options);
    });
    const limit = megabytes(texts) / once;
    const peers = { ...pythonFilePeers(input, hasher.options), limit };
    return Object.entries(peers).map(([peer, value]) => row('end-to-end, files, fineweb', ours, 'MB/s', peer, value));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs all cases; ratio > 1 means this package is ahead, and rows with peer `limit` give the share of the limit reached. */
export async function bench(): Promise<BenchRow[]> {
  return [
    ...benchSignatures(),
    benchClusters(),
    benchExact(),
    benchBloom(),
    benchPackedBloom(),
    ...benchSubstrings(),
    ...(await benchEndToEnd()),
  ];
}
