import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readWarc } from './read-warc.ts';
import { encodeWarcRecord, WarcWriter } from './warc-writer.ts';

const record = { url: 'https://example.org/', date: '2024-01-01T00:00:00Z', payload: '<p>hello</p>' };

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'web-'));
}

describe('encodeWarcRecord', () => {
  it('writes a WARC/1.1 record that gunzip agrees with', () => {
    const plain = Buffer.from(encodeWarcRecord(record, { gzip: false })).toString();
    expect(gunzipSync(encodeWarcRecord(record)).toString()).toBe(plain);
    expect(plain).toMatch(/^WARC\/1\.1\r\nWARC-Type: response\r\nWARC-Target-URI: https:\/\/example\.org\/\r\n/);
    expect(plain).toMatch(/\r\n\r\nHTTP\/1\.1 200 OK\r\n.*<p>hello<\/p>\r\n\r\n$/s);
  });

  it('makes the same bytes every time, and another id for other content', () => {
    expect(encodeWarcRecord(record)).toEqual(encodeWarcRecord({ ...record }));
    const id = (bytes: Uint8Array) => /urn:uuid:\S+/.exec(gunzipSync(bytes).toString())?.[0];
    expect(id(encodeWarcRecord(record))).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>$/,
    );
    expect(id(encodeWarcRecord({ ...record, payload: 'x' }))).not.toBe(id(encodeWarcRecord(record)));
  });

  it('writes the SHA-1 digest of the payload in base 32', () => {
    const digest = /WARC-Payload-Digest: sha1:([A-Z2-7]{32})\r\n/.exec(
      gunzipSync(encodeWarcRecord({ ...record, payload: '' })).toString(),
    );
    // The SHA-1 of nothing, as every crawler writes it.
    expect(digest?.[1]).toBe('3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ');
    expect(createHash('sha1').digest('hex')).toBe('da39a3ee5e6b4b0d3255bfef95601890afd80709');
  });

  it('refuses dates that readers would refuse, and lets no header smuggle another', () => {
    expect(() => encodeWarcRecord({ ...record, date: 'yesterday' })).toThrow(/date must be like/);
    const smuggled = gunzipSync(encodeWarcRecord({ ...record, url: 'https://a/\r\nContent-Length: 3' })).toString();
    expect(smuggled).not.toMatch(/^Content-Length: 3\r$/m);
  });
});

describe('WarcWriter', () => {
  it.each(['a.warc.gz', 'a.warc'])('writes %s, which appears when it is closed', async (name) => {
    const path = join(folder(), name);
    const writer = new WarcWriter(path);
    const places = ['one', 'two', 'three'].map((payload) => writer.write({ ...record, payload }));
    expect(existsSync(path)).toBe(false);
    writer.close();
    const read = [];
    for await (const { payload, offset } of readWarc(path)) read.push([Buffer.from(payload).toString(), offset]);
    expect(read).toEqual(['one', 'two', 'three'].map((payload, index) => [payload, places[index].offset]));
    const { offset, length } = places[2];
    expect(offset + length === readFileSync(path).length || name === 'a.warc').toBe(true);
    expect(() => writer.write(record)).toThrow(/is closed/);
  });

  it('leaves nothing behind when aborted', () => {
    const path = join(folder(), 'a.warc.gz');
    const writer = new WarcWriter(path);
    writer.write(record);
    writer.abort();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });
});
