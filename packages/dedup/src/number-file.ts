import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { StageFile } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';

const ROWS_PER_BLOCK = 4096;

/** Goes through a file of rows of 32-bit numbers, ascending by the first, from document to document. */
export class NumberFile {
  readonly #rows: Generator<Uint32Array>;
  #row: Uint32Array | undefined;

  /** @param columns numbers in a row; a file that is not there has none */
  constructor(path: string, columns: number) {
    this.#rows = readRows(path, columns);
    this.#next();
  }

  #next(): void {
    this.#row = this.#rows.next().value as Uint32Array | undefined;
  }

  /** The row of a document, if there is one; asked for ascending documents. */
  rowOf(document: number): Uint32Array | null {
    if (this.#row?.[0] !== document) return null;
    const row = this.#row.slice();
    this.#next();
    return row;
  }

  close(): void {
    this.#rows.return(undefined);
  }
}

/** All rows of such a file; each is valid until the next is asked for. */
export function* readRows(path: string, columns: number): Generator<Uint32Array, void, undefined> {
  if (!existsSync(path)) return;
  const words = new Uint32Array(ROWS_PER_BLOCK * columns);
  const bytes = new Uint8Array(words.buffer);
  const file = openSync(path, 'r');
  try {
    for (let count = readSync(file, bytes); count > 0; count = readSync(file, bytes)) {
      for (let at = 0; at < count / 4; at += columns) yield words.subarray(at, at + columns);
    }
  } finally {
    closeSync(file);
  }
}

/** Writes such a file. */
export class NumberWriter {
  readonly #path: string;
  readonly #file: StageFile;
  readonly #words: Uint32Array;
  #filled = 0;

  /** @param path in the folder of a run */
  constructor(folder: string, path: string, columns: number) {
    this.#path = path;
    this.#file = new StageFile(join(folder, path), { sync: false });
    this.#words = new Uint32Array(ROWS_PER_BLOCK * columns);
  }

  add(row: ArrayLike<number>): void {
    this.#words.set(row, this.#filled);
    this.#filled += row.length;
    if (this.#filled === this.#words.length) this.#flush();
  }

  #flush(): void {
    this.#file.write(new Uint8Array(this.#words.buffer, 0, 4 * this.#filled));
    this.#filled = 0;
  }

  close(): Record<string, FileSeal> {
    this.#flush();
    return { [this.#path]: this.#file.close() };
  }
}
