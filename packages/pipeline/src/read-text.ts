import type { ByteSource } from './byte-source.ts';
import { GZIP_MAGIC, readGzipMember } from './gzip-members.ts';
import type { Place } from './line-splitter.ts';
import { DamagedBlock } from './text-chunk.ts';
import type { Gap, TextChunk } from './text-chunk.ts';
import { ZSTD_MAGIC, readZstdFrame } from './zstd-frames.ts';

const PLAIN_CHUNK_BYTES = 256 * 1024;
const SEARCH_BYTES = 64 * 1024;

/** A way of compression: blocks one after the other that can be read alone. */
export interface Compression {
  readonly name: 'gzip' | 'zstd';
  /** How each block begins. */
  readonly magic: Buffer;
  /** Decompresses the block where the source is, and leaves the source at the byte after it. @throws DamagedBlock */
  readBlock(source: ByteSource): AsyncGenerator<Uint8Array>;
}

const COMPRESSIONS: readonly Compression[] = [
  { name: 'gzip', magic: GZIP_MAGIC, readBlock: readGzipMember },
  { name: 'zstd', magic: ZSTD_MAGIC, readBlock: readZstdFrame },
];

/** How a file is compressed, told by its first two bytes and not its name; `undefined` where it is not. */
export async function compressionOf(source: ByteSource): Promise<Compression | undefined> {
  source.seek(0);
  const start = await source.peek(2);
  return COMPRESSIONS.find(({ magic }) => magic.subarray(0, 2).equals(start));
}

/** The text of a file that is not compressed, from a byte on. */
export async function* readPlain(source: ByteSource, start: number): AsyncGenerator<TextChunk> {
  source.seek(start);
  for (;;) {
    const { offset } = source;
    const bytes = await source.take(PLAIN_CHUNK_BYTES);
    if (bytes.length === 0) return;
    yield { bytes, block: 0, offset };
  }
}

/**
 * The text of the compressed blocks that begin in [from.block, end), from a byte of the first one's text on. A damaged
 * block is reported as a gap, and reading goes on at the next block: other readers would give up there.
 */
export async function* readBlocks(
  source: ByteSource,
  { name, magic, readBlock }: Compression,
  from: Place,
  end: number,
): AsyncGenerator<TextChunk | Gap> {
  source.seek(from.block);
  while (source.offset < end && (await source.peek(1)).length > 0) {
    const block = source.offset;
    const skipped = block === from.block ? from.offset : 0;
    try {
      yield* textFrom(readBlock(source), block, skipped);
    } catch (error) {
      if (!(error instanceof DamagedBlock)) throw error;
      source.seek(block + 1);
      await skipToMagic(source, magic);
      yield { compression: name, damage: error.message, offset: block };
    }
  }
}

async function* textFrom(parts: AsyncIterable<Uint8Array>, block: number, skipped: number): AsyncGenerator<TextChunk> {
  let offset = 0;
  for await (const part of parts) {
    const bytes = part.subarray(Math.max(0, skipped - offset));
    if (bytes.length > 0) yield { bytes, block, offset: offset + part.length - bytes.length };
    offset += part.length;
  }
}

/** Goes on to the next bytes that may begin a block, or to `limit` or the end of the file. */
export async function skipToMagic(source: ByteSource, magic: Buffer, limit = Infinity): Promise<void> {
  while (source.offset < limit) {
    const bytes = await source.peek(SEARCH_BYTES);
    const at = bytes.indexOf(magic);
    if (at !== -1) return source.skip(at);
    if (bytes.length < SEARCH_BYTES) return source.skip(bytes.length);
    source.skip(bytes.length - magic.length + 1);
  }
}
