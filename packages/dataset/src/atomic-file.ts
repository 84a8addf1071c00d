import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatasetError } from './dataset-error.ts';

const BUFFER_BYTES = 1 << 20;

/**
 * A file that appears under its name only when it is whole: bytes go to a hidden neighbour, `finish` flushes them to the
 * disk, `publish` renames. Memory stays at one buffer of 1 MiB whatever the file's size.
 */
export class AtomicFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  #descriptor: number | undefined;

  constructor(path: string) {
    this.path = path;
    this.#temporary = join(dirname(path), `.${basename(path)}.${process.pid}.partial`);
    this.#descriptor = this.#guard(() => openSync(this.#temporary, 'w'));
  }

  write(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length;) {
      const length = Math.min(bytes.length - start, BUFFER_BYTES - this.#used);
      this.#buffer.set(bytes.subarray(start, start + length), this.#used);
      this.#used += length;
      start += length;
      if (this.#used === BUFFER_BYTES) this.#flush();
    }
  }

  /** Puts everything on the disk, still under the hidden name. */
  finish(): void {
    this.#flush();
    this.#guard(() => {
      fsyncSync(this.#open());
      closeSync(this.#open());
    });
    this.#descriptor = undefined;
  }

  /** Gives the finished file its name. */
  publish(): void {
    this.#guard(() => renameSync(this.#temporary, this.path));
  }

  /** Leaves nothing behind. */
  abort(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    this.#guard(() => {
      for (let start = 0; start < this.#used;) {
        start += writeSync(this.#open(), this.#buffer, start, this.#used - start);
      }
    });
    this.#used = 0;
  }

  #open(): number {
    if (this.#descriptor === undefined) throw new Error(`${this.path} was already closed`);
    return this.#descriptor;
  }

  #guard<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DatasetError('WRITE_FAILED', `cannot write ${this.path}: ${reason}`, { cause });
    }
  }
}

/** Makes the renames in a folder survive a power cut. Not every file system can: those are left as they are. */
export function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'EISDIR' || code === 'EPERM' || code === 'EINVAL' || code === 'EACCES') return;
    throw new DatasetError('WRITE_FAILED', `cannot flush the folder ${folder}: ${String(cause)}`, { cause });
  }
}
