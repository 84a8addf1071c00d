import { createCipheriv } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { WARCParser, WARCRecord, WARCSerializer } from 'warcio';
import { describe, expect, it } from 'vitest';
import { readWarc } from './read-warc.ts';
import type { ReadWarcOptions, WarcDamage } from './read-warc.ts';
import type { WarcRecord } from './warc-record.ts';
import { encodeWarcRecord } from './warc-writer.ts';

const DATE = '2024-02-29T12:00:00Z';
const page = (index: number, gzip = true) =>
  encodeWarcRecord(
    { url: `https://example.org/${index}`, date: DATE, payload: `<p>page ${index} ${'é'.repeat(index * 50)}</p>` },
    { gzip },
  );
const pages = (count: number, gzip = true) => Array.from({ length: count }, (_, index) => page(index, gzip));

async function* chunks(bytes: Uint8Array, size = bytes.length || 1): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(bytes: Uint8Array, options: ReadWarcOptions & { chunkSize?: number } = {}) {
  const records: WarcRecord[] = [];
  const damages: WarcDamage[] = [];
  const input = chunks(bytes, options.chunkSize);
  for await (const record of readWarc(input, { onDamage: (damage) => damages.push(damage), ...options }))
    records.push(record);
  return { records, damages, urls: records.map(({ url }) => url.slice('https://example.org/'.length)) };
}

/** Bytes that do not compress. */
const noise = (length: number, seed: number) =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('readWarc', () => {
  it('reads a plain WARC/1.0 record as the standard writes it', async () => {
    const http = 'HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nX-Long: a\r\n b\r\n\r\n<p>hi</p>';
    const warc = `WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: <http://example.org/>\r\nWARC-Date: ${DATE}\r\nWARC-Record-ID: <urn:uuid:1>\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: ${http.length}\r\n\r\n${http}\r\n\r\n`;
    const { records, damages } = await readAll(Buffer.from(warc));
    expect(damages).toEqual([]);
    expect(records).toHaveLength(1);
    const [record] = records;
    expect(record).toMatchObject({
      id: '<urn:uuid:1>',
      type: 'response',
      url: 'http://example.org/',
      date: DATE,
      offset: 0,
      source: 'stream',
    });
    expect(record.contentType).toBe('text/html');
    expect(record.http?.headers.get('x-long')).toBe('a b');
    expect(text(record.payload)).toBe('<p>hi</p>');
  });

  it('gives byte offsets and lengths that cut the very record out of the file', async () => {
    for (const gzip of [true, false]) {
      const file = Buffer.concat(pages(5, gzip));
      const { records } = await readAll(file);
      for (const record of records) {
        const alone = await readAll(file.subarray(record.offset, record.offset + record.length));
        expect(alone.records.map(({ id }) => id)).toEqual([record.id]);
      }
    }
  });

  it('gives the same records however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 400 }), fc.boolean(), async (chunkSize, gzip) => {
        const { urls, damages } = await readAll(Buffer.concat(pages(6, gzip)), { chunkSize });
        expect(urls).toEqual(['0', '1', '2', '3', '4', '5']);
        expect(damages).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('reads several records in one gzip member, and gzip and plain records in one file', async () => {
    const whole = gzipSync(Buffer.concat(pages(3, false)));
    expect((await readAll(Buffer.concat([whole, page(3), page(4, false)]))).urls).toEqual(['0', '1', '2', '3', '4']);
  });

  it('reads WET conversion records', async () => {
    const wet = encodeWarcRecord({
      type: 'conversion',
      url: 'https://example.org/w',
      date: DATE,
      contentType: 'text/plain',
      payload: 'plain text',
    });
    const { records } = await readAll(wet);
    expect([records[0].type, records[0].contentType, text(records[0].payload)]).toEqual([
      'conversion',
      'text/plain',
      'plain text',
    ]);
  });

  it('reads files by path and by URL and names them', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'web-')), 'a.warc.gz');
    writeFileSync(path, Buffer.concat(pages(2)));
    for (const input of [path, pathToFileURL(path)]) {
      const sources = [];
      for await (const record of readWarc(input)) sources.push(record.source);
      expect(sources).toEqual([path, path]);
    }
    await expect(readWarc('/nowhere/b.warc').next()).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(readWarc(tmpdir()).next()).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
  });
});

describe('readWarc on a part of a file', () => {
  it('gives every record exactly once, wherever the file is cut', async () => {
    for (const gzip of [true, false]) {
      const file = Buffer.concat(pages(12, gzip));
      const path = join(mkdtempSync(join(tmpdir(), 'web-')), 'a.warc');
      writeFileSync(path, file);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 0, max: file.length + 50 }), { maxLength: 6 }), async (cuts) => {
          const bounds = [0, ...cuts.toSorted((a, b) => a - b)];
          const seen: [string, number][] = [];
          for (const [index, start] of bounds.entries()) {
            for await (const record of readWarc(path, { range: { start, end: bounds[index + 1] } }))
              seen.push([record.url, record.offset]);
          }
          const whole: [string, number][] = [];
          for await (const record of readWarc(path)) whole.push([record.url, record.offset]);
          expect(seen).toEqual(whole);
        }),
        { numRuns: 40 },
      );
    }
  });

  it('refuses a range that is none', async () => {
    await expect(readWarc('x', { range: { start: 5, end: 2 } }).next()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(readWarc(chunks(page(1)), { range: { start: 5 } }).next()).rejects.toThrow(/range: expected a path/);
  });
});

describe('readWarc on large files', () => {
  it('holds one record at a time, also when the bytes come from memory', async () => {
    const file = Buffer.concat(
      Array.from({ length: 20 }, (_, index) =>
        encodeWarcRecord({ url: `https://example.org/${index}`, date: DATE, payload: noise(200_000, index) }),
      ),
    );
    const copies = (async function* () {
      for (let copy = 0; copy < 200; copy++) yield* chunks(file, 1 << 16);
    })();
    const before = process.memoryUsage().rss;
    let read = 0;
    for await (const record of readWarc(copies)) read += record.block.length;
    expect(read).toBeGreaterThan(800_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(250_000_000);
  });
});

describe('readWarc on damaged files', () => {
  it('throws with file, byte and reason when nobody listens for damage', async () => {
    const read = readWarc(chunks(Buffer.from('<html>no warc</html>')), { source: 'x.warc' });
    await expect(read.next()).rejects.toThrow(/x\.warc: expected a WARC record at byte 0.*not_a_record/);
  });

  it('loses only the member with a flipped byte', async () => {
    const members = pages(5);
    const broken = Buffer.from(members[2]);
    broken[Math.floor(broken.length / 2)] ^= 0x55;
    const offset = members[0].length + members[1].length;
    const { urls, damages } = await readAll(Buffer.concat([...members.slice(0, 2), broken, ...members.slice(3)]));
    expect(urls).toEqual(['0', '1', '3', '4']);
    expect(damages).toEqual([{ source: 'stream', offset, reason: expect.stringMatching(/bad_gzip|checksum/) }]);
  });

  it('checks the CRC: a member that inflates to other bytes is not believed', async () => {
    const member = Buffer.from(page(1));
    member[member.length - 6] ^= 1;
    expect((await readAll(Buffer.concat([member, page(2)]))).damages[0].reason).toBe('checksum');
  });

  it('finds the next member after a hole, garbage, and a decoy gzip member', async () => {
    const decoy = gzipSync('no record in here');
    const members = pages(3);
    const cut = members[1].subarray(0, members[1].length - 40);
    const { urls, damages } = await readAll(Buffer.concat([members[0], cut, Buffer.from('garbage'), members[2]]));
    expect(urls).toEqual(['0', '2']);
    expect(damages.length).toBeGreaterThanOrEqual(1);
    const withDecoy = await readAll(Buffer.concat([members[0], decoy, members[2]]));
    expect(withDecoy.urls).toEqual(['0', '2']);
    expect(withDecoy.damages.map(({ reason }) => reason)).toEqual(['bad_header']);
  });

  it('goes on after a plain record whose header is broken', async () => {
    const broken = Buffer.from(text(page(1, false)).replace('Content-Length', 'Content-Langth'));
    const { urls, damages } = await readAll(Buffer.concat([page(0, false), broken, page(2, false)]));
    expect(urls).toEqual(['0', '2']);
    expect(damages.map(({ reason }) => reason)).toEqual(['bad_header']);
  });

  it('keeps what is whole of a file cut anywhere, and says that it was cut', async () => {
    for (const gzip of [true, false]) {
      const file = Buffer.concat(pages(3, gzip));
      const whole = page(0, gzip).length + page(1, gzip).length;
      for (let end = whole + 30; end < file.length - 8; end += 37) {
        const { urls, damages } = await readAll(file.subarray(0, end));
        expect(urls).toEqual(['0', '1']);
        expect(damages).toEqual([{ source: 'stream', offset: whole, reason: 'truncated' }]);
      }
    }
  });

  it('skips records over the size limit, gzip bombs among them, and keeps the rest', async () => {
    for (const gzip of [true, false]) {
      const bomb = encodeWarcRecord(
        { url: 'https://example.org/bomb', date: DATE, payload: Buffer.alloc(1 << 20) },
        { gzip },
      );
      const { urls, damages } = await readAll(Buffer.concat([page(0, gzip), bomb, page(1, gzip)]), {
        maximumRecordBytes: 1 << 16,
      });
      expect(urls).toEqual(['0', '1']);
      expect(damages.map(({ reason }) => reason)).toEqual(['too_large']);
    }
  });

  it('survives any bytes, ends, and reports', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.uint8Array(), fc.constantFrom(page(1), page(1).subarray(0, 60), page(1, false)))),
        async (parts) => {
          const bytes = Buffer.concat(parts);
          const { records, damages } = await readAll(bytes);
          const nothingButLineEnds = bytes.every((byte) => byte === 10 || byte === 13);
          expect(records.length + damages.length > 0).toBe(!nothingButLineEnds);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('does not go quadratic on nested decoys', async () => {
    const start = page(1).subarray(0, 200);
    const { damages } = await readAll(Buffer.concat(Array.from({ length: 20_000 }, () => start)));
    expect(damages.length).toBeLessThan(1000);
  });

  it('refuses zstd by name', async () => {
    await expect(readAll(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('warcio as oracle', () => {
  it('reads what we write', async () => {
    const file = Buffer.concat(pages(4));
    const seen = [];
    for await (const record of new WARCParser(chunks(file, 100))) {
      seen.push([record.warcTargetURI, record.warcHeader('WARC-Record-ID'), text(await record.readFully(true))]);
    }
    const { records } = await readAll(file);
    expect(seen).toEqual(records.map(({ url, id, payload }) => [url, id, text(payload)]));
  });

  it('writes what we read', async () => {
    const parts: Uint8Array[] = [];
    const bodies = ['first', 'zweite ü', ''];
    for (const [index, body] of bodies.entries()) {
      const options = {
        url: `https://example.org/${index}`,
        date: DATE,
        type: 'response',
        httpHeaders: { 'Content-Type': 'text/html' },
      } as const;
      const record = WARCRecord.create(
        options,
        (async function* () {
          yield new TextEncoder().encode(body);
        })(),
      );
      parts.push(await WARCSerializer.serialize(record, { gzip: true }));
    }
    const { records, damages } = await readAll(Buffer.concat(parts));
    expect(damages).toEqual([]);
    expect(records.map(({ payload }) => text(payload))).toEqual(bodies);
    expect(records[0]).toMatchObject({ contentType: 'text/html', date: DATE });
  });
});
