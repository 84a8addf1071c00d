import { closeSync, existsSync, openSync, readSync } from 'node:fs';

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

function* readRows(path: string, columns: number): Generator<Uint32Array> {
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
