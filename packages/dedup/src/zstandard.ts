import { compress, init } from '@bokuweb/zstd-wasm';
import { Decompress } from 'fzstd';

/** Node 20 has no Zstandard of its own: one library reads streams of any length, another compresses blocks. */

const LEVEL = 3;
/** A frame's window may ask for gigabytes; the format's recommended limit for readers is 8 MiB, its tools take 128. */
const LARGEST_WINDOW = 128 * 2 ** 20;
const MAGIC = 0xfd2fb528;
/** Compressed bytes that are looked at together, and the most that may come of them: more is no text but an attack. */
const SLICE_BYTES = 1 << 16;
const LARGEST_SLICE = 256 * 2 ** 20;

let ready: Promise<void> | undefined;

/** Loads the compressor; must be awaited before {@link compressZstandard}. */
export function loadZstandard(): Promise<void> {
  return (ready ??= init());
}

/** One frame of Zstandard. */
export const compressZstandard = (bytes: Uint8Array): Uint8Array => compress(bytes, LEVEL);

/** The window that the first frame asks for, by its header (RFC 8878, §3.1.1); 0 where the frame is no larger than it says. */
function windowOf(header: Buffer): number {
  if (header.length < 6 || header.readUInt32LE(0) !== MAGIC || (header[4] & 0x20) !== 0) return 0;
  const base = 2 ** (10 + (header[5] >> 3));
  return base + (base / 8) * (header[5] & 7);
}

function* slices(chunk: Buffer): Generator<Buffer> {
  for (let start = 0; start < chunk.length; start += SLICE_BYTES) yield chunk.subarray(start, start + SLICE_BYTES);
}

/**
 * Decompresses frames one after the other.
 *
 * @throws Error for damaged or truncated frames, windows over 128 MiB, and what grows more than 4096 times
 */
export async function* decompressZstandard(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  const decompressor = new Decompress((part) => {
    if ((length += part.length) > LARGEST_SLICE) throw new Error('grows more than 4096 times');
    if (part.length > 0) parts.push(Buffer.from(part.buffer, part.byteOffset, part.length));
  });
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst && windowOf(chunk) > LARGEST_WINDOW) throw new Error(`needs a window of ${windowOf(chunk)} bytes`);
    isFirst = false;
    for (const slice of slices(chunk)) {
      decompressor.push(slice);
      yield* parts;
      [parts, length] = [[], 0];
    }
  }
  if (isFirst) return; // an empty file
  decompressor.push(new Uint8Array(0), true);
  yield* parts;
}
