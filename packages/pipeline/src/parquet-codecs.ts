import { brotliDecompressSync, unzipSync } from 'node:zlib';
import { DamagedParquet } from './damaged-parquet.ts';
import { parseZstdHeader } from './zstd-frames.ts';
import { loadZstandard, unpackZstdFrame } from './zstandard.ts';

/** Unpacks a page to as many bytes as its header says. */
export type Codec = (packed: Uint8Array, length: number) => Uint8Array;

/**
 * Codecs by the names of the format, which stop when a page unpacks to more than it says. Those of the library do not:
 * gzip pages can send its decoder back to their beginning, Hadoop's LZ4 frames with negative lengths too, and a few bytes of
 * Zstandard keep it busy for minutes.
 */
export async function loadCodecs(): Promise<Record<string, Codec | undefined>> {
  // Loaded on use: the dictionaries of the codecs take time that other formats need not.
  const [{ compressors }] = await Promise.all([import('hyparquet-compressors'), loadZstandard()]);
  const { SNAPPY, LZ4, LZ4_RAW } = compressors as Record<string, Codec>;
  return {
    UNCOMPRESSED: (bytes) => bytes,
    SNAPPY,
    GZIP: (packed, length) => ownBytes(unzipSync(packed, { maxOutputLength: length })),
    BROTLI: (packed, length) => ownBytes(brotliDecompressSync(packed, { maxOutputLength: length })),
    ZSTD: unpackZstd,
    LZ4: (packed, length) => (isHadoop(packed, length) ? LZ4(packed, length) : LZ4_RAW(packed, length)),
    LZ4_RAW,
  };
}

/** Of a buffer that is part of a larger one, a copy: a text with a false length must not read its neighbours. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

function unpackZstd(packed: Uint8Array, length: number): Uint8Array {
  const { textBytes = length } = parseZstdHeader(Buffer.from(packed.buffer, packed.byteOffset, packed.length));
  // The decoder takes as much memory as the frame asks for.
  if (textBytes !== length) throw new DamagedParquet('a page of it unpacks to another length than it says');
  return unpackZstdFrame(packed, length);
}

/** Frames of unpacked length, packed length (big endian) and bytes, up to the end. */
function isHadoop(packed: Uint8Array, length: number): boolean {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  let [at, unpacked] = [0, 0];
  while (at + 8 <= packed.length) {
    unpacked += view.getUint32(at);
    at += 8 + view.getUint32(at + 4);
  }
  return at === packed.length && unpacked === length;
}
