import { crc32, createInflateRaw } from 'node:zlib';
import type { ByteSource } from './byte-source.ts';
import { holdText } from './hold-text.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import { DamagedBlock } from './text-chunk.ts';

/** Compressed bytes handed to zlib at a time: deflate grows by at most 1032, so a portion gives at most 16 MiB. */
const PORTION_BYTES = 16 * 1024;
/** Bytes that zlib gives back at a time. */
const OUTPUT_BYTES = 256 * 1024;
const MAXIMUM_HEADER_BYTES = 64 * 1024;
const TRAILER_BYTES = 8;
/** How every member begins. */
export const GZIP_MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);
const FLAG = { headerChecksum: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 };

/**
 * Decompresses the gzip member (RFC 1952) at the place where the source is, and leaves the source at the byte after it.
 *
 * @throws DamagedBlock
 */
export async function* readGzipMember(source: ByteSource): AsyncGenerator<Uint8Array> {
  source.skip(await headerLength(source));
  let size = 0;
  let checksum = 0;
  async function* summed(): AsyncGenerator<Uint8Array> {
    for await (const bytes of inflate(source)) {
      checksum = crc32(bytes, checksum);
      size += bytes.length;
      yield bytes;
    }
  }
  yield* holdText(summed(), () => checkTrailer(source, checksum, size));
}

/** Inflates one deflate stream, and leaves the source at the byte after it. */
async function* inflate(source: ByteSource): AsyncGenerator<Buffer> {
  const inflater = createInflateRaw({ chunkSize: OUTPUT_BYTES });
  let output: Buffer[] = [];
  inflater.on('data', (bytes: Buffer) => output.push(bytes));
  const ended = new Promise<void>((resolve) => inflater.once('end', resolve));
  const failed = new Promise<never>((_, reject) => inflater.once('error', reject));
  failed.catch(() => {});
  const start = source.offset;
  try {
    // zlib takes no more than it needs: when it leaves bytes over, the stream has ended.
    while (inflater.bytesWritten === source.offset - start) {
      const portion = await source.take(PORTION_BYTES);
      if (portion.length === 0) throw new Error('the file ends inside of it');
      await Promise.race([failed, new Promise<void>((resolve) => inflater.write(portion, () => resolve()))]);
      yield* output;
      output = [];
    }
    await Promise.race([failed, ended]);
    source.seek(start + inflater.bytesWritten);
    yield* output;
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    throw new DamagedBlock(messageOf(cause), { cause });
  } finally {
    inflater.destroy();
  }
}

async function headerLength(source: ByteSource): Promise<number> {
  const header = await source.peek(MAXIMUM_HEADER_BYTES);
  const flags = header[3];
  if (!header.subarray(0, 3).equals(GZIP_MAGIC) || header.length < 10) throw new DamagedBlock('it is not gzip');
  if (flags & FLAG.reserved) throw new DamagedBlock('its header has flags that gzip does not know');
  let length = 10;
  if (flags & FLAG.extra) length += 2 + (length + 2 <= header.length ? header.readUInt16LE(length) : 0);
  for (const flag of [FLAG.name, FLAG.comment]) {
    if (!(flags & flag)) continue;
    const end = header.indexOf(0, length);
    if (end === -1) throw new DamagedBlock('its header does not end');
    length = end + 1;
  }
  if (flags & FLAG.headerChecksum) length += 2;
  if (length > header.length) throw new DamagedBlock('its header does not end');
  return length;
}

async function checkTrailer(source: ByteSource, checksum: number, size: number): Promise<void> {
  const trailer = await source.peek(TRAILER_BYTES);
  if (trailer.length < TRAILER_BYTES) throw new DamagedBlock('the file ends inside of it');
  if (trailer.readUInt32LE(0) !== checksum || trailer.readUInt32LE(4) !== size % 2 ** 32) {
    throw new DamagedBlock('its checksum does not match');
  }
  source.skip(TRAILER_BYTES);
}
