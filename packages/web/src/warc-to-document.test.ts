import { describe, expect, it } from 'vitest';
import { readWarc } from './read-warc.ts';
import type { WarcRecord } from './warc-record.ts';
import { warcToDocument } from './warc-to-document.ts';
import { encodeWarcRecord } from './warc-writer.ts';
import type { WarcRecordFields } from './warc-writer.ts';

const PAGE =
  '<html lang="en"><title>T</title><p>All human beings are born free and equal in dignity and rights.</p></html>';

async function recordOf(fields: Partial<WarcRecordFields>): Promise<WarcRecord> {
  const bytes = encodeWarcRecord({
    url: 'https://example.org/a',
    date: '2024-01-01T00:00:00Z',
    payload: PAGE,
    ...fields,
  });
  const stream = (async function* () {
    yield bytes;
  })();
  for await (const record of readWarc(stream, { source: 'crawl/0.warc.gz' })) return record;
  throw new Error('no record');
}

const resultOf = async (fields: Partial<WarcRecordFields>) =>
  warcToDocument(await recordOf(fields), { dump: 'CC-TEST' });

describe('warcToDocument', () => {
  it('makes a document with the metadata that datatrove keeps', async () => {
    const record = await recordOf({});
    expect(warcToDocument(record, { dump: 'CC-TEST' })).toEqual({
      id: record.id,
      url: 'https://example.org/a',
      text: 'All human beings are born free and equal in dignity and rights.',
      metadata: {
        dump: 'CC-TEST',
        date: '2024-01-01T00:00:00Z',
        file_path: 'crawl/0.warc.gz',
        file_offset: 0,
        title: 'T',
        html_language: 'en',
      },
    });
  });

  it('takes the plain text of WET records', async () => {
    expect(
      await resultOf({ type: 'conversion', contentType: 'text/plain', payload: ' line one\nline two\n' }),
    ).toMatchObject({ text: 'line one\nline two' });
  });

  it('believes the identified type over the server, and sniffs when nobody said', async () => {
    const wrong = { http: { headers: { 'Content-Type': 'application/octet-stream' } } };
    expect(await resultOf(wrong)).toMatchObject({ reason: 'content_type', value: 'application/octet-stream' });
    expect(await resultOf({ ...wrong, headers: { 'WARC-Identified-Payload-Type': 'text/html' } })).toHaveProperty(
      'text',
    );
    expect(await resultOf({ http: { headers: {} } })).toHaveProperty('text');
    expect(await resultOf({ http: { headers: {} }, payload: '%PDF-1.4' })).toMatchObject({ reason: 'content_type' });
  });

  it('uses the charset that the server declares', async () => {
    const http = { headers: { 'Content-Type': 'text/html; charset=Shift_JIS' } };
    const payload = Buffer.concat([Buffer.from('<p>'), Buffer.from([0x93, 0xfa, 0x96, 0x7b]), Buffer.from('</p>')]);
    expect(await resultOf({ http, payload })).toMatchObject({ text: '日本' });
  });

  it('keeps the wish not to be indexed, from the page or the server', async () => {
    const http = { headers: { 'Content-Type': 'text/html', 'X-Robots-Tag': 'noindex' } };
    expect(await resultOf({ http })).toMatchObject({ metadata: { noindex: true, robots: 'noindex' } });
    const asked = PAGE.replace(
      '<title>',
      '<meta name=robots content="noai, nofollow"><meta name=tdm-reservation content=1><title>',
    );
    expect(await resultOf({ payload: asked })).toMatchObject({
      metadata: { robots: 'noai, nofollow, tdm-reservation: 1' },
    });
    expect(await resultOf({ payload: asked })).not.toHaveProperty('metadata.noindex');
  });

  it.each([
    ['<link rel="license" href="/cc-by">', 'https://example.org/cc-by'],
    [
      '<a rel="nofollow license" href="https://creativecommons.org/licenses/by/4.0/">CC</a>',
      'https://creativecommons.org/licenses/by/4.0/',
    ],
    ['<meta name="dcterms.rights" content="All rights reserved">', 'All rights reserved'],
    [
      '<script type="application/ld+json">{"@type":"Article","license":{"@id":"https://x.example/l"}}</script>',
      'https://x.example/l',
    ],
  ])('keeps the licence of %s', async (tag, license) => {
    expect(await resultOf({ payload: PAGE.replace('<title>', `${tag}<title>`) })).toMatchObject({
      metadata: { license },
    });
  });

  it('gives markdown when asked', async () => {
    const payload = PAGE.replace('<p>', '<h2>Article 1</h2><p>');
    const document = warcToDocument(await recordOf({ payload }), { format: 'markdown' });
    expect(document).toMatchObject({
      text: '## Article 1\n\nAll human beings are born free and equal in dignity and rights.',
    });
  });

  it.each<[string, Partial<WarcRecordFields>]>([
    ['record_type', { type: 'request' }],
    ['http_status', { http: { status: 404, headers: { 'Content-Type': 'text/html' } } }],
    ['http', { http: { headers: { 'Content-Type': 'text/html', 'Content-Encoding': 'zpaq' } } }],
    ['content_type', { http: { headers: { 'Content-Type': 'image/png' } } }],
    ['empty_text', { payload: '<html></html>' }],
    ['work_budget', { payload: '<div>'.repeat(100_000) }],
    [
      'charset',
      { payload: Buffer.from([0x80, 0xff]), http: { headers: { 'Content-Type': 'text/html; charset=utf-8' } } },
    ],
  ])('counts %s', async (reason, fields) => {
    expect(await resultOf(fields)).toMatchObject({ keep: false, reason, limit: expect.anything() });
  });
});
