import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PipelineError, messageOf } from './pipeline-error.ts';

/** Where a file is written until it is whole. */
export function partialPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.partial`);
}

/**
 * A file that appears under its name only when it is whole and on the disk (write, fsync, rename). Where several processes
 * may write it at once, each gives a place of its own, on the same disk, for what is not whole yet.
 */
export class AtomicFile {
  readonly path: string;
  readonly #partial: string;
  /** Bytes written so far. */
  size = 0;
  #descriptor: number | undefined;
  #published = false;

  /** Starts the file; its folder is made when missing. */
  constructor(path: string, partial = partialPath(path)) {
    this.path = path;
    this.#partial = partial;
    this.#descriptor = this.#guard(() => {
      mkdirSync(dirname(path), { recursive: true });
      mkdirSync(dirname(partial), { recursive: true });
      return openSync(partial, 'w');
    });
  }

  write(bytes: Uint8Array): void {
    this.#guard(() => {
      for (let start = 0; start < bytes.length;) start += writeSync(this.#open(), bytes, start);
    });
    this.size += bytes.length;
  }

  /** Puts the file on the disk and gives it its name. */
  close(): void {
    this.#guard(() => {
      fsyncSync(this.#open());
      closeSync(this.#open());
      this.#descriptor = undefined;
      renameSync(this.#partial, this.path);
      this.#published = true;
    });
  }

  /** Leaves nothing behind; after `close` it does nothing. */
  abort(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    if (!this.#published) rmSync(this.#partial, { force: true });
  }

  #open(): number {
    if (this.#descriptor === undefined) throw new Error('it is already closed');
    return this.#descriptor;
  }

  #guard<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      throw new PipelineError('WRITE_FAILED', `cannot write ${this.path}: ${messageOf(cause)}`, { cause });
    }
  }
}

/** Writes a whole small file that way. */
export function writeFileAtomically(path: string, text: string, partial?: string): void {
  const file = new AtomicFile(path, partial);
  try {
    file.write(Buffer.from(text));
    file.close();
  } catch (error) {
    file.abort();
    throw error;
  }
}
