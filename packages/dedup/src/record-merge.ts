import { closeSync, openSync, readSync } from 'node:fs';
import { DedupError } from './dedup-error.ts';
import { compareValues } from './signature-records.ts';
import type { RecordLayout } from './signature-records.ts';

/** Reads a sorted file of records in blocks; the file is open only while a block is read, so that any number can take part. */
class RecordReader {
  readonly #path: string;
  readonly #recordWords: number;
  readonly block: Uint32Array;
  /** first word of the record at hand */
  start = 0;
  #end = 0;
  #position = 0;

  /** @param room holds one record at least */
  constructor(path: string, recordWords: number, room: Uint32Array) {
    this.#path = path;
    this.#recordWords = recordWords;
    this.block = room.subarray(0, Math.floor(room.length / recordWords) * recordWords);
  }

  /** Goes to the next record; `false` at the end of the file. */
  advance(): boolean {
    this.start += this.#recordWords;
    return this.start < this.#end || this.fill();
  }

  /** Reads the next block; `false` at the end of the file. */
  fill(): boolean {
    const bytes = new Uint8Array(this.block.buffer, this.block.byteOffset, this.block.byteLength);
    let count = 0;
    const file = openSync(this.#path, 'r');
    try {
      for (let got = -1; got !== 0 && count < bytes.length; count += got) {
        got = readSync(file, bytes, count, bytes.length - count, this.#position + count);
      }
    } finally {
      closeSync(file);
    }
    if (count % (4 * this.#recordWords) !== 0) {
      const message = `${this.#path}: ends within a record of ${4 * this.#recordWords} bytes; delete it and run again`;
      throw new DedupError('DAMAGED_STAGE_FILE', message);
    }
    this.#position += count;
    [this.start, this.#end] = [0, count / 4];
    return count > 0;
  }
}

/**
 * Merges sorted files of records: calls `take(words, start, source)` for each record in ascending order of its values, then
 * of its source (a file's place in the list), then of its document.
 *
 * @param room for blocks of all files, of one record each at least
 * @param indexes so many files at the beginning of the list are indexes, whose records are values without a document
 */
export function mergeRecords(
  paths: readonly string[],
  layout: RecordLayout,
  room: Uint32Array,
  take: (words: Uint32Array, start: number, source: number) => void,
  indexes = 0,
): void {
  const wordsOf = (source: number) => (source < indexes ? layout.words - 1 : layout.words);
  const roomWords = Math.floor(room.length / Math.max(1, paths.length));
  const readers = paths.map((path, source) => {
    return new RecordReader(path, wordsOf(source), room.subarray(source * roomWords, (source + 1) * roomWords));
  });
  const isBefore = (left: number, right: number) => {
    const [a, b] = [readers[left], readers[right]];
    return (compareValues(a.block, a.start, b.block, b.start, layout) || left - right) < 0;
  };
  const heap = readers.map((_, source) => source).filter((source) => readers[source].fill());
  const sink = (hole: number) => {
    const source = heap[hole];
    for (let child = 2 * hole + 1; child < heap.length; child = 2 * hole + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], source)) break;
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = source;
  };
  for (let hole = heap.length >> 1; hole >= 0 && heap.length > 0; hole--) sink(hole);
  while (heap.length > 0) {
    const source = heap[0];
    const reader = readers[source];
    take(reader.block, reader.start, source);
    if (!reader.advance()) {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    sink(0);
  }
}
