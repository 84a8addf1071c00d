import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { collect, snapshot, temporaryFolder } from './fixtures/temporary-folder.ts';
import { writeJsonl } from './jsonl-writer.ts';
import type { PipelineProgress } from './progress.ts';
import { readJsonl } from './read-jsonl.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import { runPipeline } from './run-pipeline.ts';

const folder = temporaryFolder();
const stepsModule = new URL('fixtures/steps.mjs', import.meta.url);
const inputs = Array.from({ length: 6 }, (_, index) => join(folder, 'inputs', `part-${index}.jsonl.gz`));
let runNumber = 0;

beforeAll(async () => {
  for (const [index, path] of inputs.entries()) {
    const documents = Array.from({ length: 30 }, (_, line) => {
      const text = line % 5 === 0 ? 'short' : `part ${index} text ${line % 12} word`;
      return { id: `${index}-d${line}`, text, metadata: {} };
    });
    await writeJsonl(path, documents);
  }
});

const freshFolder = () => join(folder, `run-${runNumber++}`);

function settings(outputFolder: string, changes: Partial<PipelineOptions> = {}, options: object = {}): PipelineOptions {
  return { inputs, stepsModule, outputFolder, workers: 2, options: { minimum: 8, ...options }, ...changes };
}

/** The ids that steps have really worked on, from a log they write. */
function worked(log: string): string[] {
  const ids = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  rmSync(log, { force: true });
  return [...new Set(ids.map((id) => id.split('-')[0]))].sort();
}

describe('runPipeline', () => {
  it('writes what is kept, what is removed and why, and the counts', async () => {
    const outputFolder = freshFolder();
    const report = await runPipeline(settings(outputFolder));
    expect(report).toMatchObject({ read: 180, kept: 72, unreadable: {} });
    expect(report.steps.map(({ name, in: seen, out, dropped }) => ({ name, seen, out, dropped }))).toEqual([
      { name: 'work', seen: 180, out: 180, dropped: {} },
      { name: 'length', seen: 180, out: 144, dropped: { too_short: 36 } },
      { name: 'unique', seen: 144, out: 72, dropped: { dropped: 72 } },
      { name: 'upper', seen: 72, out: 72, dropped: {} },
    ]);
    expect(report.steps[3].counts.letters).toBe(report.keptCharacters);
    expect(report.tasks[5]).toMatchObject({ task: 5, input: inputs[5], read: 30, kept: 12 });
    expect(report.tasks[5].documents).toEqual(['documents/00005.jsonl.gz']);
    expect(JSON.parse(readFileSync(join(outputFolder, 'report.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(report)),
    );
    const kept = await collect(readJsonl(join(outputFolder, 'documents/00003.jsonl.gz')));
    expect(kept[0]).toEqual({ id: '3-d1', text: 'PART 3 TEXT 1 WORD', metadata: {} });
    const removed = await collect(readJsonl(join(outputFolder, 'removed/length.too_short/00003.jsonl.gz')));
    const why = { step: 'length', reason: 'too_short', value: 5, limit: 8 };
    expect(removed[0]).toEqual({ id: '3-d0', text: 'short', metadata: { removed: why } });
    expect(readdirSync(join(outputFolder, 'removed')).sort()).toEqual(['length.too_short', 'unique.dropped']);
  });

  it('gives the same files for any number of workers', async () => {
    const folders = [freshFolder(), freshFolder(), freshFolder()];
    for (const [index, workers] of [1, 2, 5].entries()) await runPipeline(settings(folders[index], { workers }));
    const [one, two, five] = folders.map(snapshot);
    expect(Object.keys(one).length).toBe(6 * 5 + 2);
    expect(two).toEqual(one);
    expect(five).toEqual(one);
  });

  it('does finished tasks no second time, unless input, options, version or steps are others and it may', async () => {
    const outputFolder = freshFolder();
    const log = join(folder, 'log');
    const run = (changes: Partial<PipelineOptions> = {}, options: object = {}) =>
      runPipeline(settings(outputFolder, { workers: 1, restart: 'if-changed', ...changes }, { log, ...options }));
    const first = await run();
    expect(worked(log)).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(await run()).toEqual(first);
    expect(worked(log)).toEqual([]);
    utimesSync(inputs[2], 1, 1);
    rmSync(join(outputFolder, 'documents/00004.jsonl.gz'));
    writeFileSync(join(outputFolder, 'stats/00005.json'), '{');
    expect(await run()).toEqual(first);
    expect(worked(log)).toEqual(['2', '4', '5']);
    expect((await run({}, { minimum: 3 })).kept).toBeGreaterThan(first.kept);
    expect(worked(log)).toHaveLength(6);
    await run({ version: '2' }, { minimum: 3 });
    expect(worked(log)).toHaveLength(6);
  });

  it('leaves nothing of an earlier run with other inputs or reasons', async () => {
    const [used, fresh] = [freshFolder(), freshFolder()];
    await runPipeline(settings(used, {}, { minimum: 1000 }));
    await runPipeline(settings(used, { inputs: inputs.slice(0, 2), restart: 'if-changed' }));
    await runPipeline(settings(fresh, { inputs: inputs.slice(0, 2) }));
    expect(snapshot(used)).toEqual(snapshot(fresh));
  });

  it('tells how far it is', async () => {
    const reports: PipelineProgress[] = [];
    const onProgress = (progress: PipelineProgress) => reports.push(progress);
    const outputFolder = freshFolder();
    await runPipeline(settings(outputFolder, { onProgress, workers: 1 }, { delay: 5 }));
    expect(reports.length).toBeGreaterThan(2);
    expect(reports.at(-1)).toMatchObject({ documents: 180, kept: 72, tasks: 6, tasksDone: 6, share: 1 });
    expect(reports.at(-1)?.bytes).toBe(reports.at(-1)?.totalBytes);
    expect(reports[1].share).toBeLessThan(1);
    expect(reports[1].documentsPerSecond).toBeGreaterThan(0);
    expect(reports.at(-2)?.secondsLeft).toBeGreaterThanOrEqual(0);
    reports.length = 0;
    await runPipeline(settings(outputFolder, { onProgress }, { delay: 5 }));
    expect(reports.at(-1)).toMatchObject({ documents: 0, tasksDone: 6, share: 1 });
  });
});

describe('a run that is interrupted', () => {
  it('by a signal stops cleanly, and goes on', async () => {
    const outputFolder = freshFolder();
    const controller = new AbortController();
    const onProgress = ({ tasksDone }: PipelineProgress) => tasksDone >= 1 && controller.abort();
    const running = runPipeline(
      settings(outputFolder, { workers: 1, onProgress, signal: controller.signal }, { delay: 5 }),
    );
    await expect(running).rejects.toThrow(
      expect.objectContaining({ code: 'STOPPED', message: expect.stringMatching(/[1-5] of 6 tasks are finished/) }),
    );
    expect(Object.keys(snapshot(outputFolder)).filter((path) => /partial|running/.test(path))).toEqual([]);
    const done = readdirSync(join(outputFolder, 'completions')).length;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(6);
    expect((await runPipeline(settings(outputFolder, {}, { delay: 5 }))).kept).toBe(72);
  });

  it('before it begins does nothing', async () => {
    const outputFolder = freshFolder();
    await expect(runPipeline(settings(outputFolder, { signal: AbortSignal.abort() }))).rejects.toThrow('0 of 6');
    expect(Object.keys(snapshot(outputFolder))).toEqual(['plan.json']);
  });

  it('in a step that never returns ends the thread', { tags: ['slow'] }, async () => {
    const running = runPipeline(
      settings(freshFolder(), { signal: AbortSignal.timeout(300) }, { loopOn: 'part 1 text 3' }),
    );
    await expect(running).rejects.toThrow(expect.objectContaining({ code: 'STOPPED' }));
  });
});

describe('a failure', () => {
  it('in a step names the step, the record and the file, and the others finish', async () => {
    const outputFolder = freshFolder();
    const running = runPipeline(settings(outputFolder, { workers: 1 }, { throwOn: 'part 2 text 3' }));
    await expect(running).rejects.toThrow(
      expect.objectContaining({
        code: 'RECORD_FAILED',
        message: expect.stringContaining(
          `step "work" failed on record 4 (id "2-d3") of ${inputs[2]}: cannot work on this`,
        ),
        cause: expect.objectContaining({ name: 'TypeError' }),
      }),
    );
    const others = ['00000', '00001', '00003', '00004', '00005'];
    expect(readdirSync(join(outputFolder, 'completions'))).toEqual(others.map((name) => `${name}.json`));
    expect(readdirSync(join(outputFolder, 'documents'))).toEqual(others.map((name) => `${name}.jsonl.gz`));
  });

  it('in a step can be counted instead', async () => {
    const outputFolder = freshFolder();
    const report = await runPipeline(settings(outputFolder, { onRecordError: 'drop' }, { throwOn: 'part 2 text 3' }));
    expect(report.steps[0].dropped).toEqual({ record_error: 2 });
    const removed = await collect(readJsonl(join(outputFolder, 'removed/work.record_error/00002.jsonl.gz')));
    expect(removed[0].metadata.removed).toMatchObject({ message: 'cannot work on this' });
  });

  it('in reading names the file', async () => {
    const running = runPipeline(settings(freshFolder(), { inputs: ['tape:1'] }, { failInRead: true }));
    await expect(running).rejects.toThrow('cannot read tape:1: the disk holding tape:1 is gone');
    const missing = runPipeline(settings(freshFolder(), { inputs: [inputs[0], join(folder, 'nowhere.jsonl')] }));
    await expect(missing).rejects.toThrow(expect.objectContaining({ code: 'FILE_NOT_FOUND' }));
  });

  it('in the data is counted and kept for a look', async () => {
    const outputFolder = freshFolder();
    const path = join(folder, 'damaged.jsonl');
    writeFileSync(path, '{"id":"a","text":"a fine text"}\n{"id":"b","te');
    const report = await runPipeline(settings(outputFolder, { inputs: [path] }));
    expect(report).toMatchObject({ read: 2, kept: 1, unreadable: { damaged_line: 1 } });
    const [line] = readFileSync(join(outputFolder, 'stats/00000.json'), 'utf8').match(/damaged_line": 1/) ?? [];
    expect(line).toBeDefined();
    expect(existsSync(join(outputFolder, 'removed/read.damaged_line/00000.jsonl.gz'))).toBe(true);
  });

  it('in writing names the path, keeps the cause, and leaves finished shards', async () => {
    const outputFolder = freshFolder();
    const blocked = join(outputFolder, 'documents/00002.jsonl.gz');
    mkdirSync(join(blocked, 'in the way'), { recursive: true });
    const running = runPipeline(settings(outputFolder, { workers: 1 }));
    await expect(running).rejects.toThrow(
      expect.objectContaining({
        code: 'WRITE_FAILED',
        message: expect.stringContaining('00002.jsonl.gz'),
        cause: expect.objectContaining({ code: expect.stringMatching(/^E/) }),
      }),
    );
    expect(readdirSync(join(outputFolder, 'completions'))).toEqual(['00000.json', '00001.json']);
    rmSync(blocked, { recursive: true });
    expect((await runPipeline(settings(outputFolder))).kept).toBe(72);
  });

  it('of a worker names the input it was at', async () => {
    const failed = (code: string) => expect.objectContaining({ code, message: expect.stringContaining(inputs[4]) });
    const run = (options: object, changes = {}) => runPipeline(settings(freshFolder(), changes, options));
    await expect(run({ crashOn: 'part 4 text 3' })).rejects.toThrow(failed('WORKER_FAILED'));
    await expect(run({ hoardOn: 'part 4 text 3' }, { workerMegabytes: 32 })).rejects.toThrow(failed('WORKER_FAILED'));
    await expect(run({ exitOn: 'part 4 text 3' })).rejects.toThrow(failed('RECORD_FAILED'));
  });

  it('to make the steps names the module', async () => {
    const running = runPipeline(settings(freshFolder(), {}, { failInCreate: true }));
    await expect(running).rejects.toThrow(/steps\.mjs failed in createSteps: no model today/);
    const bad = async (name: string, code: string) => {
      const path = join(folder, name);
      writeFileSync(path, code);
      return runPipeline(settings(freshFolder(), { stepsModule: new URL(`file://${path}`) }));
    };
    await expect(bad('none.mjs', 'export const a = 1;')).rejects.toThrow('must export a function createSteps');
    await expect(bad('syntax.mjs', 'export const;')).rejects.toThrow('cannot be imported');
    await expect(bad('empty.mjs', 'export const createSteps = () => ({});')).rejects.toThrow(
      'must give { read, steps }',
    );
  });

  it.each([
    [{ inputs: [] }, 'there are no inputs'],
    [{ inputs: ['a', 'a'] }, 'the input a is given twice'],
    [{ workers: 0 }, 'workers must be an integer above 0'],
    [{ rank: 2, worldSize: 2 }, 'rank must be below worldSize 2, got 2'],
    [{ tasks: [6] }, 'tasks must be among 0 to 5, got 6'],
    [{ checkpointSeconds: -1 }, 'checkpointSeconds must be 0 or more'],
    [{ output: { path: 'x.gz' } }, 'output.path must have ${rank}'],
    [{ options: { list: new Set() } }, 'options.list must be plain data'],
    [{ options: () => 1 }, 'options must be plain data'],
    [{ stepsModule: './steps.mjs' }, 'stepsModule must be a URL'],
    [{ stepsModule: 'file:///nowhere/steps.mjs' }, 'there is no steps module'],
  ] as [Partial<PipelineOptions>, string][])('to start, with %j, says why', async (changes, message) => {
    await expect(runPipeline(settings(freshFolder(), changes))).rejects.toThrow(message);
  });
});
