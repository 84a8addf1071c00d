import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readFailures } from './failure.ts';
import { snapshot, temporaryFolder } from './fixtures/temporary-folder.ts';
import { writeJsonl } from './jsonl-writer.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import { anyReader } from './read-any.ts';
import type { PipelineReport } from './report.ts';
import { runPipeline } from './run-pipeline.ts';
import { TaskFiles } from './task-files.ts';

const folder = temporaryFolder();
const stepsModule = new URL('fixtures/failing-steps.mjs', import.meta.url);
const inputs = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl.gz')];
const log = join(folder, 'log');
let folders = 0;
let straight: Record<string, string>;

beforeAll(async () => {
  for (const [index, path] of inputs.entries()) {
    const documents = Array.from({ length: 40 }, (_, line) => {
      return { id: `${'ab'[index]}${line}`, text: 'x'.repeat(1 + (line % 20)), metadata: {} };
    });
    await writeJsonl(path, documents);
    utimesSync(path, 1000, 1000);
  }
});

beforeEach(() => rmSync(log, { force: true }));

const freshFolder = () => join(folder, `run-${folders++}`);
const settings = (outputFolder: string, options: object = {}, changes: Partial<PipelineOptions> = {}) => ({
  inputs,
  stepsModule,
  outputFolder,
  workers: 1,
  checkpointRecords: 5,
  checkpointSeconds: 0,
  options: { log, failOn: 'a23', failures: 1, ...options },
  ...changes,
});
/** What has been worked on, in order, of one input. */
const workedOn = (input: string) =>
  readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .filter((id) => id.startsWith(input));
const range = (input: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `${input}${from + index}`);

/** A folder in which the first task has stopped at its twenty-fourth record. */
async function stoppedFolder(options: object = {}): Promise<string> {
  const outputFolder = freshFolder();
  await expect(runPipeline(settings(outputFolder, options))).rejects.toThrow('attempt 1 failed');
  return outputFolder;
}

beforeAll(async () => {
  const outputFolder = freshFolder();
  await runPipeline(settings(outputFolder, {}, { retries: 1 }));
  straight = snapshot(outputFolder);
});

describe('a task that fails', () => {
  it('is tried again from its last checkpoint, after the others', async () => {
    const outputFolder = freshFolder();
    await runPipeline(settings(outputFolder, {}, { retries: 1 }));
    expect(workedOn('')).toEqual([...range('a', 0, 24), ...range('b', 0, 40), ...range('a', 20, 40)]);
    expect(snapshot(outputFolder)).toEqual(straight);
  });

  it('begins at its first record when a step has memory that cannot be saved', async () => {
    await runPipeline(settings(freshFolder(), { forgetful: true }, { retries: 1 }));
    expect(workedOn('a')).toEqual([...range('a', 0, 24), ...range('a', 0, 40)]);
  });

  it('is noted down with input, record and attempts, the others finish, and it goes on when run again', async () => {
    const outputFolder = freshFolder();
    const files = new TaskFiles(outputFolder);
    await expect(runPipeline(settings(outputFolder, { failures: 3 }, { retries: 2 }))).rejects.toThrow(
      expect.objectContaining({ code: 'RECORD_FAILED', message: expect.stringContaining('record 24 (id "a23")') }),
    );
    expect(readFailures(files)).toMatchObject([
      { task: 0, input: inputs[0], code: 'RECORD_FAILED', attempts: 3, message: expect.stringContaining('attempt 3') },
    ]);
    expect(readdirSync(join(outputFolder, 'completions'))).toEqual(['00001.json']);
    expect(existsSync(files.report)).toBe(false);
    // The step knows its attempts from the log.
    writeFileSync(log, 'a23\na23\na23\n');
    await runPipeline(settings(outputFolder, { failures: 3 }));
    expect(workedOn('').slice(3)).toEqual(range('a', 20, 40));
    expect(readFailures(files)).toEqual([]);
    expect(Object.keys(snapshot(outputFolder))).toEqual(Object.keys(straight));
  });

  it('is one of several: the error counts them', async () => {
    const running = runPipeline(settings(freshFolder(), {}, { inputs: [...inputs.slice(1), 'x.jsonl', 'y.jsonl'] }));
    await expect(running).rejects.toThrow(
      expect.objectContaining({
        code: 'TASKS_FAILED',
        message: expect.stringMatching(/^2 of 3 tasks .* 1 are finished/),
      }),
    );
  });
});

describe('an output of any format', () => {
  it.each(['jsonl', 'jsonl.zst', 'parquet'])('is gone on with where it was: %s', async (format) => {
    const output = { path: `documents/\${rank}.${format}`, fileBytes: 4000 };
    const [stopped, whole] = [freshFolder(), freshFolder()];
    await expect(runPipeline(settings(stopped, {}, { output }))).rejects.toThrow('attempt 1 failed');
    rmSync(log);
    const { tasks } = await runPipeline(settings(whole, {}, { output, retries: 1 }));
    rmSync(log);
    await expect(runPipeline(settings(stopped, {}, { output }))).rejects.toThrow('attempt 1 failed');
    await runPipeline(settings(stopped, {}, { output }));
    expect(workedOn('a').slice(0, 4)).toEqual(['a20', 'a21', 'a22', 'a23']);
    expect(snapshot(stopped)).toEqual(snapshot(whole));
    const paths = tasks.flatMap(({ documents }) => documents.map((name) => join(whole, name)));
    expect(paths.length).toBeGreaterThanOrEqual(2);
    const ids = [];
    const context = { reached() {}, reportBytes() {} };
    for (const path of paths) for await (const item of anyReader()(path, context)) ids.push(item);
    expect(ids).toHaveLength(56);
  });
});

describe('what an interrupted run has left', () => {
  it('is gone on with, to the same bytes', async () => {
    const outputFolder = await stoppedFolder();
    expect(readdirSync(outputFolder)).toContain('unfinished');
    await runPipeline(settings(outputFolder));
    expect(snapshot(outputFolder)).toEqual(straight);
  });

  it.each([
    ['checkpoint.json', 'a byte is another', (bytes: Buffer) => bytes.fill('x', 200, 201)],
    ['checkpoint.json', 'it is cut off', (bytes: Buffer) => bytes.subarray(0, 100)],
    ['documents/00000.jsonl.gz', 'a byte is another', (bytes: Buffer) => bytes.fill('x', 50, 51)],
    ['documents/00000.jsonl.gz', 'it is cut off', (bytes: Buffer) => bytes.subarray(0, 20)],
    ['removed/work.third/00000.jsonl.gz', 'it is empty', () => Buffer.alloc(0)],
  ])('is found when %s is damaged (%s), and done again', async (name, _, damage) => {
    const outputFolder = await stoppedFolder();
    const path = join(outputFolder, 'unfinished/00000', name);
    writeFileSync(path, damage(readFileSync(path)));
    rmSync(log);
    await expect(runPipeline(settings(outputFolder))).rejects.toThrow('attempt 1 failed');
    expect(workedOn('a')).toEqual(range('a', 0, 24));
    await runPipeline(settings(outputFolder));
    expect(snapshot(outputFolder)).toEqual(straight);
  });

  it.each(['completions/00001.json', 'documents/00001.jsonl.gz', 'stats/00001.json'])(
    'is found when %s of a finished task is damaged, and done again',
    async (name) => {
      const outputFolder = freshFolder();
      await runPipeline(settings(outputFolder, {}, { retries: 1 }));
      writeFileSync(join(outputFolder, name), readFileSync(join(outputFolder, name)).subarray(0, -3));
      rmSync(log);
      await runPipeline(settings(outputFolder));
      expect(workedOn('')).toEqual(range('b', 0, 40));
      expect(snapshot(outputFolder)).toEqual(straight);
    },
  );
});

describe('results of other settings', () => {
  const refusal = (what: string) =>
    expect.objectContaining({ code: 'CONFIG_CHANGED', message: expect.stringContaining(what) });

  it.each([
    ['options.failures was 1 and is 9', settings('', { failures: 9 })],
    ['splitBytes was 268435456 and is 200', settings('', {}, { splitBytes: 200 })],
    ['output.fileBytes was not set and is 7', settings('', {}, { output: { fileBytes: 7 } })],
    ['version was "" and is "2"', settings('', {}, { version: '2' })],
    ['is gone', settings('', {}, { inputs: inputs.slice(0, 1) })],
    ['the inputs are in another order', settings('', {}, { inputs: inputs.toReversed() })],
  ])('are not touched: %s', async (what, changed) => {
    const outputFolder = await stoppedFolder();
    const before = snapshot(outputFolder);
    await expect(runPipeline({ ...changed, outputFolder })).rejects.toThrow(refusal(what));
    expect(snapshot(outputFolder)).toEqual(before);
  });

  it('are not touched when an input has changed, nor when the plan is lost', async () => {
    const outputFolder = await stoppedFolder();
    utimesSync(inputs[1], 1, 1);
    await expect(runPipeline(settings(outputFolder))).rejects.toThrow(refusal(`the input ${inputs[1]} has changed`));
    rmSync(join(outputFolder, 'plan.json'));
    await expect(runPipeline(settings(outputFolder))).rejects.toThrow(refusal('plan.json is lost'));
    utimesSync(inputs[1], 1000, 1000);
    await runPipeline(settings(outputFolder));
    expect(snapshot(outputFolder)).toEqual(straight);
  });

  it('are done again where they changed, or all of them, when asked', async () => {
    const outputFolder = freshFolder();
    await runPipeline(settings(outputFolder, {}, { retries: 1 }));
    rmSync(log);
    await runPipeline(settings(outputFolder, {}, { inputs: inputs.slice(0, 1), restart: 'if-changed' }));
    expect(existsSync(log)).toBe(false);
    expect(Object.keys(snapshot(outputFolder)).filter((name) => name.includes('00001'))).toEqual([]);
    await runPipeline(settings(outputFolder, {}, { restart: 'always', retries: 1 }));
    expect(workedOn('b')).toEqual(range('b', 0, 40));
    expect(snapshot(outputFolder)).toEqual(straight);
  });
});

describe('splits', () => {
  it.each([
    [
      'overlap',
      [
        { start: 0, end: 5 },
        { start: 4, end: 9 },
      ],
    ],
    ['are none', []],
    ['are no numbers', [{ start: 'a', end: 'b' }]],
  ])('that %s are refused before anything is done', async (_, splits) => {
    const path = join(folder, `splits-${folders++}.mjs`);
    const read = `Object.assign(async function* () {}, { splits: () => (${JSON.stringify(splits)}) })`;
    writeFileSync(path, `export const createSteps = () => ({ read: ${read}, steps: [] });`);
    const running = runPipeline(settings(freshFolder(), {}, { stepsModule: new URL(`file://${path}`) }));
    await expect(running).rejects.toThrow(
      expect.objectContaining({ code: 'STEPS_FAILED', message: expect.stringContaining(`must split ${inputs[0]}`) }),
    );
  });
});

describe('a full disk', () => {
  it('ends the run with a coded error that names the file, keeps what is finished, and is gone on after', async () => {
    const path = join(folder, 'noise.jsonl');
    const noise = (line: number) =>
      Array.from({ length: 3000 }, (_, at) => ((line * 7919 + at * at * 31) % 9973).toString(36));
    await writeJsonl(
      path,
      Array.from({ length: 60 }, (_, line) => ({ id: `n${line}`, text: noise(line).join('') })),
    );
    const outputFolder = freshFolder();
    const options = settings(outputFolder, {}, { inputs: [inputs[1], path], stepsModule: stepsModule.href });
    const script = fileURLToPath(new URL('fixtures/run-and-wait.mjs', import.meta.url));
    const limited = ['-c', 'ulimit -f 100; "$0" "$1" "$2" || true', process.execPath, script, JSON.stringify(options)];
    const output = execFileSync('sh', limited).toString();
    expect(output).toMatch(/^WRITE_FAILED cannot write .*unfinished.00001.documents.00001\.jsonl\.gz: EFBIG/);
    expect(readdirSync(join(outputFolder, 'completions'))).toEqual(['00000.json']);
    const [afterwards, fresh] = [
      await runPipeline(options),
      await runPipeline({ ...options, outputFolder: freshFolder() }),
    ];
    expect(afterwards).toEqual(fresh);
  });
});

describe('a hostile input', () => {
  it('of a gigabyte of nothing in a megabyte takes no more memory than another', { tags: ['slow'] }, async () => {
    const path = join(folder, 'bomb.jsonl.gz');
    const zeros = gzipSync(Buffer.alloc(64 << 20));
    const last = gzipSync('\n{"id":"z","text":"a fine text"}\n');
    writeFileSync(path, Buffer.concat([...Array.from({ length: 16 }, () => zeros), last]));
    const outputFolder = freshFolder();
    const options = settings(outputFolder, {}, { inputs: [path], stepsModule: stepsModule.href, workerMegabytes: 128 });
    const script = fileURLToPath(new URL('fixtures/run-and-wait.mjs', import.meta.url));
    const output = execFileSync(process.execPath, [script, JSON.stringify(options)], { encoding: 'utf8' });
    const peak = Number(/^peak (\d+) MB$/m.exec(output)?.[1]);
    expect(peak).toBeGreaterThan(10);
    expect(peak).toBeLessThan(500);
    const report = JSON.parse(readFileSync(join(outputFolder, 'report.json'), 'utf8')) as PipelineReport;
    expect(report).toMatchObject({ read: 2, kept: 1, unreadable: { line_too_long: 1 } });
  });
});
