import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { documentsOf, temporaryFolder } from './fixtures/temporary-folder.ts';
import { JsonlWriter, writeJsonl } from './jsonl-writer.ts';

const folder = temporaryFolder();
const records = documentsOf('one', 'two\nlines', 'drei €', '\ud800 lone');

describe('writeJsonl', () => {
  it('writes a line for each record', async () => {
    const path = join(folder, 'a.jsonl');
    expect(await writeJsonl(path, records)).toBe(4);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(records);
  });

  it('writes gzip that zlib reads, also when it is empty or of many members', async () => {
    const many = Array.from({ length: 3000 }, (_, index) => ({
      id: String(index),
      text: 'x'.repeat(1000),
      metadata: {},
    }));
    for (const some of [[], records, many]) {
      const path = join(folder, `${some.length}.jsonl.gz`);
      await writeJsonl(path, some);
      const text = gunzipSync(readFileSync(path)).toString();
      expect(text).toBe(some.map((record) => `${JSON.stringify(record)}\n`).join(''));
    }
  });

  it('writes the same bytes each time: neither a time nor a system is in them', async () => {
    const paths = ['same-1.jsonl.gz', 'same-2.jsonl.gz'].map((name) => join(folder, name));
    for (const path of paths) await writeJsonl(path, records);
    const [first, second] = paths.map((path) => readFileSync(path));
    expect(first.equals(second)).toBe(true);
    expect([...first.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  });

  it('leaves the old file, and nothing else, when the records fail on the way', async () => {
    const inside = join(folder, 'failing');
    const path = join(inside, 'a.jsonl');
    await writeJsonl(path, records.slice(0, 1));
    const failing = (function* fail() {
      yield records[0];
      throw new Error('no more');
    })();
    await expect(writeJsonl(path, failing)).rejects.toThrow('no more');
    expect(readdirSync(inside)).toEqual(['a.jsonl']);
    expect(readFileSync(path, 'utf8').split('\n').length).toBe(2);
  });
});

describe('JsonlWriter', () => {
  it('shows nothing before it is closed', () => {
    const path = join(folder, 'later.jsonl');
    const writer = new JsonlWriter(path);
    writer.write(records[0]);
    expect(existsSync(path)).toBe(false);
    writer.close();
    expect(existsSync(path)).toBe(true);
  });

  it('names the path and keeps the cause when it cannot write', () => {
    const blocker = join(folder, 'a-file');
    writeFileSync(blocker, '');
    expect(() => new JsonlWriter(join(blocker, 'b.jsonl'))).toThrow(
      expect.objectContaining({
        code: 'WRITE_FAILED',
        message: expect.stringContaining(join(blocker, 'b.jsonl')),
        cause: expect.objectContaining({ code: 'EEXIST' }),
      }),
    );
    mkdirSync(join(folder, 'c.jsonl', 'full'), { recursive: true });
    const writer = new JsonlWriter(join(folder, 'c.jsonl'));
    expect(() => writer.close()).toThrow(expect.objectContaining({ code: 'WRITE_FAILED' }));
    writer.abort();
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });
});
