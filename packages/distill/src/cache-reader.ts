import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { BLOCK_TOKENS, blockCount, checksum } from './block-checksums.ts';
import { checkFits, headerLength, parseHeader, prefixBytes } from './cache-header.ts';
import type { CacheDescription } from './cache-description.ts';
import type { ExpectedCache } from './cache-header.ts';
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

/** Bytes that {@link TeacherCache.verify} reads at a time. */
const verifyBytes = 2 ** 24;

/** A teacher cache beside a token shard, read by position. Only the records that are asked for are in memory. */
export class TeacherCache {
  readonly path: string;
  readonly description: CacheDescription;
  readonly #descriptor: number;
  readonly #start: number;
  readonly #recordBytes: number;

  private constructor(path: string, descriptor: number, description: CacheDescription, start: number) {
    this.path = path;
    this.description = description;
    this.#descriptor = descriptor;
    this.#start = start;
    this.#recordBytes = recordBytes(description);
  }

  /**
   * Opens a cache and compares its header with what it is to be used with. Records are checked when they are read, or all
   * of them by {@link verify}.
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
   * @throws DistillError `BAD_OPTION` when they are not all in the shard, `CORRUPT_CACHE` when bytes were changed
   */
  records(position: number, length: number): Uint8Array {
    const { tokenCount } = this.description;
    const fits = Number.isSafeInteger(position) && Number.isSafeInteger(length) && position >= 0 && length >= 0;
    if (!fits || position + length > tokenCount) {
      const message = `${this.path} has records of ${tokenCount} tokens, asked for ${length} from ${position} on`;
      throw new DistillError('BAD_OPTION', message);
    }
    const first = Math.floor(position / BLOCK_TOKENS);
    const blocks = this.#readBlocks(first, blockCount(position + length) - first);
    const from = (position - first * BLOCK_TOKENS) * this.#recordBytes;
    return blocks.subarray(from, from + length * this.#recordBytes);
  }

  /** Targets of rows of tokens: of `length` tokens from each position on, one row after the other. */
  targets(positions: readonly number[], length: number): TopKTargets | SampledTargets {
    return decodeTeacherRecords(
      this.description,
      positions.map((position) => this.records(position, length)),
    );
  }

  /**
   * Reads all of it once, at the speed of the disk: whatever was changed since it was written is found before it is used.
   *
   * @throws DistillError `CORRUPT_CACHE` naming the tokens and the bytes
   */
  verify(): void {
    const blocks = blockCount(this.description.tokenCount);
    const step = Math.max(1, Math.floor(verifyBytes / (BLOCK_TOKENS * this.#recordBytes)));
    for (let first = 0; first < blocks; first += step) this.#readBlocks(first, Math.min(step, blocks - first));
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Whole blocks, each held to its checksum. */
  #readBlocks(first: number, count: number): Uint8Array {
    const { tokenCount } = this.description;
    const blockBytes = BLOCK_TOKENS * this.#recordBytes;
    const start = this.#start + first * blockBytes;
    const bodyEnd = this.#start + tokenCount * this.#recordBytes;
    const length = Math.max(0, Math.min(count * blockBytes, bodyEnd - start));
    const bytes = readAt(this.#descriptor, length, start, this.path);
    const sums = new DataView(readAt(this.#descriptor, 4 * count, bodyEnd + 4 * first, this.path).buffer);
    for (let block = 0; block < count; block++) {
      const own = bytes.subarray(block * blockBytes, (block + 1) * blockBytes);
      if (checksum(own) === sums.getUint32(4 * block, true)) continue;
      const [token, at] = [(first + block) * BLOCK_TOKENS, start + block * blockBytes];
      throw new DistillError(
        'CORRUPT_CACHE',
        `${this.path}: the records of tokens ${token} to ${Math.min(tokenCount, token + BLOCK_TOKENS) - 1} ` +
          `(bytes ${at} to ${at + own.length - 1}) are not what was written; write the cache again`,
      );
    }
    return bytes;
  }
}
