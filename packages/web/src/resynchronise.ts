import type { ByteSource } from './byte-source.ts';
import { peekGzipMember } from './gzip-member.ts';

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);
const WARC_START = Buffer.from('WARC/1.');
const LINE_FEED = 10;
/** Compressed bytes that show whether a gzip magic opens a member with a WARC record inside. */
const PEEK_BYTES = 1024;
const WINDOW_BYTES = 1 << 20;

/**
 * Moves the source at least `skip` bytes forward, to the next thing that looks like a record: a gzip member whose content
 * begins with `WARC/1.`, or those characters at the start of a line. Ends at the end of the stream when there is none.
 * The caller doubles `skip` after consecutive failures, which bounds the work on files made to look like nested records.
 */
export async function resynchronise(source: ByteSource, skip: number): Promise<void> {
  await source.skip(skip);
  for (;;) {
    await source.fill(WINDOW_BYTES);
    const window = source.available;
    const found = findRecordStart(window);
    if (found !== undefined) return source.consume(found);
    if (source.ended) return source.consume(window.length);
    source.consume(Math.max(0, window.length - PEEK_BYTES));
  }
}

function findRecordStart(window: Uint8Array): number | undefined {
  const bytes = Buffer.from(window.buffer, window.byteOffset, window.length);
  const plain = findPlain(bytes);
  const compressed = findCompressed(plain === undefined ? bytes : bytes.subarray(0, plain + PEEK_BYTES), plain);
  return compressed ?? plain;
}

function findPlain(bytes: Buffer): number | undefined {
  for (let at = bytes.indexOf(WARC_START); at >= 0; at = bytes.indexOf(WARC_START, at + 1)) {
    if (at === 0 || bytes[at - 1] === LINE_FEED) return at;
  }
  return undefined;
}

function findCompressed(bytes: Buffer, before = bytes.length): number | undefined {
  for (let at = bytes.indexOf(GZIP_MAGIC); at >= 0 && at < before; at = bytes.indexOf(GZIP_MAGIC, at + 1)) {
    const start = peekGzipMember(bytes.subarray(at, at + PEEK_BYTES));
    if (Buffer.from(start.buffer, start.byteOffset, start.length).indexOf(WARC_START) === 0) return at;
  }
  return undefined;
}
