import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeWarcRecord } from '@smol/web';
import { afterAll, describe, expect, it } from 'vitest';
import { webReader } from './web-steps.ts';

const folder = mkdtempSync(join(tmpdir(), 'web-steps-'));
afterAll(() => rmSync(folder, { recursive: true }));

const records = Array.from({ length: 20 }, (_, index) =>
  encodeWarcRecord({
    url: `http://a.example/${index}`,
    date: '2024-01-01T00:00:00Z',
    payload: '<p>WARC/1.0'.repeat(index * 40),
  }),
);
const path = join(folder, 'pages.warc.gz');
writeFileSync(path, Buffer.concat(records));

describe('webReader', () => {
  const read = webReader(({ reason }) => ({ drop: reason }));
  const urls = async (split?: { start: number; end: number }) => {
    const found: unknown[] = [];
    for await (const item of read(path, { split, reached() {}, reportBytes() {} }))
      found.push('drop' in item ? item.drop : item.url);
    return found;
  };

  it.each([50, 333, 1000, 1e9])(
    'gives every page once when an archive is cut into parts of %d bytes',
    async (bytes) => {
      const splits = await read.splits!(path, { bytes });
      const found = await Promise.all(splits.map((split) => urls(split)));
      expect(found.flat()).toEqual(records.map((_, index) => `http://a.example/${index}`));
    },
  );

  it('leaves archives that are not packed whole, where a page could look like a record', async () => {
    const plain = join(folder, 'plain.warc');
    writeFileSync(plain, 'WARC/1.0');
    expect(await read.splits!(plain, { bytes: 1 })).toHaveLength(1);
  });
});
