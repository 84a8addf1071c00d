import { constants, crc32, inflateRawSync } from 'node:zlib';

/** Bits of the FLG byte (RFC 1952 §2.3.1). */
const FLAG_HEADER_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;
const FLAGS_RESERVED = 0xe0;
const TRAILER_LENGTH = 8;

/** What looking for one gzip member at the front of some bytes found. */
export type GzipMember =
  | { state: 'whole'; bytes: Uint8Array; length: number }
  | { state: 'incomplete' }
  | { state: 'bad'; reason: 'bad_gzip' | 'checksum' | 'too_large' };

/** Whether the bytes begin like a gzip member with deflate inside (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8 && (bytes[3] & FLAGS_RESERVED) === 0;
}

/**
 * Inflates the one member that starts at the front of `bytes`, leaving alone what follows it, and checks length and CRC-32.
 * `incomplete` asks for more bytes. Never makes more than `maximumLength` bytes.
 */
export function readGzipMember(bytes: Uint8Array, maximumLength: number): GzipMember {
  const bodyStart = gzipHeaderLength(bytes);
  if (bodyStart === undefined) return { state: 'incomplete' };
  const inflated = inflate(bytes.subarray(bodyStart), maximumLength);
  if ('state' in inflated) return inflated;
  const end = bodyStart + inflated.consumed;
  if (end + TRAILER_LENGTH > bytes.length) return { state: 'incomplete' };
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, TRAILER_LENGTH);
  const intact =
    trailer.getUint32(0, true) === crc32(inflated.bytes) && trailer.getUint32(4, true) === inflated.bytes.length >>> 0;
  if (!intact) return { state: 'bad', reason: 'checksum' };
  return { state: 'whole', bytes: inflated.bytes, length: end + TRAILER_LENGTH };
}

/** The first few inflated bytes of the member at the front of `bytes`; empty when it is none. */
export function peekGzipMember(bytes: Uint8Array): Uint8Array {
  const bodyStart = isGzip(bytes) ? gzipHeaderLength(bytes) : undefined;
  if (bodyStart === undefined) return new Uint8Array();
  try {
    return inflateRawSync(bytes.subarray(bodyStart, bodyStart + 512), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array();
  }
}

/** Node's synchronous inflate with `info: true`, which says how many input bytes the deflate stream took. */
const inflateRawWithInfo = inflateRawSync as unknown as (
  bytes: Uint8Array,
  options: { info: true; maxOutputLength: number; chunkSize: number },
) => { buffer: Uint8Array; engine: { bytesWritten: number } };

function inflate(body: Uint8Array, maximumLength: number): { bytes: Uint8Array; consumed: number } | GzipMember {
  try {
    const options = { info: true, maxOutputLength: maximumLength, chunkSize: 1 << 16 } as const;
    const { buffer, engine } = inflateRawWithInfo(body, options);
    return { bytes: buffer, consumed: engine.bytesWritten };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') return { state: 'incomplete' };
    if (code === 'ERR_BUFFER_TOO_LARGE') return { state: 'bad', reason: 'too_large' };
    if (code?.startsWith('Z_')) return { state: 'bad', reason: 'bad_gzip' };
    throw error;
  }
}

/** Length of the member's header, or undefined when `bytes` end inside it. */
function gzipHeaderLength(bytes: Uint8Array): number | undefined {
  const flags = bytes[3];
  let end = 10;
  if (flags & FLAG_EXTRA) end += 2 + bytes[10] + 256 * bytes[11];
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if (!(flags & flag)) continue;
    const terminator = bytes.indexOf(0, end);
    if (terminator < 0) return undefined;
    end = terminator + 1;
  }
  if (flags & FLAG_HEADER_CRC) end += 2;
  return end < bytes.length ? end : undefined;
}
