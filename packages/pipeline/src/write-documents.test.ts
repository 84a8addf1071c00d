import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Document } from './document.ts';
import { isDrop } from './document.ts';
import { startStore } from './fixtures/s3-server.ts';
import type { RunningStore } from './fixtures/s3-server.ts';
import { collect, temporaryFolder } from './fixtures/temporary-folder.ts';
import { parquetFormat } from './parquet-format.ts';
import { anyReader } from './read-any.ts';
import { parquetReader } from './read-parquet.ts';
import { s3Storage } from './s3-storage.ts';
import { writeDocuments } from './write-documents.ts';

const folder = temporaryFolder();
let store: RunningStore;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

const documents: Document[] = Array.from({ length: 300 }, (_, index) => ({
  id: `d${index}`,
  text: `text ${index} ${Math.sin(index)}`,
  metadata: { language: index % 3 === 0 ? 'en' : 'de' },
}));

async function readBack(addresses: readonly string[], read = anyReader()): Promise<Document[]> {
  const context = { reached: () => {}, reportBytes: () => {} };
  const items = await Promise.all(addresses.map((address) => collect(read(address, context))));
  return items.flat().filter((item): item is Document => !isDrop(item));
}

describe('writeDocuments', () => {
  it.each(['.jsonl', '.jsonl.gz', '.jsonl.zst', '.parquet'])(
    'writes %s by metadata and size, and says what',
    async (extension) => {
      const where = join(folder, `by-size${extension}`);
      const files = await writeDocuments(documents, {
        folder: where,
        path: `out/\${language}/\${rank}${extension}`,
        rank: 7,
        fileBytes: 3000,
      });
      expect(files.length).toBeGreaterThan(2);
      expect(files[0].address).toBe(join(where, `out/de/00007-000${extension}`));
      expect(files.reduce((sum, file) => sum + file.documents, 0)).toBe(300);
      const back = await readBack(files.map(({ address }) => address));
      expect(back.sort((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)))).toEqual(documents);
      expect(readdirSync(join(where, 'out')).sort()).toEqual(['de', 'en']);
    },
  );

  it('writes valid files of nothing', async () => {
    for (const extension of ['.jsonl', '.jsonl.gz', '.jsonl.zst', '.parquet']) {
      const files = await writeDocuments([], { folder: join(folder, 'empty'), path: `out/\${rank}${extension}` });
      expect(files.length).toBe(1);
      expect(await readBack([files[0].address])).toEqual([]);
    }
  });

  it('writes to a store, where files are read again', async () => {
    const storage = s3Storage(store.options);
    const files = await writeDocuments(documents, {
      folder: 's3://bucket/out/',
      path: 'a/${rank}.parquet',
      storage,
      format: parquetFormat({ codec: 'ZSTD' }),
    });
    expect(files).toEqual([
      { address: 's3://bucket/out/a/00000.parquet', documents: 300, bytes: expect.any(Number) as number },
    ]);
    expect(await readBack([files[0].address], parquetReader({ storage }))).toEqual(documents);
  });

  it('stays in its folder whatever the metadata says', async () => {
    const names = ['../../evil', '/etc/passwd', 'a/b', '..', '', 'nul\0', 'x'.repeat(500)];
    const hostile = names.map((language, index) => ({ id: String(index), text: '', metadata: { language } }));
    const where = join(folder, 'hostile', 'inner');
    const files = await writeDocuments(hostile, { folder: where, path: 'out/${language}-${rank}.jsonl' });
    expect(files.reduce((sum, file) => sum + file.documents, 0)).toBe(names.length);
    for (const { address } of files) expect(join(address, '..')).toBe(join(where, 'out'));
    expect(readdirSync(join(folder, 'hostile'))).toEqual(['inner']);
    await expect(writeDocuments([], { folder: where, path: '../${rank}.jsonl' })).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it('leaves nothing when it fails', async () => {
    const failing = (function* fail() {
      yield documents[0];
      throw new Error('no more');
    })();
    const where = join(folder, 'failing');
    await expect(writeDocuments(failing, { folder: where, path: 'out/${rank}.jsonl' })).rejects.toThrow('no more');
    expect(readdirSync(join(where, 'out'))).toEqual([]);
    const many = Array.from({ length: 1001 }, (_, index) => ({ id: '', text: '', metadata: { key: index } }));
    await expect(writeDocuments(many, { folder: where, path: 'out/${key}/${rank}.jsonl' })).rejects.toThrow(
      expect.objectContaining({ code: 'TOO_MANY_FILES' }),
    );
    writeFileSync(join(folder, 'a-file'), '');
    const inFile = writeDocuments(documents, { folder: join(folder, 'a-file'), path: 'out/${rank}.jsonl' });
    await expect(inFile).rejects.toThrow(expect.objectContaining({ code: 'WRITE_FAILED' }));
  });
});
