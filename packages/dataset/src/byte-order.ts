import { endianness } from 'node:os';
import type { TokenSize } from './shard-metadata.ts';

/** Turns this machine's byte order into little endian, or back, in place. */
export function swapToLittleEndian(bytes: Buffer, tokenSize: TokenSize): Buffer {
  if (endianness() === 'LE') return bytes;
  return tokenSize === 2 ? bytes.swap16() : bytes.swap32();
}
