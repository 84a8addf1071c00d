import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Bits per byte that general-purpose compressors need for a text: what a language model has to beat. */
export function compressorBitsPerByte(text: string): { gzip: number; brotli: number } {
  const bytes = Buffer.from(text);
  const bitsPerByte = (compressed: Buffer) => (8 * compressed.length) / bytes.length;
  const options = {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  };
  return { gzip: bitsPerByte(gzipSync(bytes, { level: 9 })), brotli: bitsPerByte(brotliCompressSync(bytes, options)) };
}
