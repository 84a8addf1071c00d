import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { NumberFile, readRows } from './number-file.ts';
import type { Piece } from './symbol-files.ts';

const COLUMNS = 3;
const ROWS_IN_MEMORY = 512;

/** What of a bucket is not yet in its file. */
interface OpenBucket {
  rows: Uint32Array;
  filled: number;
  last: Piece | null;
  /** symbols in all ranges */
  symbols: number;
}

/** Ranges of sequences in files, a few of each in memory. Those of a sequence that touch are joined. */
export class RangeBuckets {
  readonly #pathOf: (bucket: number) => string;
  readonly #buckets: OpenBucket[];

  /** @param count how many; files of an earlier run are deleted */
  constructor(count: number, pathOf: (bucket: number) => string) {
    this.#pathOf = pathOf;
    const rows = () => new Uint32Array(COLUMNS * ROWS_IN_MEMORY);
    this.#buckets = Array.from({ length: count }, () => ({ rows: rows(), filled: 0, last: null, symbols: 0 }));
    for (let bucket = 0; bucket < count; bucket++) rmSync(pathOf(bucket), { force: true });
  }

  get count(): number {
    return this.#buckets.length;
  }

  /** symbols in all ranges of a bucket */
  symbolsIn(bucket: number): number {
    return this.#buckets[bucket].symbols;
  }

  /** Takes the next range of a bucket: by sequence, then by where it starts. */
  add(bucket: number, { sequence, start, end }: Piece): void {
    const open = this.#buckets[bucket];
    if (open.last?.sequence === sequence && start <= open.last.end) {
      open.symbols += Math.max(0, end - open.last.end);
      open.last.end = Math.max(open.last.end, end);
      return;
    }
    this.#put(bucket, open);
    open.last = { sequence, start, end };
    open.symbols += end - start;
  }

  #put(bucket: number, open: OpenBucket): void {
    if (open.last === null) return;
    const { sequence, start, end } = open.last;
    open.rows.set([sequence, start, end], open.filled);
    open.filled += COLUMNS;
    open.last = null;
    if (open.filled === open.rows.length) this.#flush(bucket, open);
  }

  #flush(bucket: number, open: OpenBucket): void {
    if (open.filled === 0) return;
    const file = openSync(this.#pathOf(bucket), 'a');
    writeSync(file, new Uint8Array(open.rows.buffer, 0, 4 * open.filled));
    closeSync(file);
    open.filled = 0;
  }

  /** Puts all into the files. */
  close(): void {
    for (const [bucket, open] of this.#buckets.entries()) {
      this.#put(bucket, open);
      this.#flush(bucket, open);
    }
  }

  /** All ranges of a bucket, when all are in the files. */
  *read(bucket: number): Generator<Piece, void, undefined> {
    for (const [sequence, start, end] of readRows(this.#pathOf(bucket), COLUMNS)) yield { sequence, start, end };
  }

  /** The same, to be asked for by sequence. */
  open(bucket: number): NumberFile {
    return new NumberFile(this.#pathOf(bucket), COLUMNS);
  }
}
