/**
 * Word counts on disk: each run holds words in the order of their bytes with their counts; merging runs sums the counts
 * of equal words and needs the memory of one word a run.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { WordCounts } from './count-words.ts';
import { WordCounter } from './count-words.ts';
import { PaddedBytes } from './padded-bytes.ts';
import { TokenizerError } from './tokenizer-error.ts';

/** Bytes before each word: its length (uint32) and its count (float64), little-endian. */
const HEADER = 12;
const BLOCK = 1 << 20;

/** What a word costs while pairs are merged: tables, and for every byte its place in lists and as part of a pair. */
const WORD_COST = 80;
const BYTE_COST = 40;

interface CountedWord {
  bytes: Uint8Array;
  count: number;
}

/** Writes words and counts as a run. */
export function writeRun(path: string, { words, counts }: WordCounts): void {
  const sorted = Array.from({ length: words.size }, (_, index) => index).sort((left, right) =>
    Buffer.compare(words.word(left), words.word(right)),
  );
  const file = openSync(path, 'wx');
  try {
    let block: Buffer[] = [];
    let size = 0;
    for (const index of sorted) {
      const word = words.word(index);
      const record = Buffer.alloc(HEADER + word.length);
      record.writeUInt32LE(word.length, 0);
      record.writeDoubleLE(counts[index], 4);
      record.set(word, HEADER);
      block.push(record);
      size += record.length;
      if (size < BLOCK) continue;
      writeSync(file, Buffer.concat(block));
      block = [];
      size = 0;
    }
    writeSync(file, Buffer.concat(block));
  } finally {
    closeSync(file);
  }
}

/** The words of a run, in order. */
function* readRun(path: string): Generator<CountedWord> {
  const file = openSync(path, 'r');
  try {
    let pending = Buffer.alloc(0);
    let position = 0;
    const ensure = (length: number): boolean => {
      while (pending.length - position < length) {
        const block = Buffer.alloc(Math.max(BLOCK, length));
        const read = readSync(file, block);
        if (read === 0) return false;
        pending = Buffer.concat([pending.subarray(position), block.subarray(0, read)]);
        position = 0;
      }
      return true;
    };
    while (ensure(HEADER)) {
      const length = pending.readUInt32LE(position);
      const count = pending.readDoubleLE(position + 4);
      if (!ensure(HEADER + length)) throw new TokenizerError('INVALID_ARGUMENT', `${path}: cut short`);
      yield { bytes: pending.subarray(position + HEADER, position + HEADER + length), count };
      position += HEADER + length;
    }
  } finally {
    closeSync(file);
  }
}

/** All words of several runs, in order, with the sums of their counts. */
function* mergeRuns(paths: readonly string[]): Generator<CountedWord> {
  const runs = paths.map((path) => readRun(path));
  const heads = runs.map((run) => run.next().value as CountedWord | undefined);
  for (;;) {
    let least: CountedWord | undefined;
    for (const head of heads) if (head && (!least || Buffer.compare(head.bytes, least.bytes) < 0)) least = head;
    if (!least) return;
    const word = { bytes: least.bytes, count: 0 };
    for (const [index, head] of heads.entries()) {
      if (!head || Buffer.compare(head.bytes, word.bytes) !== 0) continue;
      word.count += head.count;
      heads[index] = runs[index].next().value as CountedWord | undefined;
    }
    yield word;
  }
}

/** The words that are in memory. */
function* wordsOf({ words, counts }: WordCounts): Generator<CountedWord> {
  for (let index = 0; index < words.size; index++) yield { bytes: words.word(index), count: counts[index] };
}

/** The least count of words that are kept, so that they fit; words of one count are kept or left out together. */
function leastCount(words: Iterable<CountedWord>, memory: number): number {
  const costs = new Map<number, number>();
  for (const { bytes, count } of words) {
    costs.set(count, (costs.get(count) ?? 0) + WORD_COST + bytes.length * BYTE_COST);
  }
  let total = 0;
  let least = 0;
  for (const [count, cost] of [...costs].sort(([left], [right]) => right - left)) {
    total += cost;
    if (total > memory && least !== 0) return least;
    least = count;
  }
  return 0;
}

function keepFrequent(words: Iterable<CountedWord>, least: number): WordCounts {
  const counter = new WordCounter((_text, _start, end, pieces) => pieces.push(end));
  for (const { bytes, count } of words) {
    if (count >= least) counter.addWord(PaddedBytes.from(bytes), 0, bytes.length, count);
  }
  return counter.take();
}

/**
 * The words of runs in memory. When they would take more than `memory` bytes, the rarest are left out; which ones does
 * not depend on how the words were spread over the runs.
 */
export function loadRuns(paths: readonly string[], memory: number): WordCounts {
  return keepFrequent(mergeRuns(paths), leastCount(mergeRuns(paths), memory));
}

/** Words that are in memory, by the rule of `loadRuns`: where counting happened makes no difference. */
export function limitWords(counts: WordCounts, memory: number): WordCounts {
  const { size, byteCount } = counts.words;
  if (size * WORD_COST + byteCount * BYTE_COST <= memory) return counts;
  const least = leastCount(wordsOf(counts), memory);
  return least === 0 ? counts : keepFrequent(wordsOf(counts), least);
}
