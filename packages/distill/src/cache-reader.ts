import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { checkFits, headerLength, parseHeader, prefixBytes } from './cache-header.ts';
import type { CacheDescription, ExpectedCache } from './cache-header.ts';
import { DistillError } from './distill-error.ts';
import type { SampledTargets } from './sampled.ts';
import { decodeTeacherRecords } from './teacher-cache.ts';
import { recordBytes } from './teacher-record.ts';
import type { TopKTargets } from './top-k.ts';

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new DistillError('FILE_NOT_FOUND', `cannot read the teacher cache ${path}: ${String(cause)}`);
  }
}

function readAt(descriptor: number, length: number, position: number, path: string): Uint8Array {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(descriptor, bytes, filled, length - filled, position + filled);
    if (count === 0)
      throw new DistillError('CORRUPT_CACHE', `${path} ends at byte ${position + filled}; write it again`);
    filled += count;
  }
  return bytes;
}

/** A teacher cache beside a token shard, read by position. Only the records that are asked for are in memory. */
export class TeacherCache {
  readonly path: string;
  readonly description: CacheDescription;
  readonly #descriptor: number;
  readonly #start: number;

  private constructor(path: string, descriptor: number, description: CacheDescription, start: number) {
    this.path = path;
    this.description = description;
    this.#descriptor = descriptor;
    this.#start = start;
  }

  /**
   * Opens a cache and compares its header with what it is to be used with.
   *
   * @throws DistillError `FILE_NOT_FOUND`, `CORRUPT_CACHE` when it is cut short or none, `CACHE_MISMATCH`
   */
  static open(path: string, expected: ExpectedCache = {}): TeacherCache {
    const descriptor = open(path);
    try {
      const { size } = fstatSync(descriptor);
      const length = headerLength(readAt(descriptor, Math.min(size, prefixBytes), 0, path), path);
      const description = parseHeader(readAt(descriptor, Math.min(size, length), 0, path), size, path);
      checkFits(description, expected, path);
      return new TeacherCache(path, descriptor, description, length);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /**
   * Records of some tokens that follow each other, as bytes.
   *
   * @throws DistillError `BAD_OPTION` when they are not all in the shard
   */
  records(position: number, length: number): Uint8Array {
    const { tokenCount } = this.description;
    const fits = Number.isSafeInteger(position) && Number.isSafeInteger(length) && position >= 0 && length >= 0;
    if (!fits || position + length > tokenCount) {
      const message = `${this.path} has records of ${tokenCount} tokens, asked for ${length} from ${position} on`;
      throw new DistillError('BAD_OPTION', message);
    }
    const size = recordBytes(this.description);
    return readAt(this.#descriptor, length * size, this.#start + position * size, this.path);
  }

  /** Targets of rows of tokens: of `length` tokens from each position on, one row after the other. */
  targets(positions: readonly number[], length: number): TopKTargets | SampledTargets {
    return decodeTeacherRecords(
      this.description,
      positions.map((position) => this.records(position, length)),
    );
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
