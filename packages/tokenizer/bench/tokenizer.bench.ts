import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer as JavaScriptTokenizer } from '@huggingface/tokenizers';
import * as gptTokenizer from 'gpt-tokenizer/encoding/cl100k_base';
import { getEncoding as getJsEncoding } from 'js-tiktoken';
import { get_encoding } from 'tiktoken';
import { BPE, byteLevelPreTokenizer, Tokenizer as RustTokenizer } from 'tokenizers';
import { declarations, sourceCode, speeches } from '../src/fixtures/corpora.ts';
import type { Tokenizer } from '../src/index.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

// The built package, as the peers are: a loader that rewrites sources makes calls between modules several times slower.
const built = (entry: string): string => new URL(`../dist/${entry}.js`, import.meta.url).href;
const { BatchEncoder, trainFromFiles } = (await import(built('node'))) as typeof import('../src/node.ts');
const { tiktokenEncoding } = (await import(built('tiktoken'))) as typeof import('../src/tiktoken.ts');

const RUNS = 3;
const byteLength = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);

/** Every nth text, so that a corpus is about `megabytes` large. */
function sampleOf(texts: readonly string[], megabytes: number): string[] {
  const step = Math.max(1, Math.floor(byteLength(texts) / 1e6 / megabytes));
  return texts.filter((_, index) => index % step === 0);
}

type Run = (texts: readonly string[]) => unknown;

async function megabytesPerSecond(texts: readonly string[], run: Run): Promise<number> {
  const start = performance.now();
  await run(texts);
  return byteLength(texts) / 1e3 / (performance.now() - start);
}

/** The first pass over texts never seen, and the median of passes after it. */
async function coldAndWarm(texts: readonly string[], run: Run): Promise<{ cold: number; warm: number }> {
  const cold = await megabytesPerSecond(texts, run);
  const warm: number[] = [];
  for (let index = 0; index < RUNS; index++) warm.push(await megabytesPerSecond(texts, run));
  return { cold, warm: warm.sort((left, right) => left - right)[RUNS >> 1] };
}

function row(name: string, unit: string, ours: number, peer: string, peerValue: number): BenchRow {
  const ratio = unit === 's' ? peerValue / ours : ours / peerValue;
  const round = (value: number): number => Number(value.toFixed(2));
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

const each =
  (encode: (text: string) => unknown): Run =>
  (texts) =>
    texts.forEach((text) => encode(text));

/** What the code runs on before anything is measured, for all alike: it is in none of the corpora. */
const WARM_UP = Array.from({ length: 3000 }, (_, index) => `${index.toString(36)} Warm-up: it's {x: ${index}} é\n`);

type Contender = readonly [name: string, run: Run, encode?: (text: string) => unknown];

/** cl100k_base in all libraries; `tokenizers` and `@huggingface/tokenizers` read it from a tokenizer.json. */
function contenders(ours: Tokenizer): Contender[] {
  const json = ours.toJson();
  const rust = RustTokenizer.fromString(JSON.stringify(json));
  const javaScript = new JavaScriptTokenizer(json, {});
  const wasm = get_encoding('cl100k_base');
  const pure = getJsEncoding('cl100k_base');
  const plain = { disallowedSpecial: new Set<string>() };
  return [
    ['gpt-tokenizer', each((text) => gptTokenizer.encode(text, plain))],
    ['tiktoken', each((text) => wasm.encode_ordinary(text))],
    ['js-tiktoken', each((text) => pure.encode(text, [], []))],
    ['@huggingface/tokenizers', each((text) => javaScript.encode(text))],
    ['tokenizers', async (texts) => (await rust.encodeBatch([...texts])).map((encoding) => encoding.getIds())],
  ];
}

async function encodeRows(): Promise<BenchRow[]> {
  const ours = tiktokenEncoding('cl100k_base');
  const corpora = {
    English: sampleOf(speeches(), 5),
    code: sampleOf(sourceCode(), 3),
    '500 languages': sampleOf(declarations(), 2.5),
  };
  const run = each((text) => ours.encode(text));
  const peers = contenders(ours);
  for (const warmUp of [run, ...peers.map(([, peer]) => peer)]) await warmUp(WARM_UP);
  const rows: BenchRow[] = [];
  for (const [corpus, texts] of Object.entries(corpora)) {
    const own = await coldAndWarm(texts, run);
    for (const [name, peer] of peers) {
      // Slow peers run on fewer texts; a rate is a rate.
      const fewer = name === 'gpt-tokenizer' || name === 'tiktoken' ? texts : sampleOf(texts, 0.3);
      const theirs = await coldAndWarm(fewer, peer);
      rows.push(row(`encode ${corpus}, cold`, 'MB/s', own.cold, name, theirs.cold));
      rows.push(row(`encode ${corpus}, warm`, 'MB/s', own.warm, name, theirs.warm));
    }
  }
  return [...rows, ...(await threadRows(ours, speeches())), await countRow(ours, corpora.English)];
}

/** Two threads of ours beside one of ours. */
async function threadRows(ours: Tokenizer, texts: readonly string[]): Promise<BenchRow[]> {
  const encoder = new BatchEncoder(ours, { workers: 2 });
  await encoder.encode(['']);
  await encoder.encode(['', '']);
  const two = await coldAndWarm(texts, (all) => encoder.encode(all));
  await encoder.close();
  const one = await coldAndWarm(
    texts,
    each((text) => ours.encode(text)),
  );
  return [row('encode English, two threads, warm', 'MB/s', two.warm, 'ours, one thread', one.warm)];
}

async function countRow(ours: Tokenizer, texts: readonly string[]): Promise<BenchRow> {
  const own = await coldAndWarm(
    texts,
    each((text) => ours.count(text)),
  );
  const theirs = await coldAndWarm(
    texts,
    each((text) => gptTokenizer.countTokens(text)),
  );
  return row('count English, warm', 'MB/s', own.warm, 'gpt-tokenizer', theirs.warm);
}

async function medianSeconds(run: () => unknown): Promise<number> {
  const seconds: number[] = [];
  for (let index = 0; index < RUNS; index++) {
    const start = performance.now();
    await run();
    seconds.push((performance.now() - start) / 1e3);
  }
  return seconds.sort((left, right) => left - right)[RUNS >> 1];
}

/** Hugging Face's trainer takes files, always makes 30,000 tokens, and uses all cores. */
async function trainRow(): Promise<BenchRow> {
  const folder = await mkdtemp(join(tmpdir(), 'smol-tokenizer-bench-'));
  try {
    const path = join(folder, 'corpus.txt');
    await writeFile(path, speeches().join('\n'));
    const own = await medianSeconds(() => trainFromFiles([path], { vocabularySize: 30_000, pattern: 'gpt2' }));
    const theirs = await medianSeconds(() => {
      const tokenizer = new RustTokenizer(BPE.empty());
      tokenizer.setPreTokenizer(byteLevelPreTokenizer(false));
      tokenizer.train([path]);
    });
    return row('train 30,000 tokens on 10.8 MB of English', 's', own, 'tokenizers', theirs);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Training, encoding and counting against what there is on npm. */
export async function bench(): Promise<BenchRow[]> {
  return [await trainRow(), ...(await encodeRows())];
}
