import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Document } from './document.ts';
import { isDrop } from './document.ts';
import { MemoryFile } from './fixtures/memory-file.ts';
import { readPart } from './fixtures/read-part.ts';
import { temporaryFolder } from './fixtures/temporary-folder.ts';
import { outputFormat } from './output-formats.ts';
import { parquetFormat } from './parquet-format.ts';
import type { ParquetFormatOptions } from './parquet-format.ts';
import { parquetReader } from './read-parquet.ts';

const folder = temporaryFolder();
const path = join(folder, 'a.parquet');
const format = (options?: ParquetFormatOptions) => parquetFormat(options);

beforeAll(() => format().load?.());

const readAll = async (read = parquetReader()) => (await readPart(read, path)).map(({ item }) => item);

function parquetOf(
  documents: readonly object[],
  { flushEvery = Infinity, ...options }: ParquetFormatOptions & { flushEvery?: number } = {},
) {
  const file = new MemoryFile();
  const writer = format(options).open(file);
  for (const [index, document] of documents.entries()) {
    writer.write(document);
    if ((index + 1) % flushEvery === 0) writer.flush();
  }
  writer.finish();
  return file.bytes;
}

const DOCUMENTS: Document[] = [
  {
    id: '1',
    text: 'one',
    url: 'http://a.com/',
    metadata: { dump: 'CC', language: 'en', language_score: 0.5, token_count: 7 },
  },
  { id: '2', text: 'zwei ü 😀', metadata: { nested: { a: [1, { b: 2 }] }, language_score: 'high' } },
  { id: '3', text: '', metadata: {} },
];

describe('Parquet', () => {
  it.each(['SNAPPY', 'ZSTD', 'UNCOMPRESSED'] as const)('gives back what was written with %s', async (codec) => {
    writeFileSync(path, parquetOf(DOCUMENTS, { codec, flushEvery: 2 }));
    expect(await readAll()).toEqual(DOCUMENTS);
  });

  it('of no documents is a file of no documents', async () => {
    writeFileSync(path, parquetOf([]));
    expect(await readAll()).toEqual([]);
    expect((await parquetReader().splits!(path, { bytes: 1 })).length).toBe(1);
  });

  it('is read by DuckDB, with FineWeb’s columns', async () => {
    writeFileSync(path, parquetOf(DOCUMENTS, { flushEvery: 2 }));
    const connection = await (await DuckDBInstance.create()).connect();
    const result = await connection.runAndReadAll(`SELECT * FROM '${path}' ORDER BY id`);
    expect(result.columnNames()).toEqual([
      'text',
      'id',
      'url',
      'dump',
      'date',
      'file_path',
      'language',
      'language_score',
      'token_count',
      'metadata',
    ]);
    expect(result.getRowsJson()).toEqual([
      ['one', '1', 'http://a.com/', 'CC', null, null, 'en', 0.5, '7', null],
      ['zwei ü 😀', '2', null, null, null, null, null, null, null, JSON.stringify(DOCUMENTS[1].metadata)],
      ['', '3', null, null, null, null, null, null, null, null],
    ]);
  });

  it.each(['snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw', 'uncompressed'])(
    'that DuckDB wrote with %s is read',
    async (codec) => {
      const connection = await (await DuckDBInstance.create()).connect();
      const rows = `SELECT 'text ' || i AS text, i AS key, {'dump': 'd', 'n': [i, NULL]} AS metadata, DATE '2024-01-31' AS day, i * 10 AS big, 'abc'::BLOB AS raw FROM range(3000) t(i)`;
      await connection.run(`COPY (${rows}) TO '${path}' (FORMAT parquet, CODEC '${codec}', ROW_GROUP_SIZE 2048)`);
      const documents = await readAll(parquetReader({ idKey: 'key' }));
      expect(documents.length).toBe(3000);
      const metadata = { day: '2024-01-31T00:00:00.000Z', big: 29990, raw: 'abc', dump: 'd', n: [2999, null] };
      expect(documents[2999]).toEqual({ id: '2999', text: 'text 2999', metadata });
    },
  );

  it('is read in the columns that are asked for', async () => {
    const columnData = [
      { name: 'body', data: ['a', 'b'] },
      { name: 'lang', data: ['en', 'de'] },
      { name: 'other', data: [1, 2] },
    ];
    writeFileSync(path, Buffer.from(parquetWriteBuffer({ columnData })));
    const options = { textKey: 'body', columns: ['lang'], metadata: { dump: 'x' }, filePath: true };
    const metadata = { dump: 'x', file_path: path };
    expect(await readAll(parquetReader(options))).toEqual([
      { id: 'a.parquet:0', text: 'a', metadata: { ...metadata, lang: 'en' } },
      { id: 'a.parquet:1', text: 'b', metadata: { ...metadata, lang: 'de' } },
    ]);
    expect(await readAll(parquetReader())).toEqual(
      [0, 1].map((row) => ({ drop: 'no_text', message: expect.stringContaining(`row ${row} of ${path}`) })),
    );
  });

  it('gives the same when it is read in parts, whatever their size, and from every row on', async () => {
    const document = fc.record({
      id: fc.string(),
      text: fc.string({ maxLength: 40 }),
      metadata: fc.dictionary(fc.constantFrom('dump', 'x'), fc.string()),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { maxLength: 30 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 2000 }),
        async (documents, flushEvery, bytes) => {
          writeFileSync(path, parquetOf(documents, { flushEvery }));
          const read = parquetReader();
          const splits = await read.splits!(path, { bytes });
          const parts = [];
          for (const split of splits) parts.push(...(await readPart(read, path, split)));
          expect(parts.map(({ item }) => item)).toEqual(
            documents.map(({ id, text, metadata }) => ({ id, text, metadata: { ...metadata } })),
          );
          const first = await readPart(read, path, splits[0]);
          for (const [row, { position }] of first.entries()) {
            expect(await readPart(read, path, splits[0], position)).toEqual(first.slice(row));
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is gone on with, to the same bytes, wherever writing stopped', () => {
    const documents = Array.from({ length: 20 }, (_, index) => ({ ...DOCUMENTS[index % 3], id: String(index) }));
    const whole = parquetOf(documents, { flushEvery: 4 });
    for (let stop = 0; stop <= documents.length; stop += 4) {
      const file = new MemoryFile();
      const before = format().open(file);
      for (const [index, document] of documents.slice(0, stop).entries()) {
        before.write(document);
        if ((index + 1) % 4 === 0) before.flush();
      }
      before.flush();
      const after = format().open(file, JSON.parse(JSON.stringify(before.state?.())));
      for (const [index, document] of documents.slice(stop).entries()) {
        after.write(document);
        if ((index + 1) % 4 === 0) after.flush();
      }
      after.finish();
      expect(file.bytes.equals(whole)).toBe(true);
    }
  });

  it('holds no more than a row group while it is written', () => {
    const file = new MemoryFile();
    const writer = outputFormat('a.parquet').open(file);
    const text = 'x'.repeat(1_000_000);
    for (let index = 0; index < 100; index++) {
      writer.write({ id: String(index), text, metadata: {} });
      expect(writer.buffered).toBeLessThan(34 * 2 ** 20);
    }
    expect(file.size).toBeGreaterThan(0);
  });
});

describe('damaged Parquet', () => {
  const whole = () =>
    parquetOf(
      Array.from({ length: 40 }, (_, index) => ({ id: String(index), text: `text ${index}`, metadata: {} })),
      { flushEvery: 10 },
    );

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['another format', Buffer.from('{"text":"a"}\n'.repeat(20))],
    [
      'a description longer than the file',
      Buffer.from([...Buffer.from('PAR1'), 0xff, 0xff, 0xff, 0x7f, ...Buffer.from('PAR1')]),
    ],
  ])('is reported: %s', async (_, bytes) => {
    writeFileSync(path, bytes);
    expect(await readAll()).toEqual([{ drop: 'damaged_parquet', message: expect.stringContaining(path) }]);
    expect(await parquetReader().splits!(path, { bytes: 10 })).toEqual([{ start: 0, end: 1, bytes: bytes.length }]);
  });

  it('costs the row group that it is in', async () => {
    const bytes = whole();
    writeFileSync(path, bytes);
    const clean = (await readAll()) as Document[];
    bytes.fill(0xff, 20, 60);
    writeFileSync(path, bytes);
    const items = await readAll();
    expect(items[0]).toMatchObject({ drop: 'damaged_row_group', value: 0 });
    expect(items.slice(1)).toEqual(clean.slice(10));
  });

  it('that is too large to read at once is passed over', async () => {
    writeFileSync(path, whole());
    const items = await readAll(parquetReader({ maximumGroupBytes: 100 }));
    expect(items.map((item) => isDrop(item) && item.drop)).toEqual(Array(4).fill('row_group_too_large'));
  });

  it('in its description neither ends the run nor fills the memory', async () => {
    const bytes = whole();
    const description = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
    const before = process.memoryUsage.rss();
    const change = fc.tuple(fc.integer({ min: description, max: bytes.length - 1 }), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const changed = Buffer.from(bytes);
        for (const [at, value] of changes) changed[at] = value;
        writeFileSync(path, changed);
        for (const item of await readAll()) expect(typeof (isDrop(item) ? item.drop : item.text)).toBe('string');
        await parquetReader().splits!(path, { bytes: 100 });
      }),
      { numRuns: 150 },
    );
    expect(process.memoryUsage.rss() - before).toBeLessThan(500 * 2 ** 20);
  });

  it('in the size of a page, which would lead the library backwards for ever, costs the row group', async () => {
    const bytes = parquetOf(
      Array.from({ length: 40 }, (_, index) => ({ id: String(index), text: `text ${index}`, metadata: {} })),
    );
    bytes[14] = 0x80;
    writeFileSync(path, bytes);
    expect(await readAll()).toMatchObject([{ drop: 'damaged_row_group', value: 0 }]);
  });

  it('cut anywhere is reported', async () => {
    const bytes = whole();
    for (let length = 0; length < bytes.length; length += 37) {
      writeFileSync(path, bytes.subarray(0, length));
      expect(await readAll()).toMatchObject([{ drop: 'damaged_parquet' }]);
    }
  });
});
