import { constants, inflateSync } from 'node:zlib';
import { PdfError } from './pdf-error.ts';
import { scanObjects } from './pdf-objects.ts';
import type { PdfObject } from './pdf-objects.ts';

/** Deflate packs at most 1032 : 1 (RFC 1951: 258 bytes in two bits). */
const BEST_RATIO = 1032;
/** Fonts and pictures are unpacked by programs of their own, within bounds. */
const HARMLESS =
  /\/Subtype\s*\/(?:Image|Type1C|CIDFontType0C|OpenType)|\/Length1\b|\/Type\s*\/(?:EmbeddedFile|Metadata)/;
/** Of a file's streams together, as many times the bound of one. */
const STREAMS_PER_FILE = 16;

/**
 * Refuses files with streams that would unpack to very much: a few kilobytes can keep a reader busy for minutes. Only streams that may
 * be so large are unpacked here.
 *
 * @param maximum bytes that a stream may unpack to; all together 16 times as many
 * @throws PdfError TOO_LARGE
 */
export function checkStreams(name: string, bytes: Uint8Array, maximum: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!mayHoldBomb(buffer, maximum)) return;
  let total = 0;
  for (const object of scanObjects(buffer)) {
    const size = unpackedSize(buffer, object, maximum);
    total += size;
    if (size <= maximum && total <= maximum * STREAMS_PER_FILE) continue;
    const what = size > maximum ? `object ${object.number} unpacks` : 'its streams unpack';
    throw new PdfError(
      'TOO_LARGE',
      `${name}: ${what} to more than ${maximum} bytes; raise maximumStreamBytes to read it`,
    );
  }
}

/** Small files hold bombs only where streams are packed twice. */
function mayHoldBomb(bytes: Buffer, maximum: number): boolean {
  return bytes.length * BEST_RATIO > maximum || /FlateDecode\s*\/FlateDecode/.test(bytes.toString('latin1'));
}

/** Bytes that a stream unpacks to: 0 for such as are harmless, over `maximum` for such as are too large. */
function unpackedSize(bytes: Buffer, { head, streamStart }: PdfObject, maximum: number): number {
  const rounds = (head.match(/\/(?:FlateDecode|Fl)\b/g) ?? []).length;
  if (streamStart === undefined || rounds === 0 || HARMLESS.test(head)) return 0;
  const end = bytes.indexOf('endstream', streamStart);
  let data: Uint8Array = bytes.subarray(streamStart, end === -1 ? undefined : end);
  if (rounds === 1 && data.length * BEST_RATIO <= maximum) return 0;
  try {
    for (let round = 0; round < rounds; round++) {
      data = inflateSync(data, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maximum });
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? maximum + 1 : 0; // broken ones unpack to little
  }
  return data.length;
}
