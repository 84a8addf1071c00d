import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dechunk } from './content-encoding.ts';
import { parseHttpResponse } from './http-response.ts';

function response(headers: string[], body: Uint8Array | string): Buffer {
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`),
    Buffer.from(body as Uint8Array),
  ]);
}

function chunked(body: Uint8Array, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.subarray(at, at + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)};x=y\r\n`), Buffer.from(chunk), Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

const bodyOf = (bytes: Uint8Array, options?: { maximumBodyBytes?: number }) =>
  Buffer.from(parseHttpResponse(bytes, options).body).toString();

describe('parseHttpResponse', () => {
  it('reads status, headers and body; repeated headers are joined', () => {
    const parsed = parseHttpResponse(Buffer.from('HTTP/2 404\nA: 1\na: 2\n\nnot here'));
    expect(parsed).toMatchObject({ status: 404, statusText: '' });
    expect(parsed.headers.get('a')).toBe('1, 2');
    expect(Buffer.from(parsed.body).toString()).toBe('not here');
  });

  it.each([
    ['gzip', gzipSync('text')],
    ['x-gzip', gzipSync('text')],
    ['br', brotliCompressSync('text')],
    ['deflate', deflateSync('text')],
    ['deflate', deflateRawSync('text')],
    ['gzip, br', brotliCompressSync(gzipSync('text'))],
    ['identity', Buffer.from('text')],
    ['gzip', Buffer.from('text')],
  ])('undoes %s', (encoding, body) => {
    expect(bodyOf(response([`Content-Encoding: ${encoding}`], body))).toBe('text');
  });

  it('undoes chunks of any size under any encoding', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 20 }), (body, size) => {
        const stored = response(
          ['Transfer-Encoding: chunked', 'Content-Encoding: gzip'],
          chunked(gzipSync(body), size),
        );
        expect(bodyOf(stored)).toBe(Buffer.from(body).toString());
      }),
    );
  });

  it('takes a body that was stored joined under a chunked header as it is', () => {
    expect(bodyOf(response(['Transfer-Encoding: chunked'], '<html>hi</html>'))).toBe('<html>hi</html>');
  });

  it('gives what is there of a body cut short', () => {
    const long = Array.from({ length: 5000 }, (_, index) => `line ${index}`).join('\n');
    expect(bodyOf(response(['Content-Encoding: gzip'], gzipSync(long).subarray(0, 4000)))).toMatch(/^line 0\nline 1\n/);
    expect(Buffer.from(dechunk(Buffer.from('5\r\nhello\r\n9\r\nwor'))).toString()).toBe('hellowor');
  });

  it('refuses bombs, unknown encodings, broken bodies and what is no response', () => {
    const bomb = response(['Content-Encoding: gzip'], gzipSync(Buffer.alloc(1 << 20)));
    expect(() => parseHttpResponse(bomb, { maximumBodyBytes: 1000 })).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    );
    expect(() => parseHttpResponse(response(['Content-Encoding: zpaq'], 'x'))).toThrow(/"zpaq"; expected gzip/);
    const broken = gzipSync('some text that is long enough');
    broken.fill(0xff, 12, 30);
    expect(() => parseHttpResponse(response(['Content-Encoding: gzip'], broken))).toThrow(
      expect.objectContaining({ code: 'BAD_ENCODING' }),
    );
    expect(() => parseHttpResponse(Buffer.from('<html>'))).toThrow(
      /expected an HTTP status line and headers, got "<html>"/,
    );
  });
});
