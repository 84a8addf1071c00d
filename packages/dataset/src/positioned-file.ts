import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { DatasetError } from './dataset-error.ts';

/** A corpus may have thousands of shards, a process often no more than 1024 open files. */
const MAXIMUM_OPEN = 128;

/** Open files, the least recently used first. */
const openFiles = new Set<PositionedFile>();

/** A file read by position. It is opened on the first read, and closed again when too many others are in use. */
export class PositionedFile {
  readonly path: string;
  /** Size in bytes when the object was made. */
  readonly size: number;
  #descriptor: number | undefined;

  constructor(path: string) {
    this.path = path;
    this.size = fileSize(path);
  }

  /** Fills `bytes` from `position` on; a file that has become shorter is refused. */
  read(bytes: Uint8Array, position: number): void {
    try {
      const descriptor = this.#open();
      for (let start = 0; start < bytes.length;) {
        const length = readSync(descriptor, bytes, start, bytes.length - start, position + start);
        if (length === 0) throw new Error(`it ends at byte ${position + start}, expected ${this.size} bytes`);
        start += length;
      }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DatasetError('READ_FAILED', `cannot read ${this.path}: ${reason}`, { cause });
    }
  }

  close(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
    openFiles.delete(this);
  }

  #open(): number {
    if (this.#descriptor === undefined) {
      if (openFiles.size >= MAXIMUM_OPEN) (openFiles.values().next().value as PositionedFile).close();
      this.#descriptor = openSync(this.path, 'r');
    }
    openFiles.delete(this);
    openFiles.add(this);
    return this.#descriptor;
  }
}

function fileSize(path: string): number {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) throw new DatasetError('FILE_NOT_FOUND', `there is no file ${path}`);
  if (!status.isFile()) throw new DatasetError('READ_FAILED', `${path} is not a file`);
  return status.size;
}
