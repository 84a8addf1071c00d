import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WINDOWS } from './fixtures/lorem.fixture.ts';
import { runCli } from './run-cli.ts';

const LINES = WINDOWS.map((window) => `${JSON.stringify(window)}\n`).join('');
let folder: string;
let input: string;

async function run(args: string[], stdin = '') {
  const streams = { stdin: Readable.from([stdin]), stdout: new PassThrough(), stderr: new PassThrough() };
  const [stdout, stderr] = [text(streams.stdout), text(streams.stderr)];
  const code = await runCli(args, streams);
  streams.stdout.end();
  streams.stderr.end();
  return { code, stdout: await stdout, stderr: await stderr };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dedup-cli-'));
  input = join(folder, 'in.jsonl');
  writeFileSync(input, LINES);
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('smol-dedup', () => {
  const summary = '16 documents, 6 kept (37.5 %), removed 0 exact and 10 near duplicates in 4 clusters\n';

  it('writes what it keeps, what it removes and a report', async () => {
    const [output, removed, report] = ['out.jsonl', 'removed.jsonl', 'report.json'].map((name) => join(folder, name));
    const args = [input, '-o', output, '--removed', removed, '--report', report, '--preset', 'fineweb'];
    expect(await run(args)).toEqual({ code: 0, stdout: '', stderr: summary });
    expect(readFileSync(output, 'utf8').split('\n')).toHaveLength(7);
    expect(readFileSync(removed, 'utf8').split('\n')).toHaveLength(11);
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({
      inputs: [input],
      near: { hash: 'sha1-64' },
      counts: { clusterSizes: { 2: 1, 3: 1, 4: 1, 5: 1 } },
      expectedRecall: { 0.8: expect.closeTo(0.9235, 4) },
    });
  });

  it('passes documents from standard input to standard output', async () => {
    const { stdout, stderr } = await run(['-', '-o', '-', '-q'], LINES);
    expect(stdout.trimEnd().split('\n')).toEqual([0, 3, 5, 10, 14, 15].map((index) => JSON.stringify(WINDOWS[index])));
    expect(stderr).toBe('');
  });

  it('only reports when no output is asked for', async () => {
    const { stdout } = await run([input, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ counts: { documents: 16, kept: 6 } });
    expect(readdirSync(folder)).toEqual(['in.jsonl']);
  });

  it('says what it can do', async () => {
    expect((await run(['--help'])).stdout).toContain('Examples:');
    expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['missing.jsonl'], 1, 'smol-dedup: missing.jsonl: no such file\n'],
    [['--preset', 'none', 'x'], 1, 'smol-dedup: preset must be one of fineweb, fineweb2, finepdfs, got "none"\n'],
    [['x', '--report', 'x'], 1, 'smol-dedup: x: the report would be written over another file; choose another name\n'],
    [[], 2, 'smol-dedup: no input file; try smol-dedup --help\n'],
  ])('answers %j with code %i', async (args, code, stderr) => {
    expect(await run(args)).toEqual({ code, stdout: '', stderr });
  });
});
