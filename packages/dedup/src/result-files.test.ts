import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainDocument } from './explain-document.ts';
import { WINDOWS } from './fixtures/lorem.fixture.ts';
import { toLines } from './fixtures/near-copies.fixture.ts';
import { minHashFiles } from './minhash-files.ts';
import { planFiles } from './plan-files.ts';
import { readRecords } from './read-records.ts';
import { compressZstandard, loadZstandard } from './zstandard.ts';

/** pyarrow's columns of every type (scripts/oracle.py --write). */
const TYPES = fileURLToPath(new URL('fixtures/types.parquet', import.meta.url));

let folder: string;
const path = (...names: string[]) => join(folder, ...names);
const KEYS = { textKey: 'text', idKey: 'id' };
const KEPT = [0, 3, 5, 10, 14, 15].map((index) => WINDOWS[index].id);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dedup-formats-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function idsIn(file: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { document } of readRecords(file, KEYS)) ids.push(document!.id);
  return ids;
}

const readTable = async (file: string) => {
  const bytes = readFileSync(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  return parquetReadObjects({ file: buffer, compressors });
};

describe('Zstandard files', () => {
  it('are read, and results written as such', async () => {
    await loadZstandard();
    // Several frames behind one another, as compressors for large files write them.
    const frames = [WINDOWS.slice(0, 7), WINDOWS.slice(7)].map((some) => compressZstandard(Buffer.from(toLines(some))));
    writeFileSync(path('in.jsonl.zst'), Buffer.concat(frames));
    const report = await minHashFiles({ inputs: [path('in.jsonl.zst')], folder: path('out') });
    expect(report.counts).toMatchObject({ read: 16, kept: 6, removed: 10 });
    expect(await idsIn(path('out', 'kept', 'in.jsonl.zst'))).toEqual(KEPT);
    const first = readFileSync(path('out', 'kept', 'in.jsonl.zst'));
    expect(first.readUInt32LE(0)).toBe(0xfd2fb528);
  });

  it('that are cut short or damaged are named', async () => {
    await loadZstandard();
    const bytes = Buffer.from(compressZstandard(Buffer.from(toLines(WINDOWS))));
    writeFileSync(path('cut.jsonl.zst'), bytes.subarray(0, bytes.length - 20));
    await expect(idsIn(path('cut.jsonl.zst'))).rejects.toMatchObject({
      code: 'UNREADABLE_FILE',
      message: expect.stringContaining('cut.jsonl.zst: cannot be read'),
    });
    bytes.fill(0xff, 30, 60);
    writeFileSync(path('bad.jsonl.zst'), bytes);
    await expect(idsIn(path('bad.jsonl.zst'))).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
  });
});

describe('Parquet files', () => {
  const write = (file: string, more: { name: string; data: unknown[] }[] = []) =>
    writeFileSync(
      file,
      Buffer.from(
        parquetWriteBuffer({
          columnData: [
            ...(['id', 'text'] as const).map((key) => ({ name: key, data: WINDOWS.map((window) => window[key]) })),
            ...more,
          ],
          rowGroupSize: 5,
        }),
      ),
    );

  it('are read row group by row group, and results written with the same columns', async () => {
    write(path('in.parquet'), [{ name: 'score', data: WINDOWS.map((_, index) => index / 3) }]);
    const report = await minHashFiles({ inputs: [path('in.parquet')], folder: path('out'), clusterIds: true });
    expect(report.counts).toMatchObject({ read: 16, kept: 6, removed: 10, clusters: 4 });
    const kept = await readTable(path('out', 'kept', 'in.parquet'));
    expect(kept.map(({ id }) => id)).toEqual(KEPT);
    expect(kept[2]).toEqual({ ...WINDOWS[5], score: 5 / 3, minhash_cluster_id: 2, minhash_cluster_size: 5 });
    expect(kept[5]).toMatchObject({ minhash_cluster_id: -1, minhash_cluster_size: 1 });
    const removed = await readTable(path('out', 'removed', 'in.parquet'));
    expect(removed[0]).toMatchObject({ ...WINDOWS[1], filter_reason: 'near_duplicate', duplicate_of: WINDOWS[0].id });
    expect(await explainDocument(path('out'), '0_20')).toMatchObject({
      duplicateOf: '0_0',
      jaccard: 0.8333333333333334,
    });
    expect(await planFiles({ inputs: [path('in.parquet')] })).toMatchObject({ documents: 16, sampled: 16 });
  });

  it('keep the values of every type, and the schema', async () => {
    copyFileSync(TYPES, path('types.parquet'));
    await minHashFiles({ inputs: [path('types.parquet')], folder: path('out') });
    const [before, after] = await Promise.all([readTable(TYPES), readTable(path('out', 'kept', 'types.parquet'))]);
    expect(after.length).toBeGreaterThan(1);
    expect(after).toEqual(before.filter(({ text }) => text !== null));
    expect(Object.keys(after[0]).length).toBeGreaterThan(18);
  });

  it('have rows without text counted, not lost sight of', async () => {
    copyFileSync(TYPES, path('types.parquet'));
    const report = await minHashFiles({ inputs: [path('types.parquet')], folder: path('out') });
    expect(report.counts).toMatchObject({ read: 5, broken: 1, kept: 4 });
    expect(report.inputs[0].problems).toEqual([{ line: 4, problem: 'no string under "text"' }]);
  });

  it('that are no Parquet files, or cut short, are named', async () => {
    write(path('whole.parquet'));
    const bytes = readFileSync(path('whole.parquet'));
    for (const [name, content] of [
      ['cut', bytes.subarray(0, 300)],
      ['text', Buffer.from('{}\n')],
      ['empty', Buffer.alloc(0)],
    ] as const) {
      writeFileSync(path(`${name}.parquet`), content);
      await expect(idsIn(path(`${name}.parquet`))).rejects.toMatchObject({
        code: 'UNREADABLE_FILE',
        message: expect.stringContaining(`${name}.parquet: cannot be read`),
      });
    }
  });
});
