import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './fixtures/temporary-folder.ts';
import { readPart } from './fixtures/read-part.ts';
import { CompactReader } from './compact-reader.ts';
import { isDrop } from './document.ts';
import type { Document } from './document.ts';
import { loadCodecs } from './parquet-codecs.ts';
import { checkRuns, checkValues } from './parquet-values.ts';
import { parquetReader } from './read-parquet.ts';

/** Made by pyarrow: scripts/parquet_encodings.py. */
const { rows, files } = JSON.parse(
  readFileSync(new URL('fixtures/parquet-encodings.json', import.meta.url), 'utf8'),
) as { rows: Record<string, unknown>[]; files: Record<string, string> };
const folder = temporaryFolder();
const path = join(folder, 'a.parquet');

async function readBytes(bytes: Uint8Array, read = parquetReader()) {
  writeFileSync(path, bytes);
  return (await readPart(read, path)).map(({ item }) => item);
}

/** Numbers of 7 bits a byte, low ones first. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** A structure of Thrift's compact protocol, from [field, type, bytes]. */
const thrift = (...fields: [number, number, number[]][]) =>
  Uint8Array.from([...fields.flatMap(([field, type, bytes]) => [type, ...varint(field * 2), ...bytes]), 0]);

const footerOnly = (footer: Uint8Array) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([Buffer.from('PAR1'), footer, length, Buffer.from('PAR1')]);
};

describe('Parquet pages', () => {
  it.each(Object.keys(files))('are read: %s', async (name) => {
    const documents = (await readBytes(Buffer.from(files[name], 'base64'))) as Document[];
    const fields = documents.map(({ id, text, metadata }) => ({ id, text, ...metadata }));
    expect(fields).toEqual(rows.map((row) => row));
  });

  it.each(Object.keys(files))(
    'with changed bytes cost their row group or rows, in little time and memory: %s',
    { tags: ['slow'] },
    async (name) => {
      const bytes = Buffer.from(files[name], 'base64');
      const before = process.memoryUsage.rss();
      const values = [0xff, 0x7f, 0x80, 0x00, 0xfe];
      for (let at = 4; at < bytes.length - 8; at += 37) {
        const changed = Buffer.from(bytes);
        changed.fill(values[at % values.length], at, at + (at % 3 === 0 ? 4 : 1));
        for (const item of await readBytes(changed)) {
          expect(isDrop(item) ? item.message : [item.text]).toContain(isDrop(item) ? path : String(item.text));
        }
      }
      expect(process.memoryUsage.rss() - before).toBeLessThan(500 * 2 ** 20);
    },
  );
});

describe('numbers that would keep the decoder busy for ever', () => {
  const run = (length: number) => Uint8Array.from([...varint(length * 2), 1]);

  it('are refused as the length of a run', () => {
    expect(checkRuns(run(100), 0, 100, 1, 1)).toBe(100);
    expect(() => checkRuns(run(2 ** 30), 0, 100, 1)).toThrow('length of a run');
    expect(() => checkRuns(run(2 ** 30), 0, 100, 0)).toThrow('length of a run');
    expect(() => checkRuns(Uint8Array.from(varint(2 ** 31 + 1)), 0, 100, 0)).toThrow('length of a run');
    expect(() => checkRuns(new Uint8Array(50), 0, 100, 0)).toThrow('length of a run');
    expect(() => checkRuns(run(10), 0, 100, 1)).toThrow('not valid');
    expect(() => checkRuns(run(100), 0, 100, 255)).toThrow('width');
  });

  it('are refused as the length of a run in a file', async () => {
    const bytes = Buffer.from(files.dictionaries, 'base64');
    // Eight values that are there: length 2, a run of 8, the value 1. Then a run of 2³⁰ in their place.
    const levels = bytes.indexOf(Buffer.from([2, 0, 0, 0, 16, 1]));
    Buffer.from([6, 0, 0, 0, ...run(2 ** 30)]).copy(bytes, levels);
    expect((await readBytes(bytes))[0]).toMatchObject({
      drop: 'damaged_row_group',
      value: 0,
      message: expect.stringContaining('row group 0'),
    });
  });

  it('are refused as sizes of blocks of differences, and numbers of any length', () => {
    const blocks = (size: number, parts: number) => Uint8Array.from([...varint(size), ...varint(parts), 1, 0, 0, 0, 0]);
    const shape = { encoding: 5, count: 1000, isBoolean: false };
    expect(() => checkValues(blocks(128, 0), 0, shape)).toThrow('size of a block');
    expect(() => checkValues(blocks(2 ** 31, 2 ** 31), 0, shape)).toThrow('size of a block');
    const endless = Buffer.concat([blocks(128, 4).subarray(0, 5), Buffer.alloc(1_000_000, 0x80)]);
    expect(() => checkValues(endless, 0, shape)).toThrow('not valid');
  });

  it('are counted as text that is taken over from the text before', () => {
    const count = 10_000;
    // Blocks of 128 differences without bits: each value is 1000 more than the one before, or the same.
    const lengths = (first: number, step: number) => [
      ...varint(128),
      4,
      ...varint(count),
      ...varint(first * 2),
      ...Array.from({ length: Math.ceil(count / 128) }, () => [...varint(step * 2), 0, 0, 0, 0]).flat(),
    ];
    const page = Uint8Array.from([...lengths(0, 1000), ...lengths(1000, 0)]);
    const shared = checkValues(page, 0, { encoding: 7, count, isBoolean: false });
    expect(page.length).toBeLessThan(2000);
    expect(shared).toBe((1000 * count * (count - 1)) / 2);
  });

  it.each([
    ['GZIP', Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['BROTLI', Buffer.alloc(100, 0xff)],
    ['LZ4', Buffer.from([0, 0, 0, 0, 0xff, 0xff, 0xff, 0xf8, 0, 0])],
    ['LZ4', Buffer.alloc(64)],
    ['LZ4_RAW', Buffer.alloc(64, 0xff)],
    ['SNAPPY', Buffer.alloc(64, 0xfe)],
    // A block of 98,047 sequences, each 65,539 bytes long and without bits of its own.
    ['ZSTD', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 10, 0x45, 0, 0, 0, 0xff, 0xff, 0xff, 0x54, 0, 0, 52, 1])],
    ['ZSTD', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0])],
  ])('do not come past %s', async (name, packed) => {
    const codecs = await loadCodecs();
    const start = performance.now();
    let length = 10;
    try {
      length = codecs[name]!(packed, 10).length;
    } catch {
      // Most of these say what is wrong; none gives another length.
    }
    expect(length).toBe(10);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('are refused in the description of the file', async () => {
    const texts = (count: number, depth: number): number[] =>
      depth === 0 ? [] : [0xf9, ...varint(count), ...texts(count, depth - 1)];
    const elements = (...children: number[][]) => [0xfc, ...varint(children.length), ...children.flat()];
    const element = (children: number) => [...thrift([4, 8, [1, 97]], [5, 5, varint(children * 2)])];
    const noGroups: [number, number, number[]] = [4, 9, [0x0c]];
    const descriptions = {
      'a number without end': thrift([1, 6, [...Array<number>(2_000_000).fill(0x80), 0]]),
      'lists of lists': thrift([1, 9, texts(30_000_000, 1000)]),
      'a list longer than the file': thrift([1, 9, [0xf3, ...varint(2 ** 31)]]),
    };
    for (const footer of Object.values(descriptions)) {
      expect(await readBytes(footerOnly(footer))).toMatchObject([{ drop: 'damaged_parquet' }]);
    }
    const group = [...thrift([1, 9, [0x0c]], [2, 6, [0]], [3, 6, [2]])];
    const schema = elements(element(2 ** 30), ...Array.from({ length: 1000 }, () => element(2 ** 30)));
    const forged = thrift([2, 9, schema], [3, 6, [2]], [4, 9, elements(group)]);
    expect(await readBytes(footerOnly(forged))).toMatchObject([{ drop: 'damaged_row_group' }]);
    expect(await readBytes(footerOnly(thrift([2, 9, elements(element(0))], [3, 6, [0]], noGroups)))).toEqual([]);
  });

  it('are refused as fields and depths that Thrift allows and Parquet does not use', () => {
    expect(() => new CompactReader(thrift([256, 5, [0]])).struct()).toThrow('not valid');
    expect(() => new CompactReader(new Uint8Array(100_000).fill(0x1c)).struct()).toThrow('not valid');
    expect(new CompactReader(thrift([1, 5, [3]], [2, 8, [2, 65, 66]], [3, 1, []])).struct()).toEqual({
      1: -2,
      2: 2,
      3: 1,
    });
  });
});

describe('Parquet files that are small and become large', () => {
  it('lose rows that are too large to be written again', async () => {
    const large = 'x'.repeat(2 ** 20);
    const deep = `{"x":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    const columnData = [
      { name: 'text', data: ['a', 'b', 'c'] },
      { name: 'many', data: [Array(70).fill(large), ['y'], ['z']], type: 'JSON' as const },
      { name: 'deep', data: ['1', '2', '3'], type: 'STRING' as const },
    ];
    const items = await readBytes(new Uint8Array(parquetWriteBuffer({ columnData, statistics: false })));
    expect(items.map((item) => (isDrop(item) ? item.drop : item.text))).toEqual(['row_too_large', 'b', 'c']);
    const metadata = {
      columnData: [
        { name: 'text', data: ['a', 'b'] },
        { name: 'metadata', data: ['{"x":1}', deep] },
      ],
    };
    const documents = await readBytes(new Uint8Array(parquetWriteBuffer({ ...metadata, statistics: false })));
    expect(documents.map((item) => (isDrop(item) ? item.drop : item.text))).toEqual(['a', 'nested_too_deeply']);
  });

  it('lose row groups of more values than fit into memory, whatever they say of their bytes', async () => {
    const columnData = [{ name: 'text', data: Array<string>(10_000).fill('a') }];
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData, statistics: false }));
    const items = await readBytes(bytes, parquetReader({ maximumGroupBytes: 100_000 }));
    expect(items).toContainEqual(
      expect.objectContaining({ drop: 'row_group_too_large', value: 144_000, limit: 100_000 }),
    );
  });
});
