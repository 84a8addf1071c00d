import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { DedupError } from './dedup-error.ts';
import { readRecordGroups } from './read-records.ts';
import { SentenceDeduplicator } from './sentence-deduplicator.ts';
import { StageFile } from './stage-file.ts';
import { stagePath } from './stage-settings.ts';
import type { Advance, RunSettings, TaskResult } from './stage-settings.ts';

/** What all tasks that hash sentences are told. */
export interface SentenceContext {
  command: 'sentences';
  settings: RunSettings;
}

const BUFFER_HASHES = 2 ** 12;
const HASH_BYTES = BigUint64Array.BYTES_PER_ELEMENT;

/** Writes for each document of a part how many spans of sentences it has, and their hashes: all as 64-bit numbers. */
export async function hashSpans({ settings }: SentenceContext, rank: number, advance: Advance): Promise<TaskResult> {
  const { inputs, parts, folder } = settings;
  const { input, range } = parts[rank];
  const path = stagePath.spans(rank);
  const file = new StageFile(join(folder, path), { sync: false });
  const deduplicator = new SentenceDeduplicator();
  const options = { ...settings, range, textOnly: true, onBytes: advance };
  for await (const group of readRecordGroups(inputs[input].path, options)) {
    for (const { document } of group) {
      if (document === null) continue;
      const hashes = deduplicator.spanHashes(document.text);
      file.write(new Uint8Array(BigUint64Array.from([BigInt(hashes.length), ...hashes]).buffer));
    }
  }
  return { files: { [path]: file.close() }, counts: {} };
}

/** Reads what {@link hashSpans} has written for all parts, document after document. */
export class SpanReader {
  readonly #paths: string[];
  #file: number | null = null;
  #buffer = new BigUint64Array(BUFFER_HASHES);
  #start = 0;
  #end = 0;

  constructor({ folder, parts }: RunSettings) {
    this.#paths = parts.map((_, rank) => join(folder, stagePath.spans(rank)));
  }

  /** The hashes of the next document; valid until the next call. */
  next(): BigUint64Array {
    return this.#take(Number(this.#take(1)[0]));
  }

  #take(count: number): BigUint64Array {
    if (this.#end - this.#start < count) this.#fill(count);
    this.#start += count;
    return this.#buffer.subarray(this.#start - count, this.#start);
  }

  /** Makes sure that so many numbers are there; parts end where documents do. */
  #fill(count: number): void {
    const rest = this.#buffer.subarray(this.#start, this.#end);
    const buffer = count > this.#buffer.length ? new BigUint64Array(2 * count) : this.#buffer;
    if (buffer === this.#buffer) buffer.copyWithin(0, this.#start, this.#end);
    else buffer.set(rest);
    [this.#buffer, this.#start, this.#end] = [buffer, 0, rest.length];
    while (this.#end < count) this.#read();
  }

  #nextPath(): string {
    const path = this.#paths.shift();
    if (path !== undefined) return path;
    const message = 'the inputs have more documents than when they were first read; run again into another folder';
    throw new DedupError('UNREADABLE_FILE', message);
  }

  #read(): void {
    this.#file ??= openSync(this.#nextPath(), 'r');
    const free = new Uint8Array(this.#buffer.buffer, HASH_BYTES * this.#end);
    let got = 0;
    for (let more = -1; more !== 0 && got < free.length; got += more)
      more = readSync(this.#file, free, got, free.length - got, null);
    this.#end += got / HASH_BYTES;
    if (got < free.length) this.close();
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}
