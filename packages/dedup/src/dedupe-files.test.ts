import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dedupeFiles } from './dedupe-files.ts';
import { WINDOWS } from './fixtures/lorem.fixture.ts';

let folder: string;
const path = (name: string) => join(folder, name);
const lines = (...records: unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dedup-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('dedupeFiles', () => {
  it('keeps the lines of kept documents byte for byte and explains the others', async () => {
    writeFileSync(path('a.jsonl'), lines(...WINDOWS.slice(0, 4)));
    const odd = '{ "text" : "short\u2028text", "id":7 , "metadata":{"dump":"x"}}';
    writeFileSync(path('b.jsonl.gz'), gzipSync(`${lines(...WINDOWS.slice(4))}\n${odd}\n${odd}`));
    const report = await dedupeFiles({
      inputs: [path('a.jsonl'), path('b.jsonl.gz')],
      output: path('kept.jsonl.gz'),
      removed: path('removed.jsonl'),
    });
    expect(report.counts).toMatchObject({ documents: 18, kept: 7, removed: { exact: 1, near: 10 } });
    const kept = [0, 3, 5, 10, 14, 15].map((index) => WINDOWS[index]);
    expect(gunzipSync(readFileSync(path('kept.jsonl.gz'))).toString()).toBe(`${lines(...kept)}${odd}\n`);
    const removed = readFileSync(path('removed.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(removed).toHaveLength(11);
    expect(removed[0]).toMatchObject({
      id: '0_20',
      metadata: { filter_reason: 'near_duplicate', duplicate_of: '0_0', jaccard: 0.8333333333333334 },
    });
    expect(removed[10].metadata).toEqual({
      dump: 'x',
      filter_reason: 'exact_duplicate',
      duplicate_of: '7',
      linked_to: '7',
      jaccard: null,
      estimated_jaccard: null,
      matching_bands: [],
    });
  });

  it('gives the same bytes however the documents are spread over files', async () => {
    writeFileSync(path('all.jsonl'), lines(...WINDOWS));
    for (const [index, window] of WINDOWS.entries()) writeFileSync(path(`${index}.jsonl`), lines(window));
    await dedupeFiles({ inputs: [path('all.jsonl')], output: path('one'), removed: path('one-removed') });
    const inputs = WINDOWS.map((_, index) => path(`${index}.jsonl`));
    await dedupeFiles({ inputs, output: path('many'), removed: path('many-removed') });
    for (const name of ['', '-removed']) {
      expect(readFileSync(path(`many${name}`))).toEqual(readFileSync(path(`one${name}`)));
    }
  });

  it('names a record without id after its file and line', async () => {
    writeFileSync(path('a.jsonl'), lines({ text: 'x' }, { text: 'x' }));
    await dedupeFiles({ inputs: [{ path: path('a.jsonl'), name: '-' }], removed: path('removed') });
    expect(readFileSync(path('removed'), 'utf8')).toContain('"duplicate_of":"-:1"');
  });

  it('takes an empty file', async () => {
    writeFileSync(path('empty.jsonl'), '');
    await dedupeFiles({ inputs: [path('empty.jsonl')], output: path('out.jsonl') });
    expect(readFileSync(path('out.jsonl'), 'utf8')).toBe('');
  });

  it.each([
    ['{"text":"a"}\n{"text":', 'INVALID_RECORD', 'bad.jsonl:2: not JSON: "{\\"text\\":"'],
    ['{"text":1}', 'INVALID_RECORD', 'bad.jsonl:1: expected an object with a string "text", got {"text":1}'],
    ['null', 'INVALID_RECORD', 'bad.jsonl:1: expected an object'],
  ])('refuses the record %j and leaves no output behind', async (content, code, message) => {
    writeFileSync(path('bad.jsonl'), content);
    const outcome = dedupeFiles({ inputs: [path('bad.jsonl')], output: path('out.jsonl') });
    await expect(outcome).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect(readdirSync(folder)).toEqual(['bad.jsonl']);
  });

  it('refuses missing, truncated and damaged files by name', async () => {
    await expect(dedupeFiles({ inputs: [path('none')] })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(dedupeFiles({ inputs: [folder] })).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
    writeFileSync(path('cut.jsonl.gz'), gzipSync(lines(...WINDOWS)));
    truncateSync(path('cut.jsonl.gz'), 300);
    await expect(dedupeFiles({ inputs: [path('cut.jsonl.gz')] })).rejects.toThrow(/cut\.jsonl\.gz: cannot be read/);
    writeFileSync(path('not.gz'), 'plain');
    await expect(dedupeFiles({ inputs: [path('not.gz')] })).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
  });

  it('refuses to write over what it reads, also through links, and into folders that are not there', async () => {
    writeFileSync(path('a.jsonl'), lines({ text: 'x' }));
    symlinkSync(path('a.jsonl'), path('link.jsonl'));
    const inputs = [path('a.jsonl')];
    await expect(dedupeFiles({ inputs, output: path('link.jsonl') })).rejects.toMatchObject({
      code: 'OUTPUT_IS_INPUT',
    });
    await expect(dedupeFiles({ inputs, output: path('x'), removed: path('x') })).rejects.toMatchObject({
      code: 'OUTPUT_IS_INPUT',
    });
    await expect(dedupeFiles({ inputs, output: path('no/x') })).rejects.toMatchObject({ code: 'UNWRITABLE_FILE' });
    mkdirSync(path('taken'));
    await expect(dedupeFiles({ inputs, output: path('taken') })).rejects.toMatchObject({ code: 'UNWRITABLE_FILE' });
    expect(readdirSync(folder).toSorted()).toEqual(['a.jsonl', 'link.jsonl', 'taken']);
  });
});
