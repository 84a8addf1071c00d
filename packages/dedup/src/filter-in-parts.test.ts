import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCommandArguments } from './command-arguments.ts';
import type { Command } from './command-arguments.ts';
import { snapshot, toLines } from './fixtures/near-copies.fixture.ts';
import { runCommand } from './run-command.ts';
import { compressZstandard, loadZstandard } from './zstandard.ts';

let folder: string;
const path = (...names: string[]) => join(folder, ...names);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'filter-in-parts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const sentence = (number: number) => `Sentence ${number.toString(26)} is said by number ${number * 31}, among others. `;

/** Of the documents many are copies of others, share sentences, passages and tokens; some have no name, some no text. */
const documents = Array.from({ length: 500 }, (_, index) => {
  const source = index % 7 === 3 ? index % 40 : index;
  const own = Array.from({ length: 3 + (source % 9) }, (_, place) => sentence(100 * source + place)).join('');
  const shared = source % 5 === 0 ? [1, 2, 3, 4].map(sentence).join('') : '';
  const ids = Array.from({ length: 120 }, (_, place) =>
    place < 60 && source % 5 === 0 ? place : 1000 * source + place,
  );
  return {
    ...(index % 3 === 0 ? {} : { id: `d${index}` }),
    text: index % 90 === 89 ? '' : `${own}${shared}`,
    url: index % 11 === 0 ? null : `u${index % 60}`,
    rank: (index * 13) % 17,
    ids,
  };
});

/** Lines with some that are broken, empty, or no document. */
function linesOf(start: number, end: number): string {
  const lines = toLines(documents.slice(start, end)).trimEnd().split('\n');
  lines.splice(7, 0, 'broken', '', '  ', '[1]');
  lines.splice(100, 0, '{"text":1}', '\r');
  return lines.join('\n');
}

async function writeInputs(): Promise<string[]> {
  await loadZstandard();
  writeFileSync(path('a.jsonl'), linesOf(0, 300));
  writeFileSync(path('b.jsonl.gz'), gzipSync(linesOf(300, 400)));
  writeFileSync(path('c.jsonl.zst'), compressZstandard(Buffer.from(linesOf(350, 450))));
  const rows = documents.slice(400, 500);
  const column = (name: 'text' | 'url', type: 'STRING') => ({ name, data: rows.map((row) => row[name]), type });
  const columnData = [
    column('text', 'STRING'),
    column('url', 'STRING'),
    { name: 'rank', data: rows.map(({ rank }) => rank), type: 'INT32' as const },
  ];
  writeFileSync(path('d.parquet'), Buffer.from(parquetWriteBuffer({ columnData })));
  return ['a.jsonl', 'b.jsonl.gz', 'c.jsonl.zst', 'd.parquet'].map((name) => path(name));
}

/** Runs a command on parts of 20 kB. */
async function run(args: string[], input = ''): Promise<{ stdout: string; stderr: string }> {
  const streams = { stdin: Readable.from([Buffer.from(input)]), stdout: new PassThrough(), stderr: new PassThrough() };
  const [stdout, stderr] = [text(streams.stdout), text(streams.stderr)];
  const given = parseCommandArguments(args[0] as Command, args.slice(1));
  await runCommand({ ...given, partBytes: 20_000 }, streams, folder);
  streams.stdout.end();
  streams.stderr.end();
  return { stdout: await stdout, stderr: await stderr };
}

/** Kept, removed and report. */
const results = (name: string) =>
  Object.fromEntries(Object.entries(snapshot(path(name))).filter(([file]) => !file.startsWith('stages')));

interface Report {
  counts: Record<string, number>;
  inputs: { path: string; problems: { line: number; problem: string }[] }[];
}
const reportOf = (name: string) => JSON.parse(readFileSync(path(name, 'report.json'), 'utf8')) as Report;

const COMMANDS: string[][] = [
  ['exact'],
  ['exact', '--field', 'url', '--priority', 'rank'],
  ['bloom', '--capacity', '2000'],
  ['sentences'],
  ['substrings', '--minimum-bytes', '60', '--memory', '2M'],
];

describe('files that are filtered in parts', () => {
  it.each(COMMANDS)('give the same bytes for 1, 2 and 7 workers: %s %s %s', { tags: ['slow'] }, async (...args) => {
    const inputs = await writeInputs();
    for (const workers of ['1', '2', '7']) {
      await run([...args, ...inputs, '-o', path(`out-${workers}`), '--workers', workers, '-q']);
      expect(results(`out-${workers}`)).toEqual(results('out-1'));
    }
    expect(Object.keys(results('out-1'))).toHaveLength(9);
    const { counts, inputs: reports } = reportOf('out-7');
    expect(counts).toMatchObject({ read: 609, broken: 9 });
    expect(counts.kept + counts.removed).toBe(600);
    expect(counts.removed).toBeGreaterThan(20);
    const broken = [8, 11, 101].map((line) => expect.objectContaining({ line }));
    expect(reports.map(({ problems }) => problems)).toEqual([broken, broken, broken, []]);
  });

  it('lose nothing where lists of tokens are cut', { tags: ['slow'] }, async () => {
    writeFileSync(path('a.jsonl'), linesOf(0, 300));
    for (const workers of ['1', '2', '7']) {
      await run(['substrings', path('a.jsonl'), '-o', path(workers), '--token-key', 'ids', '--workers', workers, '-q']);
      expect(results(workers)).toEqual(results('1'));
    }
    const { kept, removed, changed } = reportOf('7').counts;
    expect(kept + removed).toBe(300);
    expect(Math.min(changed, removed)).toBeGreaterThan(10);
  });

  it.each(COMMANDS.slice(0, 4))(
    'keep what is kept when one document is decided about after the other: %s %s',
    async (...args) => {
      writeFileSync(path('a.jsonl'), linesOf(0, 300));
      await run([...args, path('a.jsonl'), '-o', path('out'), '--workers', '2', '-q']);
      const removed = path('removed.jsonl');
      const { stdout } = await run([...args, path('a.jsonl'), '-o', '-', '--removed', removed, '--workers', '2', '-q']);
      expect(readFileSync(path('out', 'kept', 'a.jsonl'), 'utf8')).toBe(stdout);
      expect(readFileSync(path('out', 'removed', 'a.jsonl'), 'utf8')).toBe(readFileSync(removed, 'utf8'));
    },
  );

  it('may be standard input', async () => {
    const lines = linesOf(0, 300);
    writeFileSync(path('a.jsonl'), lines);
    await run(['exact', path('a.jsonl'), '-o', path('file'), '--workers', '2', '-q']);
    await run(['exact', '-', '-o', path('out'), '--workers', '2', '-q'], lines);
    const kept = readFileSync(path('out', 'kept', 'standard-input.jsonl'), 'utf8');
    expect(kept).toBe(readFileSync(path('file', 'kept', 'a.jsonl'), 'utf8'));
    const removed = readFileSync(path('file', 'removed', 'a.jsonl'), 'utf8').replaceAll(`${path('a.jsonl')}:`, '-:');
    expect(readFileSync(path('out', 'removed', 'standard-input.jsonl'), 'utf8')).toBe(removed);
  });

  it('write compressed results that are whole', async () => {
    writeFileSync(path('b.jsonl.gz'), gzipSync(linesOf(300, 400)));
    await run(['bloom', path('b.jsonl.gz'), '-o', path('out'), '--workers', '2', '-q']);
    const kept = gunzipSync(readFileSync(path('out', 'kept', 'b.jsonl.gz'))).toString();
    expect(kept.trimEnd().split('\n')).toHaveLength(reportOf('out').counts.kept);
  });

  it('have their lines named as those of the file where an error is in a later part', async () => {
    const lines = toLines(documents.map(({ text }) => ({ text }))).split('\n');
    lines[450] = '{"text":"x","rank":"high"}';
    writeFileSync(path('a.jsonl'), lines.join('\n'));
    const failed = run(['exact', path('a.jsonl'), '-o', path('out'), '--priority', 'rank', '--workers', '2', '-q']);
    await expect(failed).rejects.toThrow(`${path('a.jsonl')}:451: "rank" must be a number, got "high"`);
  });

  it('are not read again where that is done, and what is damaged is made again', async () => {
    const inputs = await writeInputs();
    const args = ['sentences', ...inputs, '-o', path('out'), '--workers', '2'];
    await run(args);
    const whole = results('out');
    rmSync(path('out', 'report.json'));
    truncateSync(path('out', 'stages', 'notes', '00001.notes'), 40);
    writeFileSync(path('out', 'kept', 'b.jsonl.gz'), 'x');
    const { stderr } = await run(args);
    expect(stderr.match(/[^/\n]*; it is made again/g)).toEqual([
      expect.stringContaining('00001.notes: has 40 bytes'),
      expect.stringContaining('b.jsonl.gz: has 1 bytes'),
    ]);
    expect(results('out')).toEqual(whole);
  });
});
