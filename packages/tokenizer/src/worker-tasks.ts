/** What worker threads do: count the words of texts, or encode texts. */
import { join } from 'node:path';
import type { WordCounts } from './count-words.ts';
import { WordCounter } from './count-words.ts';
import { patternSplitter } from './patterns.ts';
import type { EncodeOptions } from './tokenizer.ts';
import { Tokenizer } from './tokenizer.ts';
import { writeRun } from './word-runs.ts';

/** What a worker is made for. */
export type WorkerRole = CountingRole | EncodingRole;

/** Counting words; runs of them go to `folder` whenever more than `memory` bytes are in use. */
export interface CountingRole {
  kind: 'count';
  pattern: string;
  memory: number;
  folder: string;
  name: string;
}

/** Encoding with the tokenizer of a `tokenizer.json`. */
export interface EncodingRole {
  kind: 'encode';
  tokenizerJson: string;
}

/** Texts to work on, or `finish` when there are no more. */
export type WorkerTask = { texts: readonly string[]; options?: EncodeOptions } | 'finish';

/** Word counts in a form that can be sent: all words' bytes, where each ends, its count. */
export interface SentCounts {
  bytes: Uint8Array;
  ends: Uint32Array;
  counts: Float64Array;
}

/** Counts words, in memory or in runs on disk. */
export class CountingWorker {
  readonly #role: CountingRole;
  readonly #counter: WordCounter;
  readonly #runs: string[] = [];

  constructor(role: CountingRole) {
    this.#role = role;
    this.#counter = new WordCounter(patternSplitter(role.pattern));
  }

  add(texts: readonly string[]): void {
    for (const text of texts) {
      this.#counter.add(text);
      if (this.#counter.memory > this.#role.memory) this.spill();
    }
  }

  /** Moves the counts to a run on disk; gives the paths of all runs. */
  spill(): string[] {
    const path = join(this.#role.folder, `${this.#role.name}-${this.#runs.length}.words`);
    writeRun(path, this.#counter.take());
    this.#runs.push(path);
    return this.#runs;
  }

  /** What was counted: runs when there are some, else the counts. */
  finish(): { runs: string[] } | { counts: SentCounts } {
    return this.#runs.length > 0 ? { runs: this.spill() } : { counts: sendable(this.#counter.take()) };
  }
}

function sendable({ words, counts }: WordCounts): SentCounts {
  const { bytes: kept } = words;
  const bytes = new Uint8Array(words.byteCount);
  const ends = new Uint32Array(words.size);
  for (let index = 0, end = 0; index < words.size; index++) {
    const start = words.start(index);
    const length = words.byteLength(index);
    for (let at = 0; at < length; at++) bytes[end + at] = kept[start + at];
    end += length;
    ends[index] = end;
  }
  return { bytes, ends, counts: counts.slice() };
}

/** The function that does a worker's tasks one after another. */
export function taskRunner(role: WorkerRole): (task: WorkerTask) => unknown {
  if (role.kind === 'encode') {
    const tokenizer = Tokenizer.fromJson(role.tokenizerJson);
    return (task) => (task === 'finish' ? undefined : task.texts.map((text) => tokenizer.encode(text, task.options)));
  }
  const worker = new CountingWorker(role);
  return (task) => (task === 'finish' ? worker.finish() : worker.add(task.texts));
}
