import { crc32 } from 'node:zlib';

/** Tokens whose records share a checksum: reading a row checks few bytes more than it needs. */
export const BLOCK_TOKENS = 256;

/** Blocks of a cache, or of a part of one that begins with a block. */
export function blockCount(tokens: number): number {
  return Math.ceil(tokens / BLOCK_TOKENS);
}

/** Bytes of the checksums of so many tokens. */
export function checksumBytes(tokens: number): number {
  return 4 * blockCount(tokens);
}

/** CRC-32 of a header or a block. */
export function checksum(bytes: Uint8Array): number {
  return crc32(bytes);
}

/** Checksums of records that come in any pieces, u32 little endian one after the other. */
export class BlockChecksums {
  readonly #blockBytes: number;
  readonly #sums: number[] = [];
  #running = 0;
  #filled = 0;

  /** @param recordBytes of one token */
  constructor(recordBytes: number) {
    this.#blockBytes = recordBytes * BLOCK_TOKENS;
  }

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + this.#blockBytes - this.#filled);
      this.#running = crc32(piece, this.#running);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === this.#blockBytes) this.#close();
    }
  }

  /** Of all that was added; a last block may be shorter. */
  encode(): Uint8Array {
    if (this.#filled > 0) this.#close();
    const bytes = new Uint8Array(4 * this.#sums.length);
    const view = new DataView(bytes.buffer);
    this.#sums.forEach((sum, index) => view.setUint32(4 * index, sum, true));
    return bytes;
  }

  #close(): void {
    this.#sums.push(this.#running);
    this.#running = 0;
    this.#filled = 0;
  }
}
