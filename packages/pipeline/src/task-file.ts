import { closeSync, fsyncSync, mkdirSync, openSync, readSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { OutputFile } from './document-writer.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';

const CHUNK_BYTES = 1 << 20;

/** How far a file was at some moment. */
export interface FileMark {
  readonly bytes: number;
  /** CRC-32 of these bytes. */
  readonly crc32: number;
}

/**
 * A file of a task that is under way. It is open only while it is written to, so that there may be thousands; and it
 * knows its checksum, so that it can be gone on with after a kill.
 */
export class TaskFile implements OutputFile {
  readonly path: string;
  size = 0;
  #crc32 = 0;
  #isSynced = false;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Starts an empty file; its folder is made when missing.
   *
   * @throws PipelineError WRITE_FAILED
   */
  static create(path: string): TaskFile {
    const file = new TaskFile(path);
    file.#withFile('w', () => {});
    return file;
  }

  /** Cuts a file back to what it was at a mark; `undefined` where that is lost or damaged. */
  static resume(path: string, { bytes, crc32: expected }: FileMark): TaskFile | undefined {
    if (checksumOf(path, bytes) !== expected) return undefined;
    truncateSync(path, bytes);
    const file = new TaskFile(path);
    file.size = bytes;
    file.#crc32 = expected;
    return file;
  }

  get mark(): FileMark {
    return { bytes: this.size, crc32: this.#crc32 };
  }

  write(bytes: Uint8Array): void {
    this.#withFile('a', (descriptor) => {
      for (let start = 0; start < bytes.length;) start += writeSync(descriptor, bytes, start);
    });
    this.size += bytes.length;
    this.#crc32 = crc32(bytes, this.#crc32);
    this.#isSynced = false;
  }

  /** Puts what has been written on the disk. */
  sync(): void {
    if (!this.#isSynced) this.#withFile('a', fsyncSync);
    this.#isSynced = true;
  }

  #withFile(flags: string, action: (descriptor: number) => void): void {
    try {
      if (flags === 'w') mkdirSync(dirname(this.path), { recursive: true });
      const descriptor = openSync(this.path, flags);
      try {
        action(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch (cause) {
      throw new PipelineError('WRITE_FAILED', `cannot write ${this.path}: ${messageOf(cause)}`, { cause });
    }
  }
}

/** CRC-32 of the first bytes of a file; `undefined` where there are fewer. */
function checksumOf(path: string, bytes: number): number | undefined {
  let checksum = 0;
  try {
    const descriptor = openSync(path, 'r');
    try {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      for (let left = bytes; left > 0;) {
        const count = readSync(descriptor, chunk, 0, Math.min(left, CHUNK_BYTES), bytes - left);
        if (count === 0) return undefined;
        checksum = crc32(chunk.subarray(0, count), checksum);
        left -= count;
      }
      return checksum;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // It cannot be read: its bytes are lost.
    return undefined;
  }
}
