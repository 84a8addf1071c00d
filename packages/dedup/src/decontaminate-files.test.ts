import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decontaminateFiles } from './decontaminate-files.ts';
import type { DecontaminateFilesOptions } from './decontaminate-files.ts';
import { Decontaminator } from './decontaminator.ts';
import { makeDocuments, snapshot, toLines } from './fixtures/near-copies.fixture.ts';

let folder: string;
const path = (...names: string[]) => join(folder, ...names);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'decontaminate-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const documents = makeDocuments(600);
const decontaminator = new Decontaminator({ ngram: 8 });
for (const place of [4, 90, 301, 540]) decontaminator.add({ task: `task${place % 2}`, label: documents[place].text });

/** Three files of 300, 200 and 100 documents, one compressed, one with broken lines. */
function writeInputs(): string[] {
  const lines = toLines(documents).trimEnd().split('\n');
  lines[100] = 'broken';
  lines[290] = '';
  lines[291] = '{}';
  writeFileSync(path('a.jsonl'), lines.slice(0, 300).join('\n'));
  writeFileSync(path('b.jsonl.gz'), gzipSync(lines.slice(300, 500).join('\n')));
  writeFileSync(path('c.jsonl'), lines.slice(500).join('\n'));
  return ['a.jsonl', 'b.jsonl.gz', 'c.jsonl'].map((name) => path(name));
}

const settings = { textKey: 'text', idKey: 'id', against: [], ngrams: decontaminator.share() };
const run = (name: string, options: Partial<DecontaminateFilesOptions> & Pick<DecontaminateFilesOptions, 'inputs'>) =>
  decontaminateFiles({ ...settings, folder: path(name), workers: 1, ...options });

/** Kept and removed records. */
const results = (name: string) =>
  Object.fromEntries(Object.entries(snapshot(path(name))).filter(([file]) => !file.startsWith('stages')));

describe('decontaminateFiles', () => {
  it('gives the same bytes and the same report for any number of workers, and for files read in parts', async () => {
    const inputs = writeInputs();
    const whole = await run('whole', { inputs });
    for (const workers of [1, 2, 7]) {
      const name = `parts-${workers}`;
      expect(await run(name, { inputs, workers, partBytes: 20_000 })).toEqual(whole);
      expect(results(name)).toEqual(results('whole'));
    }
    expect(existsSync(path('parts-7', 'stages', 'parts', '00005.kept'))).toBe(true);
    expect(Object.keys(results('whole'))).toHaveLength(6);
  });

  it('decides as Decontaminator does about each document, and counts what it did', async () => {
    const inputs = writeInputs();
    const { reports, tasks } = await run('out', { inputs, workers: 2, partBytes: 20_000 });
    const kept = [0, 1].flatMap((half) =>
      documents.filter(({ text }, place) => {
        if (place >= 300 && place < 500) return false;
        const isRead = place !== 100 && place !== 290 && place !== 291;
        return isRead && place >= 500 === (half === 1) && decontaminator.find(text) === null;
      }),
    );
    const read = ['a.jsonl', 'c.jsonl'].map((name) => readFileSync(path('out', 'kept', name), 'utf8')).join('');
    expect(read).toBe(toLines(kept));
    expect(reports[0]).toMatchObject({ path: inputs[0], read: 299, broken: 2 });
    expect(reports[0].problems).toEqual([
      { line: 101, problem: 'not JSON' },
      { line: 292, problem: 'no string under "text"' },
    ]);
    const removed = reports.map(({ removedByKind }) => removedByKind.contaminated ?? 0);
    expect(tasks.task0 + tasks.task1).toBe(removed.reduce((sum, count) => sum + count));
    expect(Math.min(tasks.task0, tasks.task1)).toBeGreaterThan(0);
  });

  it('does only the parts again that are not done, and names those that are damaged', async () => {
    const inputs = writeInputs();
    const options = { inputs, workers: 2, partBytes: 20_000 };
    const whole = await run('out', options);
    const before = results('out');
    truncateSync(path('out', 'stages', 'parts', '00001.kept'), 10);
    rmSync(path('out', 'kept', 'a.jsonl'));
    rmSync(path('out', 'stages', 'done', 'decontamination-00002.json'));
    const untouched = statSync(path('out', 'stages', 'parts', '00000.kept')).mtimeMs;
    const damages: string[] = [];
    let bytes = 0;
    const onBytes = (count: number) => (bytes += count);
    const again = await run('out', { ...options, onBytes, onDamage: (message) => damages.push(message) });
    expect(again).toEqual(whole);
    expect(results('out')).toEqual(before);
    expect(damages.map((message) => message.slice(folder.length))).toEqual([
      expect.stringMatching(/00001.kept: has 10 bytes, expected/),
      expect.stringMatching(/a.jsonl: is missing/),
    ]);
    expect(statSync(path('out', 'stages', 'parts', '00000.kept')).mtimeMs).toBe(untouched);
    expect(bytes).toBeGreaterThanOrEqual(inputs.reduce((sum, input) => sum + statSync(input).size, 0));
  });

  it('refuses a folder of other evaluations, and an input that ends too soon, from a thread too', async () => {
    const inputs = writeInputs();
    await run('out', { inputs });
    await expect(run('out', { inputs, against: inputs })).rejects.toMatchObject({ code: 'RUN_MISMATCH' });
    truncateSync(inputs[1], 500);
    const failed = run('other', { inputs, workers: 2 });
    await expect(failed).rejects.toMatchObject({
      code: 'UNREADABLE_FILE',
      message: expect.stringContaining('b.jsonl.gz'),
    });
  });
});
