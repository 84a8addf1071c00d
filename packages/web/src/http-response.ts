import { dechunk, decodeContent } from './content-encoding.ts';
import { parseHeaderBlock } from './header-fields.ts';
import type { HeaderFields } from './header-fields.ts';
import { WebError } from './web-error.ts';

/** An HTTP response as a crawler stored it. */
export interface HttpResponse {
  status: number;
  statusText: string;
  headers: HeaderFields;
  /** The body with chunking and content encoding undone. */
  body: Uint8Array;
}

/** Bytes a decoded body may have when nothing else is asked for. */
export const DEFAULT_MAXIMUM_BODY_BYTES = 64 * 2 ** 20;

/**
 * Parses a stored HTTP/1.x (or HTTP/2 written as text) response.
 *
 * @throws WebError `BAD_HTTP` when it does not begin with a status line and headers; see `decodeContent` for the others
 */
export function parseHttpResponse(
  bytes: Uint8Array,
  { maximumBodyBytes = DEFAULT_MAXIMUM_BODY_BYTES }: { maximumBodyBytes?: number } = {},
): HttpResponse {
  const header = parseHeaderBlock(bytes, 'latin1');
  const status = header && /^HTTP\/\d(?:\.\d)?[ \t]+(\d{3})(?:[ \t]+(.*))?$/.exec(header.startLine);
  if (!header || !status) {
    const start = JSON.stringify(Buffer.from(bytes.subarray(0, 40)).toString('latin1'));
    throw new WebError('BAD_HTTP', `expected an HTTP status line and headers, got ${start}`);
  }
  const { fields, length } = header;
  const stored = bytes.subarray(length);
  const whole = /\bchunked\b/i.test(fields.get('transfer-encoding') ?? '') ? dechunk(stored) : stored;
  const body = decodeContent(whole, fields.get('content-encoding') ?? '', maximumBodyBytes);
  return { status: Number(status[1]), statusText: (status[2] ?? '').trim(), headers: fields, body };
}
