import type { ByteSource } from './byte-source.ts';
import { isGzip, readGzipMember } from './gzip-member.ts';
import { parseHeaderBlock } from './header-fields.ts';
import type { HeaderBlock } from './header-fields.ts';
import { WarcRecord } from './warc-record.ts';
import type { RecordPlace } from './warc-record.ts';
import { WebError } from './web-error.ts';

const WARC_MAGIC = Buffer.from('WARC/');
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const MAXIMUM_HEADER_BYTES = 1 << 20;

/** Why a stretch of a WARC file could not be read. */
export type WarcDamageReason = 'not_a_record' | 'bad_gzip' | 'checksum' | 'truncated' | 'too_large' | 'bad_header';

/** A stretch that cannot be read. Caught by `readWarc`, never seen outside. */
export class Damage extends Error {
  readonly reason: WarcDamageReason;

  constructor(reason: WarcDamageReason) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * Reads the gzip member or plain record at the front of the source. Throws `Damage` either with the source where it was,
 * or (when it is known where the next record begins) behind the damage.
 */
export async function* readNextRecords(
  source: ByteSource,
  name: string,
  maximumBytes: number,
): AsyncGenerator<WarcRecord> {
  await source.fill(WARC_MAGIC.length);
  const { available } = source;
  if (isGzip(available)) yield* readCompressed(source, name, maximumBytes);
  else if (startsWith(available, WARC_MAGIC)) yield await readPlain(source, name, maximumBytes);
  else if (startsWith(available, ZSTD_MAGIC))
    throw new WebError('UNSUPPORTED', `${name}: zstd WARC files are not read; unpack it with "zstd -d" first`);
  else throw new Damage('not_a_record');
}

/** Moves over the line ends between records; false at the end of the stream. */
export async function skipLineEnds(source: ByteSource): Promise<boolean> {
  while (await source.fill(1)) {
    const { available } = source;
    const count = afterLineEnds(available, 0);
    if (count < available.length) {
      source.consume(count);
      return true;
    }
    source.consume(count);
  }
  return false;
}

async function* readCompressed(source: ByteSource, name: string, maximumBytes: number): AsyncGenerator<WarcRecord> {
  const { bytes, length } = await readWholeMember(source, maximumBytes);
  const place = { source: name, offset: source.offset, length };
  source.consume(length);
  yield* parseRecords(bytes, place, maximumBytes);
}

/** Asks for twice as many bytes until the member is whole: at most twice the work, and memory bounded by the limit. */
async function readWholeMember(
  source: ByteSource,
  maximumBytes: number,
): Promise<{ bytes: Uint8Array; length: number }> {
  for (;;) {
    const member = readGzipMember(source.available, maximumBytes);
    if (member.state === 'bad') throw new Damage(member.reason);
    if (member.state === 'whole') return member;
    const held = source.available.length;
    if (held > 2 * (maximumBytes + MAXIMUM_HEADER_BYTES)) throw new Damage('too_large');
    await source.fill(held * 2);
    if (source.available.length === held) throw new Damage('truncated');
  }
}

function* parseRecords(bytes: Uint8Array, place: RecordPlace, maximumBytes: number): Generator<WarcRecord> {
  for (let at = afterLineEnds(bytes, 0); at < bytes.length;) {
    const header = parseWarcHeader(bytes.subarray(at));
    const blockStart = at + header.length;
    const end = blockStart + contentLength(header);
    if (end > bytes.length) throw new Damage('truncated');
    yield new WarcRecord(header.fields, bytes.subarray(blockStart, end), place, maximumBytes);
    at = afterLineEnds(bytes, end);
  }
}

async function readPlain(source: ByteSource, name: string, maximumBytes: number): Promise<WarcRecord> {
  const header = await readPlainHeader(source);
  const length = header.length + contentLength(header);
  const { offset } = source;
  if (length - header.length > maximumBytes) {
    await source.skip(length);
    throw new Damage('too_large');
  }
  if (!(await source.fill(length))) throw new Damage('truncated');
  const block = source.available.slice(header.length, length);
  source.consume(length);
  return new WarcRecord(header.fields, block, { source: name, offset, length }, maximumBytes);
}

async function readPlainHeader(source: ByteSource): Promise<HeaderBlock> {
  for (let wanted = 4096; wanted <= MAXIMUM_HEADER_BYTES; wanted *= 2) {
    const more = await source.fill(wanted);
    const start = source.available.subarray(0, wanted);
    if (parseHeaderBlock(start, 'utf-8')) return parseWarcHeader(start);
    if (!more) throw new Damage('truncated');
  }
  throw new Damage('bad_header');
}

function parseWarcHeader(bytes: Uint8Array): HeaderBlock {
  const header = parseHeaderBlock(bytes.subarray(0, MAXIMUM_HEADER_BYTES), 'utf-8');
  if (!header || !/^WARC\/\d+\.\d+\s*$/.test(header.startLine)) throw new Damage('bad_header');
  return header;
}

function contentLength(header: HeaderBlock): number {
  const value = header.fields.get('content-length') ?? '';
  if (!/^\d{1,15}$/.test(value)) throw new Damage('bad_header');
  return Number(value);
}

function afterLineEnds(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === 13 || bytes[at] === 10) at++;
  return at;
}

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.every((byte, index) => bytes[index] === byte);
}
