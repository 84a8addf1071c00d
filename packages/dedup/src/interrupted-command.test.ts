import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDocuments, snapshot, toLines, writeInputs } from './fixtures/near-copies.fixture.ts';
import { runCli } from './run-cli.ts';

const PROGRAM = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

let folder: string;
const path = (...names: string[]) => join(folder, ...names);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dedup-interrupted-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; stderr: string }> {
  const stderr = new PassThrough();
  const code = await runCli(args, { stdin: Readable.from([]), stdout: new PassThrough(), stderr });
  return { code, stderr: String(stderr.read() ?? '') };
}

/** Kept, removed and report of a run. */
const results = (name: string) =>
  Object.fromEntries(Object.entries(snapshot(path(name))).filter(([file]) => !file.startsWith('stages')));

/** Runs the program until a file is there, then kills it. */
async function killWhen(file: string, args: string[]): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, ...args]);
  const ended = once(child, 'exit');
  while (!existsSync(file) && child.exitCode === null) await setTimeout(1);
  child.kill('SIGKILL');
  await ended;
}

describe('a command that was killed', () => {
  const notice = 'This notice stands on every page of the site, word for word, from the first to the last. ';
  const documents = makeDocuments(600).map(({ id, text }, index) => ({
    id,
    text: `${index % 3 === 0 ? notice.repeat(3) : ''}${text}`,
    url: `u${index % 40}`,
  }));

  it.each([
    ['exact', ['--field', 'url']],
    ['bloom', ['--field', 'url', '--capacity', '1000']],
    ['sentences', []],
    ['sentences', ['--workers', '2']],
    ['substrings', ['--minimum-bytes', '100']],
    ['decontaminate', ['--against', 'tests.jsonl', '--ngram', '8']],
    ['decontaminate', ['--against', 'tests.jsonl', '--ngram', '8', '--workers', '2']],
  ])('ends with the same bytes when it is run again: %s', { tags: ['slow'] }, async (command, options) => {
    const inputs = writeInputs(folder, documents);
    writeFileSync(path('tests.jsonl'), toLines([{ text: documents[4].text }]));
    const paths = options.map((option) => (option === 'tests.jsonl' ? path(option) : option));
    expect((await run(command, ...inputs, '-o', path('whole'), '-q', ...paths)).code).toBe(0);
    const args = [command, ...inputs, '-o', path('out'), '-q', ...paths];
    await killWhen(path('out', 'kept', 'a.jsonl'), args);
    expect(await run(...args)).toEqual({ code: 0, stderr: '' });
    expect(results('out')).toEqual(results('whole'));
    const report = JSON.parse(readFileSync(path('out', 'report.json'), 'utf8')) as { counts: Record<string, number> };
    expect(report.counts.read).toBe(600);
    expect(report.counts.kept + report.counts.removed).toBe(600);
    expect(report.counts.removed + report.counts.changed).toBeGreaterThan(0);
  });

  it('does not write again what is whole, and writes again what is not', async () => {
    const inputs = writeInputs(folder, documents);
    const args = ['exact', ...inputs, '-o', path('out'), '--field', 'url'];
    await run(...args);
    const before = results('out');
    rmSync(path('out', 'report.json'));
    writeFileSync(path('out', 'removed', 'c.jsonl'), 'damaged');
    const { stderr } = await run(...args);
    expect(stderr).toContain('c.jsonl: has 7 bytes, expected');
    expect(stderr).not.toContain('a.jsonl: ');
    expect(results('out')).toEqual(before);
  });

  it('is not gone on with by another one', async () => {
    const inputs = writeInputs(folder, documents);
    await run('exact', ...inputs, '-o', path('out'), '-q');
    const { code, stderr } = await run('exact', ...inputs, '-o', path('out'), '--field', 'url');
    expect(code).toBe(1);
    expect(stderr).toContain('holds a run with other settings or inputs');
  });
});

describe('report.json', () => {
  it('tells sizes of groups, and samples of the largest', async () => {
    const records = ['x', 'y', 'x', 'z', 'x', 'y'].map((text, index) => ({ id: `${index}`, text }));
    writeFileSync(path('in.jsonl'), toLines(records));
    await run('exact', path('in.jsonl'), '-o', path('out'), '-q');
    expect(JSON.parse(readFileSync(path('out', 'report.json'), 'utf8'))).toMatchObject({
      counts: { read: 6, kept: 3, removed: 3, broken: 0 },
      removedByKind: { exact_duplicate: 3 },
      clusters: 2,
      clusterSizes: { 2: 1, 3: 1 },
      largestClusters: [
        { size: 3, ids: ['0', '2', '4'], text: 'x' },
        { size: 2, ids: ['1', '5'], text: 'y' },
      ],
    });
  });
});
