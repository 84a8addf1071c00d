import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeWarcRecord } from '@smol/web';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Document, Drop, Reader } from './document.ts';
import { isDrop } from './document.ts';
import { listInputs } from './file-list.ts';
import { startStore } from './fixtures/s3-server.ts';
import type { RunningStore } from './fixtures/s3-server.ts';
import { readPart } from './fixtures/read-part.ts';
import { temporaryFolder } from './fixtures/temporary-folder.ts';
import { anyReader, kindOf } from './read-any.ts';
import { csvReader } from './read-csv.ts';
import { htmlReader } from './read-html.ts';
import { jsonlReader } from './read-jsonl.ts';
import { parquetReader } from './read-parquet.ts';
import { pdfReader } from './read-pdf.ts';
import { warcReader } from './read-warc-documents.ts';
import { s3Storage } from './s3-storage.ts';
import { zstdFrame, loadZstandard } from './zstandard.ts';

const folder = temporaryFolder();
let store: RunningStore;

beforeAll(async () => {
  await loadZstandard();
  store = await startStore();
});
afterAll(() => store.stop());

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const readAll = async (read: Reader, input: string) => (await readPart(read, input)).map(({ item }) => item);

/** Whether parts of any size give the whole, and every position what follows. */
async function expectParts(read: Reader, input: string, bytes: number): Promise<void> {
  const whole = await readAll(read, input);
  const together = [];
  for (const split of await read.splits!(input, { bytes })) {
    const part = await readPart(read, input, split);
    together.push(...part.map(({ item }) => item));
    for (const [index, { position }] of part.entries()) {
      expect(await readPart(read, input, split, position)).toEqual(part.slice(index));
    }
  }
  expect(together).toEqual(whole);
}

describe('csvReader', () => {
  const text =
    'id,text,url,lang\r\n1,"a, ""quoted""\nline",http://x/,en\r\n,plain,,\r\n3,,,de\r\n4,too,many,columns,here\r\n5,few\r\n';

  it('reads RFC 4180', async () => {
    const items = await readAll(csvReader(), write('a.csv', `\uFEFF${text}`));
    expect(items.slice(0, 3)).toEqual([
      { id: '1', text: 'a, "quoted"\nline', url: 'http://x/', metadata: { lang: 'en' } },
      { id: 'a.csv:2', text: 'plain', metadata: {} },
      { id: '3', text: '', metadata: { lang: 'de' } },
    ]);
    expect(items.slice(3)).toMatchObject([
      { drop: 'damaged_record', message: expect.stringContaining('record 4') },
      { drop: 'damaged_record', message: expect.stringContaining('a.csv') },
    ]);
  });

  it('reads compressed ones, other separators, and files without a head', async () => {
    const expected = await readAll(csvReader(), write('a.csv', text));
    expect(await readAll(csvReader(), write('a.csv.gz', gzipSync(text)))).toMatchObject(
      expected.map(({ ...item }) =>
        'id' in item ? { ...item, id: item.id.replace('a.csv', 'a.csv.gz') } : { drop: item.drop },
      ),
    );
    expect(await readAll(csvReader(), write('b.tsv.zst', zstdFrame(Buffer.from('text\tid\nx\t1\n'))))).toEqual([
      { id: '1', text: 'x', metadata: {} },
    ]);
    const headless = csvReader({ columns: ['id', 'text'], separator: ';' });
    expect(await readAll(headless, write('c.csv', '1;x\n2;y\n'))).toMatchObject([
      { id: '1', text: 'x' },
      { id: '2', text: 'y' },
    ]);
  });

  it('goes on at a record, and ends with a drop what cannot be read', async () => {
    const path = write('a.csv', text);
    const whole = await readPart(csvReader(), path);
    for (const [index, { position }] of whole.entries())
      expect(await readPart(csvReader(), path, undefined, position)).toEqual(whole.slice(index));
    const open = await readAll(csvReader(), write('open.csv', 'id,text\n1,a\n2,"never closed'));
    expect(open).toMatchObject([{ id: '1' }, { drop: 'damaged_csv' }]);
    const huge = write('huge.csv', `id,text\n1,a\n2,"${'x'.repeat(5_000_000)}`);
    expect(await readAll(csvReader({ maximumRecordBytes: 1_000_000 }), huge)).toMatchObject([
      { id: '1' },
      { drop: 'damaged_csv' },
    ]);
    const cut = gzipSync(text).subarray(0, 40);
    expect((await readAll(csvReader(), write('cut.csv.gz', cut))).at(-1)).toMatchObject({ drop: 'damaged_csv' });
    await expect(readAll(csvReader(), join(folder, 'none.csv'))).rejects.toThrow(
      expect.objectContaining({ code: 'FILE_NOT_FOUND' }),
    );
  });
});

const PAGE = (title: string) =>
  `<html lang="en"><head><title>${title}</title></head><body><article><h1>${title}</h1>${`<p>This is a sentence of the page about ${title}, long enough to be the main text of it.</p>`.repeat(5)}</article></body></html>`;
const recordOf = (index: number) =>
  encodeWarcRecord({
    url: `http://site.example/${index}`,
    date: '2024-01-31T12:00:00Z',
    payload: PAGE(`page ${index}`),
  });

describe('warcReader', () => {
  const info = encodeWarcRecord({
    type: 'warcinfo',
    date: '2024-01-31T12:00:00Z',
    payload: 'software: x',
    contentType: 'application/warc-fields',
  });
  const damaged = () => recordOf(99).fill(0, 30, 60);
  const bytes = () => Buffer.concat([info, recordOf(0), recordOf(1), damaged(), recordOf(2), recordOf(3)]);

  it('reads pages, passes over what is none, and counts damage', async () => {
    const items = await readAll(warcReader({ dump: 'CC', metadata: { source: 'x' } }), write('a.warc.gz', bytes()));
    expect(items.map((item) => (isDrop(item) ? item.drop : item.url))).toEqual(
      [0, 1]
        .map((index) => `http://site.example/${index}`)
        .concat(['damaged_record', 'http://site.example/2', 'http://site.example/3']),
    );
    expect(items[0]).toMatchObject({
      text: expect.stringContaining('about page 0'),
      metadata: { dump: 'CC', source: 'x', date: '2024-01-31T12:00:00Z' },
    });
  });

  it('asks about a record before its page is parsed', async () => {
    const accept = ({ url }: { url: string }) => (url.endsWith('/1') ? { drop: 'url', value: url } : undefined);
    const items = await readAll(warcReader({ accept }), write('a.warc.gz', bytes()));
    expect(items[1]).toEqual({ drop: 'url', value: 'http://site.example/1' });
  });

  it('gives the same in parts of any size, and goes on anywhere; so in a store', async () => {
    const path = write('a.warc.gz', bytes());
    for (const size of [1, 300, 700, 1000, 100_000]) await expectParts(warcReader(), path, size);
    const plain = [0, 1, 2].map((index) =>
      encodeWarcRecord(
        { url: `http://site.example/${index}`, date: '2024-01-31T12:00:00Z', payload: PAGE(`${index}`) },
        { gzip: false },
      ),
    );
    for (const size of [200, 700, 2000])
      await expectParts(warcReader(), write('plain.warc', Buffer.concat(plain)), size);
    const storage = s3Storage(store.options);
    await storage.write('s3://bucket/a.warc.gz', [bytes()]);
    const remote = warcReader({ storage });
    for (const size of [400, 900]) await expectParts(remote, 's3://bucket/a.warc.gz', size);
    const withoutPath = (item: Document | Drop) =>
      isDrop(item) ? item.drop : { ...item, metadata: { ...item.metadata, file_path: '' } };
    expect((await readAll(remote, 's3://bucket/a.warc.gz')).map(withoutPath)).toEqual(
      (await readAll(warcReader(), path)).map(withoutPath),
    );
  });

  it('names the file that is missing', async () => {
    const missing = expect.objectContaining({ code: 'FILE_NOT_FOUND' });
    await expect(readAll(warcReader(), join(folder, 'none.warc'))).rejects.toThrow(missing);
    await expect(warcReader().splits!(join(folder, 'none.warc'), { bytes: 1 })).rejects.toThrow(missing);
  });
});

describe('folders', () => {
  it('of pages are read in order, in parts', async () => {
    for (const name of ['pages/b.html', 'pages/a/x.HTM', 'pages/notes.txt', 'pages/.hidden.html'])
      write(name, PAGE(name));
    write('pages/c.html', '<html><body></body></html>');
    write('pages/d.html', PAGE('large').repeat(50));
    const read = htmlReader({ maximumFileBytes: 10_000, metadata: { dump: 'd' } });
    const items = await readAll(read, join(folder, 'pages'));
    expect(items.map((item) => (isDrop(item) ? item.drop : item.id))).toEqual([
      'a/x.HTM',
      'b.html',
      'empty_text',
      'file_too_large',
    ]);
    expect(items[0]).toMatchObject({ metadata: { dump: 'd', title: 'pages/a/x.HTM', html_language: 'en' } });
    for (const bytes of [1, 700, 1_000_000]) await expectParts(read, join(folder, 'pages'), bytes);
    expect((await readAll(read, join(folder, 'pages/b.html'))).length).toBe(1);
    expect((await readAll(htmlReader({ recursive: false }), join(folder, 'pages'))).length).toBe(3);
  });

  it('of PDF files are read, and what is none is dropped by the error’s code', async () => {
    write('papers/not.pdf', 'no PDF at all');
    write('papers/hello.pdf', helloPdf());
    const items = await readAll(pdfReader(), join(folder, 'papers'));
    expect(items).toMatchObject([
      { id: 'hello.pdf', text: expect.stringContaining('Hello PDF'), metadata: { pages: 1 } },
      { drop: 'pdf_not_a_pdf' },
    ]);
  });
});

/** A PDF of one line. */
function helloPdf(): Buffer {
  const stream = 'BT /F1 24 Tf 72 720 Td (Hello PDF readers) Tj ET';
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>',
    `<</Length ${stream.length}>>stream\n${stream}\nendstream`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
  ];
  let text = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  return Buffer.from(
    `${text}xref\n0 6\n0000000000 65535 f \n${table}trailer<</Size 6/Root 1 0 R>>\nstartxref\n${text.length}\n%%EOF\n`,
  );
}

describe('inputs', () => {
  it('are files, folders and globs, each once, in order', async () => {
    for (const name of ['in/b.jsonl', 'in/a.jsonl', 'in/deep/c.jsonl', 'in/deep/d.csv']) write(name, '');
    const list = async (...patterns: string[]) =>
      (await listInputs(patterns.map((pattern) => join(folder, pattern)))).map((path) => path.slice(folder.length + 1));
    expect(await list('in/*.jsonl')).toEqual(['in/a.jsonl', 'in/b.jsonl']);
    expect(await list('in/**/*.jsonl', 'in/b.jsonl')).toEqual(['in/a.jsonl', 'in/b.jsonl', 'in/deep/c.jsonl']);
    expect(await list('in')).toEqual(['in/a.jsonl', 'in/b.jsonl', 'in/deep/c.jsonl', 'in/deep/d.csv']);
    expect(await list('in/{a,deep/d}.{jsonl,csv}')).toEqual(['in/a.jsonl', 'in/deep/d.csv']);
    expect(await list('in/?.jsonl')).toEqual(['in/a.jsonl', 'in/b.jsonl']);
    await expect(list('in/*.parquet')).rejects.toThrow(
      expect.objectContaining({ code: 'FILE_NOT_FOUND', message: expect.stringContaining('*.parquet') }),
    );
    const storage = s3Storage(store.options);
    for (const name of ['x/1.jsonl', 'x/2.jsonl', 'y/1.jsonl']) await storage.write(`s3://bucket/list/${name}`, []);
    expect(await listInputs(['s3://bucket/list/x/', 's3://bucket/list/*/1.jsonl'], { storage })).toEqual([
      's3://bucket/list/x/1.jsonl',
      's3://bucket/list/x/2.jsonl',
      's3://bucket/list/y/1.jsonl',
    ]);
  });

  it('of any kind are told by their names', async () => {
    expect(
      ['a.jsonl', 'a.json.gz', 'a.parquet', 'A.CSV', 'a.tsv.gz', 'a.warc.wet.gz', 'a.warc', 'a.HTML', 'a.pdf'].map(
        kindOf,
      ),
    ).toEqual(['jsonl', 'jsonl', 'parquet', 'csv', 'csv', 'warc', 'warc', 'html', 'pdf']);
    const read = anyReader();
    const path = write('kind.jsonl', '{"text":"a"}\n'.repeat(10));
    await expectParts(read, path, 40);
    const csv = write('kind.csv', 'text\na\n');
    expect(await read.splits!(csv, { bytes: 1 })).toMatchObject([{ start: 0 }]);
    expect(await readAll(read, csv)).toMatchObject([{ text: 'a' }]);
  });

  it('in a store are read like files', async () => {
    const storage = s3Storage(store.options);
    const lines = Array.from({ length: 200 }, (_, index) => `{"id":"${index}","text":"text ${index}"}\n`);
    await storage.write('s3://bucket/in.jsonl', [Buffer.from(lines.join(''))]);
    await storage.write('s3://bucket/in.jsonl.gz', [Buffer.concat(lines.map((line) => gzipSync(line)))]);
    for (const address of ['s3://bucket/in.jsonl', 's3://bucket/in.jsonl.gz']) {
      const read = jsonlReader({ storage });
      const splits = await read.splits!(address, { bytes: 3000 });
      expect(splits.length).toBeGreaterThan(1);
      const items = [];
      for (const split of splits) items.push(...(await readPart(read, address, split)));
      expect(items.map(({ item }) => (isDrop(item) ? item.drop : item.id))).toEqual(
        lines.map((_, index) => String(index)),
      );
    }
    await expect(readAll(parquetReader({ storage }), 's3://bucket/none.parquet')).rejects.toThrow(
      expect.objectContaining({ code: 'FILE_NOT_FOUND' }),
    );
  });
});

describe('any bytes', () => {
  it('give documents and drops, never an error', async () => {
    const readers: [string, Reader][] = [
      ['x.jsonl', jsonlReader()],
      ['x.csv', csvReader()],
      ['x.warc.gz', warcReader()],
      ['x.html', htmlReader()],
      ['x.parquet', parquetReader()],
    ];
    const starts = ['', '\x1f\x8b\x08', '(\xb5/\xfd', 'PAR1', 'WARC/1.0\r\n', '{"text":', '"', '<html>'].map((start) =>
      Buffer.from(start, 'latin1'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...readers),
        fc.constantFrom(...starts),
        fc.uint8Array({ maxLength: 300 }),
        async ([name, read], start, bytes) => {
          fc.pre(!(name === 'x.warc.gz' && start[0] === 0x28)); // Zstandard archives are refused
          const path = write(`any/${name}`, Buffer.concat([start, bytes]));
          for (const item of await readAll(read, path))
            expect(typeof (isDrop(item) ? item.drop : item.text)).toBe('string');
          await read.splits?.(path, { bytes: 50 });
        },
      ),
      { numRuns: 150 },
    );
  });
});
