import { Decompress } from 'fzstd';
import type { ByteSource } from './byte-source.ts';
import { VERIFIED_BYTES, holdText } from './hold-text.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import { DamagedBlock } from './text-chunk.ts';
import { ZstdChecksum, loadZstandard, unpackZstdFrame } from './zstandard.ts';

/** How every frame begins (RFC 8878). */
export const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const LONGEST_HEADER = 18;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
/** The format's limit for a block, and for its text. */
const LARGEST_BLOCK = 128 * 1024;
/** A frame's window may ask for gigabytes; the format recommends 8 MiB to readers, its tools take 128. */
const LARGEST_WINDOW = 128 * 2 ** 20;
const SKIPPABLE = 0x184d2a50;
const BLOCK_TYPE = { raw: 0, repeated: 1, reserved: 3 };

/** What the beginning of a frame says. */
export interface FrameHeader {
  readonly bytes: number;
  /** Length of the text, where the frame tells it. */
  readonly textBytes: number | undefined;
  readonly hasChecksum: boolean;
}

/**
 * Decompresses the Zstandard frame at the place where the source is, and leaves the source at the byte after it.
 *
 * @throws DamagedBlock
 */
export async function* readZstdFrame(source: ByteSource): AsyncGenerator<Uint8Array> {
  await loadZstandard();
  const start = await source.peek(LONGEST_HEADER);
  if (isSkippable(start)) return source.skip(8 + start.readUInt32LE(4));
  const header = parseZstdHeader(start);
  try {
    if (header.textBytes !== undefined && header.textBytes <= VERIFIED_BYTES) yield await unpackWhole(source, header);
    else yield* unpackBlocks(source, header);
  } catch (cause) {
    if (cause instanceof PipelineError || cause instanceof DamagedBlock) throw cause;
    throw new DamagedBlock(messageOf(cause), { cause });
  }
}

function isSkippable(start: Buffer): boolean {
  return start.length >= 8 && (start.readUInt32LE(0) & 0xfffffff0) >>> 0 === SKIPPABLE;
}

/** @throws DamagedBlock */
export function parseZstdHeader(start: Buffer): FrameHeader {
  if (start.length < 6 || !start.subarray(0, 4).equals(ZSTD_MAGIC)) throw new DamagedBlock('it is not Zstandard');
  const descriptor = start[4];
  if (descriptor & 0x08) throw new DamagedBlock('its header has flags that Zstandard does not know');
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3];
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6];
  const sizeAt = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  if (start.length < sizeAt + sizeBytes) throw new DamagedBlock('the file ends inside of it');
  const textBytes = sizeBytes === 0 ? undefined : readSize(start, sizeAt, sizeBytes);
  const window = isSingleSegment ? (textBytes ?? 0) : windowOf(start[5]);
  if (window > LARGEST_WINDOW)
    throw new DamagedBlock(`it needs a window of ${window} bytes, at most ${LARGEST_WINDOW} are given`);
  return { bytes: sizeAt + sizeBytes, textBytes, hasChecksum: (descriptor & 4) !== 0 };
}

function readSize(start: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return Number(start.readBigUInt64LE(at));
  return start.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** The blocks of a frame as they are stored, header by header. */
async function* storedBlocks(source: ByteSource): AsyncGenerator<Buffer> {
  for (let isLast = false; !isLast;) {
    const header = await source.peek(BLOCK_HEADER_BYTES);
    if (header.length < BLOCK_HEADER_BYTES) throw new DamagedBlock('the file ends inside of it');
    const fields = header.readUIntLE(0, BLOCK_HEADER_BYTES);
    const type = (fields >> 1) & 3;
    const size = fields >> 3;
    if (type === BLOCK_TYPE.reserved || size > LARGEST_BLOCK)
      throw new DamagedBlock('a block of it has no valid header');
    yield await take(source, BLOCK_HEADER_BYTES + (type === BLOCK_TYPE.repeated ? 1 : size));
    isLast = (fields & 1) === 1;
  }
}

async function unpackWhole(
  source: ByteSource,
  { bytes, textBytes = 0, hasChecksum }: FrameHeader,
): Promise<Uint8Array> {
  const parts = [await take(source, bytes)];
  let stored = 0;
  for await (const block of storedBlocks(source)) {
    stored += block.length;
    if (stored > 2 * VERIFIED_BYTES) throw new DamagedBlock('it is longer than its text');
    parts.push(block);
  }
  if (hasChecksum) parts.push(await take(source, CHECKSUM_BYTES));
  if (textBytes === 0) return new Uint8Array(0);
  const text = unpackZstdFrame(Buffer.concat(parts));
  if (text.length !== textBytes) throw new DamagedBlock('its text is not as long as it says');
  return text;
}

/** Unpacks a frame block by block: it is long, or does not say how long it is. */
function unpackBlocks(source: ByteSource, { bytes, hasChecksum }: FrameHeader): AsyncGenerator<Uint8Array> {
  const checksum = new ZstdChecksum();
  let output: Uint8Array[] = [];
  const decompressor = new Decompress((part) => {
    // The decompressor goes on using the memory of what it has given.
    if (part.length > 0) output.push(Buffer.from(part));
    checksum.update(part);
  });
  async function* unpacked(): AsyncGenerator<Uint8Array> {
    decompressor.push(await take(source, bytes));
    for await (const block of storedBlocks(source)) {
      decompressor.push(block);
      yield* output;
      output = [];
    }
    // It may hold back the last bytes until it hears that nothing follows; a checksum, which it skips, comes in between.
    decompressor.push(new Uint8Array(hasChecksum ? CHECKSUM_BYTES : 0), true);
    yield* output;
  }
  return holdText(unpacked(), async () => {
    if (!hasChecksum) return;
    const trailer = await take(source, CHECKSUM_BYTES);
    if (trailer.readUInt32LE(0) !== checksum.value) throw new DamagedBlock('its checksum does not match');
  });
}

async function take(source: ByteSource, count: number): Promise<Buffer> {
  const bytes = await source.peek(count);
  if (bytes.length < count) throw new DamagedBlock('the file ends inside of it');
  source.skip(count);
  return bytes;
}
