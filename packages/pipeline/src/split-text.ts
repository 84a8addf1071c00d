import { ByteSource } from './byte-source.ts';
import type { Split } from './document.ts';
import { compressionOf, skipToMagic } from './read-text.ts';
import type { Compression } from './read-text.ts';
import type { Storage } from './storage.ts';
import { DamagedBlock } from './text-chunk.ts';

const NEWLINE = 0x0a;
/** Text of one block that is looked at to make sure that it is whole; larger blocks are not cut after. */
const LARGEST_BLOCK = 64 * 2 ** 20;

/** Parts of a file of lines, compressed or not, of about `bytes` each. */
export async function splitText(input: string, bytes: number, { storage }: { storage?: Storage }): Promise<Split[]> {
  const source = await ByteSource.open(input, storage);
  try {
    const compression = await compressionOf(source);
    return compression ? await splitBlocks(source, compression, bytes) : splitPlain(source.size, bytes);
  } finally {
    await source.close();
  }
}

/** Equal parts of a file that is not compressed: a line belongs to the part in which it begins. */
function splitPlain(size: number, bytes: number): Split[] {
  const count = Math.max(1, Math.ceil(size / bytes));
  return splitsBetween(
    Array.from({ length: count }, (_, part) => Math.floor((size * part) / count)),
    size,
  );
}

/** Parts of about `bytes` of a compressed file, cut after whole blocks that end with a line. */
async function splitBlocks(source: ByteSource, compression: Compression, bytes: number): Promise<Split[]> {
  const starts = [0];
  for (let search = bytes; search < source.size;) {
    const cut = await findCut(source, compression, search, search + bytes);
    if (cut !== undefined && cut < source.size) starts.push(cut);
    search = (cut ?? search) + bytes;
  }
  return splitsBetween(starts, source.size);
}

/** Where the first whole block ends that begins in [start, end) and whose text ends with a line. */
async function findCut(
  source: ByteSource,
  { magic, readBlock }: Compression,
  start: number,
  end: number,
): Promise<number | undefined> {
  for (let at = start; ; at++) {
    source.seek(at);
    await skipToMagic(source, magic, end);
    at = source.offset;
    if (at >= Math.min(end, source.size)) return undefined;
    if (await endsWithLine(readBlock(source))) return source.offset;
  }
}

async function endsWithLine(block: AsyncIterable<Uint8Array>): Promise<boolean> {
  let last: number | undefined;
  let length = 0;
  try {
    for await (const part of block) {
      length += part.length;
      if (length > LARGEST_BLOCK) return false;
      last = part.at(-1) ?? last;
    }
  } catch (error) {
    if (error instanceof DamagedBlock) return false;
    throw error;
  }
  return last === NEWLINE;
}

function splitsBetween(starts: readonly number[], size: number): Split[] {
  return starts.map((start, part) => ({ start, end: starts[part + 1] ?? size }));
}
