import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkStreams } from './check-streams.ts';
import { extractPdf } from './extract-pdf.ts';
import { makePdf, prose } from './fixtures/make-pdf.ts';

const MEGABYTE = 1024 * 1024;
const pack = (bytes: Uint8Array) => deflateSync(bytes, { level: 1 });

function fileWith(stream: Uint8Array, entries: string): Buffer {
  return Buffer.concat([Buffer.from(`%PDF-1.4\n7 0 obj<<${entries}/Length ${stream.length}>>stream\n`), stream, Buffer.from('\nendstream endobj')]); // prettier-ignore
}

describe('checkStreams', () => {
  const bomb = pack(Buffer.alloc(40 * MEGABYTE, 'q '));

  it('refuses a stream that unpacks to too much', () => {
    const file = fileWith(bomb, '/Filter/FlateDecode');
    expect(() => checkStreams('bomb.pdf', file, 32 * MEGABYTE)).toThrow(
      /^bomb\.pdf: object 7 unpacks to more than 33554432/,
    );
    expect(() => checkStreams('bomb.pdf', file, 64 * MEGABYTE)).not.toThrow();
  });

  it('refuses one that is packed twice into very little', () => {
    const file = fileWith(pack(pack(Buffer.alloc(40 * MEGABYTE))), '/Filter[/FlateDecode/FlateDecode]');
    expect(() => checkStreams('bomb.pdf', file, 32 * MEGABYTE)).toThrow('object 7 unpacks');
  });

  it('refuses many that are too much together', () => {
    const file = Buffer.concat(
      Array.from({ length: 18 }, () => fileWith(pack(Buffer.alloc(MEGABYTE, 'q ')), '/Filter/FlateDecode')),
    );
    expect(() => checkStreams('bomb.pdf', file, 1.01 * MEGABYTE)).toThrow('its streams unpack');
  });

  it('leaves pictures, fonts and broken streams alone', () => {
    for (const entries of ['/Subtype/Image/Filter/FlateDecode', '/Length1 9/Filter/FlateDecode', '/Filter/DCTDecode']) {
      expect(() => checkStreams('file.pdf', fileWith(bomb, entries), MEGABYTE)).not.toThrow();
    }
    expect(() =>
      checkStreams('file.pdf', fileWith(Buffer.alloc(MEGABYTE, 7), '/Filter/FlateDecode'), 1000),
    ).not.toThrow();
  });
});

it('stops extraction before it begins, unless more is allowed', async () => {
  const bytes = await makePdf((pdf) => pdf.text(prose(0, 500)));
  await expect(extractPdf(bytes, { maximumStreamBytes: 1000 })).rejects.toMatchObject({ code: 'TOO_LARGE' });
  expect((await extractPdf(bytes)).text.length).toBeGreaterThan(30_000);
});
