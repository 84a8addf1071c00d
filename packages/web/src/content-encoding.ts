import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { WebError } from './web-error.ts';
import { isGzip } from './gzip-member.ts';

const LINE_FEED = 10;

/**
 * Undoes `Transfer-Encoding: chunked` (RFC 9112 §7.1). A body that does not begin with a chunk size is returned as it is:
 * crawlers often store the joined body under the original header. A body cut short gives what is there.
 */
export function dechunk(body: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < body.length;) {
    const lineEnd = body.indexOf(LINE_FEED, at);
    const size = lineEnd < 0 || lineEnd - at > 1024 ? undefined : chunkSize(body.subarray(at, lineEnd));
    if (size === undefined) return chunks.length === 0 ? body : concatenate(chunks);
    if (size === 0) break;
    chunks.push(body.subarray(lineEnd + 1, lineEnd + 1 + size));
    at = skipLineEnd(body, lineEnd + 1 + size);
  }
  return concatenate(chunks);
}

/**
 * Undoes `Content-Encoding` (gzip, deflate with or without zlib header, br, identity; several in a row are undone in reverse).
 * A body that was stored decoded under the original header is recognised for gzip. A body cut short gives what is there.
 *
 * @param maximumLength bytes the result may have
 * @throws WebError `UNSUPPORTED` for another encoding, `TOO_LARGE`, `BAD_ENCODING`
 */
export function decodeContent(body: Uint8Array, contentEncoding: string, maximumLength: number): Uint8Array {
  const encodings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  return encodings.reverse().reduce((bytes, encoding) => decodeOne(bytes, encoding, maximumLength), body);
}

function decodeOne(body: Uint8Array, encoding: string, maximumLength: number): Uint8Array {
  if (body.length === 0 || encoding === '' || encoding === 'identity') return body;
  const zlibOptions = { maxOutputLength: maximumLength, finishFlush: constants.Z_SYNC_FLUSH };
  try {
    switch (encoding) {
      case 'gzip':
      case 'x-gzip':
        return isGzip(body) ? gunzipSync(body, zlibOptions) : body;
      case 'deflate':
        return (body[0] & 15) === 8 ? inflateSync(body, zlibOptions) : inflateRawSync(body, zlibOptions);
      case 'br':
        return brotliDecompressSync(body, {
          maxOutputLength: maximumLength,
          finishFlush: constants.BROTLI_OPERATION_FLUSH,
        });
    }
  } catch (cause) {
    throw encodingError(encoding, maximumLength, cause as NodeJS.ErrnoException);
  }
  throw new WebError(
    'UNSUPPORTED',
    `content encoding "${encoding.slice(0, 40)}"; expected gzip, deflate, br or identity`,
  );
}

function encodingError(encoding: string, maximumLength: number, cause: NodeJS.ErrnoException): WebError {
  if (cause.code === 'ERR_BUFFER_TOO_LARGE')
    return new WebError('TOO_LARGE', `the ${encoding} body unpacks to more than ${maximumLength} bytes`, { cause });
  return new WebError('BAD_ENCODING', `the body is not valid ${encoding}: ${cause.message}`, { cause });
}

function chunkSize(line: Uint8Array): number | undefined {
  const size = /^([0-9a-f]{1,8})\s*(;.*)?$/i.exec(Buffer.from(line).toString('latin1').trim());
  return size ? Number.parseInt(size[1], 16) : undefined;
}

function skipLineEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 13 && bytes[at + 1] === LINE_FEED) return at + 2;
  return bytes[at] === LINE_FEED ? at + 1 : at;
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}
