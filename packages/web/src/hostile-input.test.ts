import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { extractHtml } from './extract-html.ts';
import { readWarc, type WarcDamage } from './read-warc.ts';
import { warcToDocument, type WarcToDocumentOptions } from './warc-to-document.ts';
import { encodeWarcRecord, type WarcRecordFields } from './warc-writer.ts';

const DATE = '2024-05-06T07:08:09Z';
const PROSE = 'All human beings are born free and equal in dignity and rights, and they act towards one another. ';

const record = (name: string, fields: Partial<WarcRecordFields> = {}, gzip = true) =>
  encodeWarcRecord(
    { url: `https://example.org/${name}`, date: DATE, payload: `<p>${PROSE.repeat(3)}</p>`, ...fields },
    { gzip },
  );

/** What becomes of every record of a file: documents by url, drops and damages by reason. Bounded time is part of the claim. */
async function outcome(parts: readonly Uint8Array[], options: WarcToDocumentOptions = {}, milliseconds = 10_000) {
  const start = performance.now();
  const damages: WarcDamage[] = [];
  const documents: string[] = [];
  const texts: string[] = [];
  const drops: string[] = [];
  const stream = (async function* () {
    yield* parts;
  })();
  for await (const read of readWarc(stream, { onDamage: (damage) => damages.push(damage) })) {
    const result = warcToDocument(read, options);
    if ('keep' in result) drops.push(`${result.reason} ${result.value ?? ''}`.trim());
    else {
      documents.push(read.url.split('/').at(-1) ?? '');
      texts.push(result.text);
    }
  }
  expect(performance.now() - start).toBeLessThan(milliseconds);
  return { documents, texts, drops, damages: damages.map(({ reason }) => reason) };
}

describe('hostile WARC records are counted, and their neighbours kept', () => {
  it('bombs: a member that unpacks to gigabytes, a body that does, and one packed twice', async () => {
    const gigabyte = gzipSync(Buffer.alloc(1 << 28), { level: 9 });
    const headers = { 'Content-Type': 'text/html', 'Content-Encoding': 'gzip' };
    const member = gzipSync(
      Buffer.concat([
        Buffer.from(`WARC/1.0\r\nWARC-Type: response\r\nContent-Length: ${1 << 28}\r\n\r\n`),
        Buffer.alloc(1 << 28),
      ]),
    );
    const twice = record('twice', {
      payload: gzipSync(gigabyte),
      http: { headers: { ...headers, 'Content-Encoding': 'gzip, gzip' } },
    });
    const before = process.memoryUsage().rss;
    const result = await outcome([
      record('a'),
      member,
      record('bomb', { payload: gigabyte, http: { headers } }),
      twice,
      record('b'),
    ]);
    expect(result).toMatchObject({
      documents: ['a', 'b'],
      drops: ['http TOO_LARGE', 'http TOO_LARGE'],
      damages: ['too_large'],
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(700e6);
  });

  it('pages of a hundred megabytes', { tags: ['slow'] }, async () => {
    const paragraphs = Buffer.from(`<p>${PROSE}</p>\n`.repeat(1_000_000));
    expect(paragraphs.length).toBeGreaterThan(100e6);
    const result = await outcome(
      [record('a'), record('huge', { payload: paragraphs }, false), record('b')],
      {},
      20_000,
    );
    expect(result).toMatchObject({ documents: ['a', 'b'], damages: ['too_large'] });
    expect(() => extractHtml(paragraphs.toString())).toThrow(expect.objectContaining({ code: 'TOO_MUCH_WORK' }));
    expect(() => extractHtml(`<p>${PROSE.repeat(1_000_000)}`)).toThrow(
      expect.objectContaining({ code: 'TOO_MUCH_WORK' }),
    );
  });

  it('records of no length, and members of nothing', async () => {
    const empty = Buffer.from(
      `WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://example.org/0\r\nContent-Length: 0\r\n\r\n\r\n\r\n`,
    );
    const result = await outcome([
      record('a'),
      gzipSync(empty),
      gzipSync(''),
      empty,
      record('none', { payload: '' }),
      record('b'),
    ]);
    expect(result).toEqual({
      documents: ['a', 'b'],
      texts: expect.any(Array),
      drops: ['http BAD_HTTP', 'http BAD_HTTP', 'empty_text'],
      damages: [],
    });
  });

  it.each([
    ['too long', '99999', false],
    ['too short', '40', false],
    ['larger than any file', '999999999999999', false],
    ['negative', '-5', false],
    ['no number', 'many', false],
    ['too long, packed', '99999', true],
    ['too short, packed', '40', true],
    ['negative, packed', '-5', true],
  ])('a length that lies: %s', async (_, length, packed) => {
    const liar = Buffer.from(
      Buffer.from(record('liar', {}, false))
        .toString('latin1')
        .replace(/Content-Length: \d+/, `Content-Length: ${length}`),
      'latin1',
    );
    const result = await outcome([record('a'), packed ? gzipSync(liar) : liar, record('b'), record('c')]);
    expect(result.documents[0]).toBe('a');
    expect(result.damages.length + result.drops.length).toBeGreaterThan(0);
    // Packed, the lie stays in its member; plain, it may swallow what follows, but never everything that can be found again.
    expect(packed ? result.documents.slice(-2) : ['b', 'c']).toEqual(['b', 'c']);
  });

  it('chunks and encodings that lie', async () => {
    const http = (headers: Record<string, string>) => ({
      http: { headers: { 'Content-Type': 'text/html', ...headers } },
    });
    const result = await outcome([
      record('chunked', { payload: 'fffffff\r\n<p>short', ...http({ 'Transfer-Encoding': 'chunked' }) }),
      record('plain', { payload: '<p>not packed at all</p>', ...http({ 'Content-Encoding': 'gzip' }) }),
      record('broken', {
        payload: Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 255, 255, 255]),
        ...http({ 'Content-Encoding': 'gzip' }),
      }),
      record('unknown', { payload: 'x', ...http({ 'Content-Encoding': 'aes128' }) }),
      record('b'),
    ]);
    expect(result.documents).toEqual(['chunked', 'plain', 'b']);
    expect(result.drops).toHaveLength(2);
  });
});

describe('hostile pages are read in bounded time, or refused', () => {
  const nested = (depth: number, tag = 'div') => `<${tag}>`.repeat(depth) + `<p>${PROSE.repeat(3)}</p>`;

  it.each(['div', 'span', 'b', 'table><tr><td', 'ul><li', 'blockquote', 'x-y'])(
    'a tree of ten thousand <%s>',
    (tag) => {
      const start = performance.now();
      const attempt = () => extractHtml(nested(10_000, tag), { format: 'markdown' });
      let text: string | undefined;
      try {
        text = attempt()?.text;
      } catch (error) {
        text = (error as { code?: string }).code;
      }
      expect(text).toMatch(/^TOO_MUCH_WORK$|All human beings/);
      expect(performance.now() - start).toBeLessThan(8000);
    },
  );

  it('ten thousand levels are read where the budget allows it', () => {
    expect(extractHtml(nested(10_000), { maximumWork: 20_000_000 })?.text).toContain('All human beings');
  });

  it.each([
    ['class', `<div class="${'nav content '.repeat(500_000)}">`],
    ['style', `<div style="${'display : '.repeat(500_000)}">`],
    ['href', `<a href="https://example.org/${'a'.repeat(5_000_000)}">x</a>`],
    ['many attributes', `<div ${'data-x="y" '.repeat(300_000)}>`],
    ['title', `<title>${'t'.repeat(5_000_000)}</title>`],
    ['meta', `<meta name="author" content="${'Ann '.repeat(1_000_000)}">`],
    ['JSON-LD', `<script type="application/ld+json">${'['.repeat(5_000_000)}</script>`],
    ['canonical', `<link rel="canonical" href="${'/..'.repeat(1_000_000)}">`],
  ])('megabytes in one %s', (_, start) => {
    const begin = performance.now();
    const page = extractHtml(`${start}<p>${PROSE.repeat(3)}</p>`, {
      url: 'https://example.org/',
      format: 'markdown',
      links: true,
    });
    expect(page?.text).toContain('All human beings');
    expect(JSON.stringify({ ...page, text: '' }).length).toBeLessThan(20_000);
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  it.each<[string, Buffer, string]>([
    ['UTF-7, which stays the ASCII that it is', Buffer.from(`<p>Hi Mom +Jjo- +ADw-script+AD4- ${PROSE}</p>`), 'utf-7'],
    ['ASCII called UTF-16', Buffer.from(`<p>${PROSE}</p>`), 'utf-16'],
    ['Latin-1 called UTF-8', Buffer.from(`<p>${'Größe über Straße, naïve café. '.repeat(20)}</p>`, 'latin1'), 'utf-8'],
    ['an encoding that is none', Buffer.from(`<p>${PROSE}</p>`), 'x-klingon'],
    ['an encoding that browsers refuse', Buffer.from(`<p>${PROSE}</p>`), 'hz-gb-2312'],
    ['UTF-8 cut inside a character', Buffer.from(`<p>${'日本語の文章です。'.repeat(40)}`).subarray(0, -1), 'utf-8'],
    ['zero bytes in between', Buffer.from(`<p>${PROSE.replaceAll(' ', ' \0')}</p>`), 'utf-8'],
  ])('wrong charset: %s', async (_, payload, charset) => {
    const http = { headers: { 'Content-Type': `text/html; charset=${charset}` } };
    const result = await outcome([record('odd', { payload, http }), record('b')]);
    expect(result.documents.at(-1)).toBe('b');
    expect(result.documents.length + result.drops.length).toBe(2);
    const expected =
      charset === 'utf-7'
        ? 'Hi Mom +Jjo- +ADw-script+AD4-'
        : payload.includes(0xf6)
          ? 'Größe über Straße, naïve café.'
          : '';
    expect(result.texts[0]).toContain(expected);
  });
});
