import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DedupError } from './dedup-error.ts';
import { compressZstandard } from './zstandard.ts';

/** What a file must be to be the one that was written. */
export interface FileSeal {
  bytes: number;
  /** BLAKE2b, 512 bits, the first 128 in hexadecimal */
  checksum: string;
}

const BUFFER_BYTES = 1 << 20;
const newHash = () => createHash('blake2b512');
const shorten = (digest: string) => digest.slice(0, 32);

/** Buffers of files that are closed: new ones would wait for the garbage collector beside them. */
const spareBuffers: Buffer[] = [];

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

function compressorFor(path: string): ((bytes: Uint8Array) => Uint8Array) | null {
  if (path.endsWith('.zst')) return compressZstandard;
  return path.endsWith('.gz') ? (bytes) => gzipSync(bytes) : null;
}

/**
 * A binary file (gzipped in members of 1 MiB if it is called `.gz`, in frames if `.zst`) that appears under its name only when
 * {@link StageFile.close} has completed it. Keeps 1 MiB in memory.
 */
export class StageFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #sync: boolean;
  readonly #hash = newHash();
  readonly #compress: ((bytes: Uint8Array) => Uint8Array) | null;
  readonly #file: number;
  readonly #buffer = spareBuffers.pop() ?? Buffer.allocUnsafe(BUFFER_BYTES);
  #filled = 0;
  #written = 0;

  /**
   * @param sync wait until the disk has it; not needed where the seal is looked at before the file is used again
   * @throws DedupError `UNWRITABLE_FILE`
   */
  constructor(path: string, { sync = true } = {}) {
    this.#path = path;
    this.#sync = sync;
    this.#temporary = `${path}.partial`;
    this.#compress = compressorFor(path);
    this.#file = this.#attempt(() => {
      mkdirSync(dirname(path), { recursive: true });
      return openSync(this.#temporary, 'w');
    });
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      const message = `${this.#path}: cannot be written (${(cause as Error).message})`;
      throw new DedupError('UNWRITABLE_FILE', message, { cause });
    }
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const count = Math.min(bytes.length - at, BUFFER_BYTES - this.#filled);
      this.#buffer.set(at === 0 && count === bytes.length ? bytes : bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === BUFFER_BYTES) this.#flush();
    }
  }

  #flush(): void {
    const content = this.#buffer.subarray(0, this.#filled);
    const bytes = this.#compress ? this.#compress(content) : content;
    this.#hash.update(bytes);
    this.#attempt(() => writeAll(this.#file, bytes));
    this.#written += bytes.length;
    this.#filled = 0;
  }

  /** Completes the file: written, synced, renamed. */
  close(): FileSeal {
    if (this.#filled > 0 || (this.#compress && this.#written === 0)) this.#flush();
    this.#attempt(() => {
      if (this.#sync) fsyncSync(this.#file);
      closeSync(this.#file);
      renameSync(this.#temporary, this.#path);
    });
    spareBuffers.push(this.#buffer);
    return { bytes: this.#written, checksum: shorten(this.#hash.digest('hex')) };
  }
}

function sealOf(path: string): FileSeal {
  const hash = newHash();
  const buffer = spareBuffers.pop() ?? Buffer.allocUnsafe(BUFFER_BYTES);
  const file = openSync(path, 'r');
  try {
    let bytes = 0;
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer)) {
      hash.update(buffer.subarray(0, count));
      bytes += count;
    }
    return { bytes, checksum: shorten(hash.digest('hex')) };
  } finally {
    spareBuffers.push(buffer);
    closeSync(file);
  }
}

/** What is wrong with a file that should be as it was sealed; `null` if nothing is. */
export function findDamage(path: string, { bytes, checksum }: FileSeal): string | null {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return `${path}: is missing`;
  if (size !== bytes) return `${path}: has ${size} bytes, expected ${bytes}`;
  return sealOf(path).checksum === checksum ? null : `${path}: its checksum is not the one it was written with`;
}
