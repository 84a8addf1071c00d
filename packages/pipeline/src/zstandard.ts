import { compress, decompress, init } from '@bokuweb/zstd-wasm';
import xxhash from 'xxhash-wasm';
import type { XXHash, XXHashAPI } from 'xxhash-wasm';

/** Node 20 has no Zstandard of its own: WebAssembly compresses and decompresses whole frames (fzstd reads long ones, see zstd-frames.ts). */

const LEVEL = 3;
/** In the byte after the magic number: a checksum follows the frame (RFC 8878, §3.1.1.1.1). */
const CHECKSUM_FLAG = 4;
const DESCRIPTOR = 4;

let hashes: XXHashAPI | undefined;
let ready: Promise<void> | undefined;

/** Loads the compressor and the checksum; must be awaited before the functions below. */
export function loadZstandard(): Promise<void> {
  ready ??= Promise.all([init(), xxhash()]).then(([, api]) => {
    hashes = api;
  });
  return ready;
}

/** One frame of Zstandard, with a checksum: damage is noticed. The same bytes give the same frame. */
export function zstdFrame(bytes: Uint8Array): Uint8Array {
  const frame = Buffer.from(compress(bytes, LEVEL));
  frame[DESCRIPTOR] |= CHECKSUM_FLAG;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(low32(loaded().h64Raw(bytes)));
  return Buffer.concat([frame, checksum]);
}

/** A frame without a checksum, as it is usual inside of other formats that have their own. */
export function compressPage(bytes: Uint8Array): Uint8Array {
  return compress(bytes, LEVEL);
}

/** Decompresses one whole frame that says how long its text is, or whose text has at most so many bytes, and checks it. */
export function unpackZstdFrame(frame: Uint8Array, mostBytes = 0): Uint8Array {
  return decompress(frame, { defaultHeapSize: mostBytes });
}

/** The checksum of a frame's text, as it is stored after the frame, of text that comes in parts. */
export class ZstdChecksum {
  readonly #hash: XXHash<bigint> = loaded().create64();

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  get value(): number {
    return low32(this.#hash.digest());
  }
}

function low32(hash: bigint): number {
  return Number(hash & 0xffffffffn);
}

function loaded(): XXHashAPI {
  if (hashes === undefined) throw new Error('loadZstandard has not been awaited');
  return hashes;
}
