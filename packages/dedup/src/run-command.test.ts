import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WINDOWS } from './fixtures/lorem.fixture.ts';
import { toLines } from './fixtures/near-copies.fixture.ts';
import { describeProgress } from './progress-line.ts';
import { runCli } from './run-cli.ts';

let folder: string;
const path = (...names: string[]) => join(folder, ...names);

const run = (...args: string[]) => runWith('', ...args);

async function runWith(input: string, ...args: string[]) {
  const streams = { stdin: Readable.from([Buffer.from(input)]), stdout: new PassThrough(), stderr: new PassThrough() };
  const [stdout, stderr] = [text(streams.stdout), text(streams.stderr)];
  const code = await runCli(args, streams);
  streams.stdout.end();
  streams.stderr.end();
  return { code, stdout: await stdout, stderr: await stderr };
}

const readRecords = (...names: string[]) =>
  readFileSync(path(...names), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { id: string; text: string; metadata: Record<string, unknown> });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dedup-command-'));
  writeFileSync(path('in.jsonl'), toLines(WINDOWS));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('smol-dedup minhash', () => {
  it('writes kept and removed documents and a report, and explains them', async () => {
    const { code, stderr } = await run('minhash', path('in.jsonl'), '--output', path('out'), '--preset', 'fineweb');
    expect(code).toBe(0);
    expect(stderr).toContain('up to 336 MB of memory, 1 workers\n');
    expect(stderr).toContain('16 records, 6 kept (37.5 %), 10 removed in 4 clusters\n');
    expect(readRecords('out', 'removed', 'in.jsonl')[0]).toMatchObject({
      id: '0_20',
      metadata: { filter_reason: 'near_duplicate', duplicate_of: '0_0' },
    });
    const explained = await run('explain', path('out'), '0_20');
    expect(explained.stdout).toContain('0_20 was removed: near_duplicate of 0_0\nJaccard similarity 0.833');
    const { stdout } = await run('explain', path('out'), '0_20', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ kept: false, jaccard: 0.8333333333333334, duplicateOf: '0_0' });
    expect((JSON.parse(stdout) as { bands: number[] }).bands.length).toBeGreaterThan(0);
    const windows = [WINDOWS[0], WINDOWS[1]].map((window) => window.text.toLowerCase().replace(/\W+/g, ' '));
    const { sharedText } = JSON.parse(stdout) as { sharedText: string };
    expect(windows.every((window) => window.includes(sharedText))).toBe(true);
    expect(sharedText.length).toBeGreaterThan(300);
    expect((await run('explain', path('out'), '0_0')).stdout).toBe('0_0 is kept\n');
  });

  it('leaves out what an earlier run had', async () => {
    await run('minhash', path('in.jsonl'), '-o', path('out'), '--save-index', path('index'));
    const { stderr } = await run('minhash', path('in.jsonl'), '-o', path('again'), '--index', path('index'));
    expect(stderr).toContain('16 records, 0 kept (0.0 %), 16 removed');
  });

  it('says before the start what will be needed and found', async () => {
    const { stdout } = await run('plan', path('in.jsonl'), '--workers', '2', '--memory', '600M', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      documents: 16,
      stageBytes: 16 * (14 * 68 + 48),
      memory: { signatures: 600 * 2 ** 20, matching: 600 * 2 ** 20, filtering: 256 * 2 ** 20 },
      expectedRecall: { 0.8: expect.closeTo(0.9235, 4) },
    });
    expect((await run('plan', path('in.jsonl'))).stdout).toContain('about 16 documents (16 read)');
  });
});

describe('smol-dedup', () => {
  const records = [
    { id: 'a', url: 'u1', text: 'Same text.' },
    { id: 'b', url: 'u2', text: 'same  text' },
    { id: 'c', url: 'u1', text: 'Other text.' },
    { id: 'd', text: 'Same text.' },
  ];
  const kept = (name: string) => readRecords(name, 'kept', 'in.jsonl').map(({ id }) => id);

  it.each([
    [[], ['a', 'b', 'c']],
    [
      ['--key', 'normalized'],
      ['a', 'c'],
    ],
    [
      ['--field', 'url'],
      ['a', 'b', 'd'],
    ],
  ])('finds equal documents: %j', async (options, expected) => {
    writeFileSync(path('in.jsonl'), toLines(records));
    for (const command of ['exact', 'bloom']) {
      expect((await run(command, path('in.jsonl'), '-o', path(command), ...options, '-q')).stderr).toBe('');
      expect(kept(command)).toEqual(expected);
    }
    expect(readRecords('exact', 'removed', 'in.jsonl')[0].metadata.duplicate_of).toBe('a');
    const report = JSON.parse(readFileSync(path('bloom', 'report.json'), 'utf8')) as { filter: object };
    expect(report.filter).toMatchObject({
      askedRate: 0.001,
      keys: new Set(expected).size - (options[0] === '--field' ? 1 : 0),
    });
  });

  it('keeps what has the highest priority, the first of several', async () => {
    const ranked = [-1, 0, 5, 5].map((rank, index) => ({ id: `p${index}`, text: 'Same.', rank }));
    writeFileSync(path('in.jsonl'), toLines([...ranked, { id: 'q', text: 'Other.', rank: -2 }]));
    await run('exact', path('in.jsonl'), '-o', path('out'), '--priority', 'rank');
    expect(kept('out')).toEqual(['p2', 'q']);
    expect(readRecords('out', 'removed', 'in.jsonl').map(({ metadata }) => metadata.duplicate_of)).toEqual([
      'p2',
      'p2',
      'p2',
    ]);
    writeFileSync(path('in.jsonl'), toLines([{ text: 'x', rank: 'high' }]));
    const failed = await run('exact', path('in.jsonl'), '-o', path('other'), '--priority', 'rank');
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('"rank" must be a number, got "high"') });
  });

  it('cuts repeated sentences and keeps the other fields', async () => {
    const long = 'The first is a sentence with a number of words in it, so that enough is left of it to stay. ';
    const more = `${long}${long.replace('first', 'second')}${long.replace('first', 'third')}`;
    const span = 'Accept cookies. Read terms. Sign up. ';
    writeFileSync(path('in.jsonl'), toLines([{ text: span }, { text: span }, { n: 1, text: `${span}${more}` }]));
    await run('sentences', path('in.jsonl'), '-o', path('out'));
    expect(readRecords('out', 'kept', 'in.jsonl')[1]).toEqual({
      n: 1,
      text: more,
      metadata: { repeated_spans: [span] },
    });
    expect(readRecords('out', 'removed', 'in.jsonl')[0].metadata.filter_reason).toBe('repeated_sentences');
  });

  it('cuts what stands elsewhere, and says where it was', async () => {
    const words = (name: string) => Array.from({ length: 60 }, (_, index) => `${name}${index}`).join(' ');
    const notice = 'This notice stands on every page of the site. ';
    writeFileSync(
      path('in.jsonl'),
      toLines([{ text: notice + words('a') }, { text: notice }, { text: notice + words('b') }]),
    );
    await run('substrings', path('in.jsonl'), '-o', path('out'), '--minimum-bytes', '40');
    expect(readRecords('out', 'kept', 'in.jsonl')[1]).toEqual({
      text: words('b'),
      metadata: { repeated_ranges: [[0, notice.length]] },
    });
    expect(readRecords('out', 'removed', 'in.jsonl')).toHaveLength(1);
    await run('substrings', path('in.jsonl'), '-o', path('less'), '--minimum-bytes', '40', '--memory', '1K');
    expect(readFileSync(path('less', 'kept', 'in.jsonl'))).toEqual(readFileSync(path('out', 'kept', 'in.jsonl')));
    const report = JSON.parse(readFileSync(path('out', 'report.json'), 'utf8')) as object;
    expect(report).toMatchObject({
      removedByKind: { repeated_substrings: 1 },
      counts: { read: 3, kept: 2, removed: 1 },
    });
  });

  it('cuts lists of token ids, and leaves the text', async () => {
    const shared = Array.from({ length: 60 }, (_, index) => index * 7);
    const own = (seed: number) => Array.from({ length: 60 }, (_, index) => 50_000 + seed * 60 + index);
    const records = [1, 2].map((seed) => ({ text: 'x', ids: [...shared, ...own(seed)] }));
    writeFileSync(path('in.jsonl'), toLines([...records, { text: 'y', ids: shared }]));
    await run('substrings', path('in.jsonl'), '-o', path('out'), '--token-key', 'ids');
    const kept = readRecords('out', 'kept', 'in.jsonl') as unknown as { ids: number[]; text: string }[];
    expect(kept.map(({ ids }) => ids)).toEqual([records[0].ids, own(2)]);
    expect(readRecords('out', 'removed', 'in.jsonl')[0].metadata.repeated_ranges).toEqual([[0, 60]]);
    writeFileSync(path('in.jsonl'), toLines([{ text: 'x', ids: [1, -2] }]));
    const failed = await run('substrings', path('in.jsonl'), '-o', path('no'), '--token-key', 'ids');
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('"ids" must be a list of token ids') });
  });

  it('removes what evaluations say, and says what matched', async () => {
    writeFileSync(
      path('tests.jsonl'),
      toLines([{ task: 'mice', query: 'The house mouse', text: 'is a small mammal.' }]),
    );
    writeFileSync(
      path('in.jsonl'),
      toLines([{ text: 'We know: the house mouse is a pet.' }, { text: 'A mouse is a pet.' }]),
    );
    const args = [
      'decontaminate',
      path('in.jsonl'),
      '--against',
      path('tests.jsonl'),
      '--ngram',
      '4',
      '-o',
      path('out'),
    ];
    const refused = await run(...args, '--workers', '2', '--memory', '256M');
    const message = 'memory must be at least 269221888 bytes for 2 workers and these evaluations, got 268435456';
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
    expect((await run(...args, '--workers', '2', '--memory', '257M')).stderr).toContain(
      'up to 269 MB of memory, 2 workers',
    );
    expect(readRecords('out', 'removed', 'in.jsonl')[0].metadata).toEqual({
      filter_reason: 'contaminated',
      contaminated_task: 'mice',
      contaminated_ngram: 'the house mouse is',
    });
    expect(JSON.parse(readFileSync(path('out', 'report.json'), 'utf8'))).toMatchObject({
      tasks: { mice: 1 },
      counts: { kept: 1, removed: 1 },
    });
  });

  it.each([
    [['minhash', 'x'], 2, 'minhash needs --output DIR'],
    [['minhash', '-', '-o', 'y'], 2, 'minhash reads its inputs more than once and goes on where it was: - is none'],
    [['substrings', 'x', '-o', '-'], 2, '- is none, give files'],
    [['plan', '-'], 2, '- is none, give files'],
    [['bloom', '-', '-', '-o', '-'], 2, '- can be read once only'],
    [['bloom', '-', '-o', '-', '--json'], 2, '--json and --output - both mean standard output'],
    [['bloom', 'x', '-o', 'y', '--removed', 'z'], 2, '--removed is for --output -'],
    [['bloom', 'x', '-o', '-', '--removed', 'x'], 2, '--removed x is an input'],
    [['decontaminate', 'x', '-o', 'y', '--against', 'z', '--workers', '1.5'], 1, 'workers must be a positive integer'],
    [['bloom', 'x.parquet', '-o', '-'], 2, 'rows of Parquet cannot be written to standard output'],
    [['minhash', 'none.jsonl', '-o', 'y'], 1, 'none.jsonl: no such file'],
    [['exact', 'x', '-o', 'y', '--workers', '0'], 1, 'workers must be a positive integer'],
    [['exact', 'x', '-o', 'y', '--bands', '3'], 2, "Unknown option '--bands'"],
    [['exact', 'x', '-o', 'y', '--key', 'z'], 2, '--key must be one of text, compact, normalized, got "z"'],
    [['plan', 'x', '--memory', '1T'], 2, '--memory must be a number of bytes such as 512M, got "1T"'],
    [['plan', 'x', '--rows', 'many'], 2, '--rows must be a number, got "many"'],
    [['explain', 'x'], 2, 'explain takes the folder of a run and the id'],
    [['explain', 'none', 'id'], 1, 'report.json: cannot be read'],
    [['decontaminate', 'x', '-o', 'y'], 2, 'decontaminate needs --against FILE'],
  ])('answers %j with code %i', async (args, code, message) => {
    const result = await run(...args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(message);
  });

  it('tells rate and time left', () => {
    const progress = { stage: 'signatures', done: 25e6, total: 100e6, unit: 'bytes' };
    expect(describeProgress(progress, 10)).toBe('signatures: 25 % of 100 MB, 2.5/s, 30 s left');
    expect(describeProgress({ ...progress, total: 1e12 }, 10)).toContain('left');
  });
});

describe('smol-dedup between pipes', () => {
  const records = ['a b c', 'd e f', 'a b c', 'g'].map((text, index) => ({ n: index, text }));
  const input = `${toLines(records.slice(0, 2))}broken\n${toLines(records.slice(2))}`;

  it.each(['exact', 'bloom'])(
    '%s writes what it keeps to standard output, and the rest where it is told',
    async (command) => {
      const { code, stdout, stderr } = await runWith(
        input,
        command,
        '-',
        '-o',
        '-',
        '--removed',
        path('removed.jsonl'),
      );
      expect(code).toBe(0);
      expect(stdout).toBe(toLines([records[0], records[1], records[3]]));
      expect(stderr).toContain('-:3: not JSON, left out\n5 records, 3 kept (60.0 %), 1 removed\n');
      const { metadata } = readRecords('removed.jsonl')[0];
      expect(metadata).toMatchObject(
        command === 'exact' ? { duplicate_of: '-:1' } : { filter_reason: 'bloom_duplicate' },
      );
    },
  );

  it('gives the same lines as from a file into a folder', async () => {
    const passage = WINDOWS.map(({ text }) => text).join(' ');
    const repeated = `${toLines([{ id: 'a', text: passage }])}${toLines([{ id: 'b', text: `Before. ${passage} After all.` }])}`;
    writeFileSync(path('repeated.jsonl'), repeated);
    for (const args of [['sentences'], ['decontaminate', '--against', path('in.jsonl')]]) {
      await run(...args, path('repeated.jsonl'), '-o', path(args[0]));
      const { stdout } = await runWith(repeated, ...args, '-', '-o', '-');
      expect(stdout).toBe(readFileSync(path(args[0], 'kept', 'repeated.jsonl'), 'utf8'));
    }
  });

  it('puts standard input into a folder, too', async () => {
    const { code } = await runWith(input, 'bloom', path('in.jsonl'), '-', '-o', path('out'));
    expect(code).toBe(0);
    expect(readFileSync(path('out', 'kept', 'standard-input.jsonl'), 'utf8')).toBe(
      toLines([records[0], records[1], records[3]]),
    );
  });

  it('takes one document after the other from a stream without end', async () => {
    let sent = 0;
    const lines = function* () {
      for (; sent < 3000; sent++) yield Buffer.from(`{"text":"${sent % 10} ${'x'.repeat(1000)}"}\n`);
    };
    const stdout = new PassThrough();
    const first = once(stdout, 'data').then(() => sent);
    const done = runCli(['bloom', '-', '-o', '-', '-q'], {
      stdin: Readable.from(lines()),
      stdout,
      stderr: new PassThrough(),
    });
    expect(await first).toBeLessThan(100);
    stdout.resume();
    expect(await done).toBe(0);
  });
});
