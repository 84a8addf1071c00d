import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { snapshot, temporaryFolder } from './fixtures/temporary-folder.ts';
import { writeJsonl } from './jsonl-writer.ts';
import { runCli } from './run-cli.ts';
import { writeSealed } from './sealed-json.ts';

const folder = temporaryFolder();
const config = join(folder, 'crawl.json');
const module = fileURLToPath(new URL('fixtures/failing-steps.mjs', import.meta.url));
const settings = {
  stepsModule: module,
  inputs: ['in/*.jsonl'],
  outputFolder: 'out',
  options: { log: join(folder, 'log'), failOn: 'b3', failures: 1 },
  workers: 1,
};

beforeAll(async () => {
  mkdirSync(join(folder, 'in'));
  for (const name of 'abc') {
    const documents = Array.from({ length: 9 }, (_, line) => ({ id: `${name}${line}`, text: 'x'.repeat(line + 1) }));
    await writeJsonl(join(folder, 'in', `${name}.jsonl`), documents);
  }
  writeFileSync(config, JSON.stringify(settings));
});

/** What a command line prints, and its exit code. */
async function run(...args: string[]): Promise<{ code: number; out: string; talk: string }> {
  const printed = { out: '', talk: '' };
  const stdout = { write: (text: string) => (printed.out += text) };
  const stderr = { write: (text: string) => (printed.talk += text) };
  return { code: await runCli(args, { stdout, stderr }), ...printed };
}

const out = join(folder, 'out');

describe('smol-pipeline', () => {
  it('runs, says what failed, and runs that again', async () => {
    const first = await run('run', config);
    expect(first).toMatchObject({ code: 1, out: '' });
    expect(first.talk).toContain('step "work" failed on record 4 (id "b3")');
    const status = await run('status', out);
    expect(status).toEqual({
      code: 1,
      talk: '',
      out: `${out}: 2 of 3 tasks done (66 %), 0 running, 1 failed, 0 left\n`,
    });
    const failed = await run('failed', out);
    expect(failed.out).toContain(`task 1 (${join(folder, 'in/b.jsonl')} from 0 to`);
    expect(failed.out).toContain('RECORD_FAILED after 1 attempt\n  step "work" failed');
    const again = /again: smol-pipeline (.*)\n$/.exec(failed.out)?.[1].split(' ');
    expect(again).toEqual(['run', config, '--tasks', '1']);
    const second = await run(...(again ?? []));
    expect(second).toMatchObject({
      code: 0,
      talk: expect.stringMatching(/^3 tasks finished in .*out; 9 documents in /),
    });
    expect(second.out).toContain('kept              27 →         18  66.7 %\n');
    expect((await run('failed', out)).out).toBe(`${out}: no task has failed\n`);
    expect((await run('status', out, '--json')).code).toBe(0);
    expect((await run('report', out)).out).toMatch(
      /^.*out: 3 of 3 tasks\nread +27 →(.|\n)*time in steps:\n {2}work +100.0 %/,
    );
    expect(JSON.parse((await run('run', config, '--json')).out)).toMatchObject({ read: 27, kept: 18 });
  });

  it('refuses changed settings, naming them, unless it is to do them again', async () => {
    const changed = ['run', config, '--options', JSON.stringify({ ...settings.options, failOn: '' })];
    const refused = await run(...changed);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.talk).toContain('options.failOn was "b3" and is ""');
    expect((await run(...changed, '--redo-changed')).code).toBe(0);
    expect((await run('run', config, '--restart', '--retries', '1')).code).toBe(0);
  });

  it('merges the stats of folders that share the work, whatever their order of work', async () => {
    const parts = [0, 1].map((rank) => join(folder, `part-${rank}`));
    for (const [rank, part] of parts.entries()) {
      await run('run', config, '-o', part, '--rank', String(rank), '--world-size', '2', '--retries', '1', '-q');
    }
    const merged = await run('merge-stats', ...parts);
    expect(JSON.parse(merged.out)).toMatchObject({ read: 27, kept: 18, tasksDone: 3, tasks: 6, steps: [{ in: 27 }] });
    expect(merged.talk).toBe('only 3 of 6 tasks are finished; the counts are of these\n');
    const file = join(folder, 'stats.json');
    expect(await run('merge-stats', out, '-o', file)).toEqual({ code: 0, out: '', talk: '' });
    const { tasksDone, tasks, ...counts } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    expect([tasksDone, tasks]).toEqual([3, 3]);
    expect(counts).toEqual(without(['tasksDone', 'tasks'], JSON.parse(merged.out)));
    const other = join(folder, 'other');
    const steps = fileURLToPath(new URL('fixtures/memory-steps.mjs', import.meta.url));
    await run('run', steps, '-i', join(folder, 'in/a.jsonl'), '-o', other, '--options', '{"milliseconds":0}');
    expect((await run('merge-stats', out, other)).talk).toContain(`the steps of ${other} are not those of ${out}`);
  });

  it('shows a rank that runs, and one that was killed', async () => {
    const path = join(out, 'running/00000.json');
    const progress = { share: 0.5, tasks: 3, tasksDone: 1, tasksFailed: 0, documents: 12_345, kept: 6000 };
    const rates = { documentsPerSecond: 1234, bytesPerSecond: 5e6, secondsLeft: 100 };
    const tasks = [{ task: 1, input: 'b.jsonl', read: 3, kept: 2 }];
    writeSealed(path, { rank: 0, worldSize: 1, host: 'h', pid: 7, progress: { ...progress, ...rates }, tasks });
    expect((await run('status', out)).out).toContain(
      '  rank 0 of 1 on h (process 7): 50 %, 1 of 3 tasks, 12 k documents, 6000 kept, 1234/s, 5.0 MB/s, 2 min left\n' +
        '    task 1  b.jsonl: 3 documents, 2 kept\n',
    );
    rmSync(path);
  });

  it('stops cleanly when it is interrupted, and goes on', async () => {
    const steps = fileURLToPath(new URL('fixtures/memory-steps.mjs', import.meta.url));
    const [stopped, straight] = ['stopped', 'straight'].map((name) => join(folder, name));
    const args = (to: string) => [
      'run',
      steps,
      '-i',
      join(folder, 'in/*.jsonl'),
      '-o',
      to,
      '--options',
      '{"milliseconds":20}',
    ];
    const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
    const child = spawn(process.execPath, [cli, ...args(stopped), '--workers', '1']);
    child.stdout.once('data', () => child.kill('SIGINT'));
    let talk = '';
    child.stderr.on('data', (text) => (talk += text));
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(130);
    expect(talk).toMatch(/stopped: [012] of 3 tasks are finished in .*stopped; run the same again to go on/);
    await run(...args(stopped));
    await run(...args(straight));
    const withoutPlan = (files: Record<string, string>) => without(['plan.json'], files);
    expect(withoutPlan(snapshot(stopped))).toEqual(withoutPlan(snapshot(straight)));
  });

  it.each([
    [[], 'the command must be one of run, status, failed, report, merge-stats, got none'],
    [['walk'], 'got walk'],
    [['run'], 'run needs one CONFIG.json or MODULE.mjs, got 0'],
    [['status'], 'status needs the output folder of a run'],
    [['run', 'x', '--workers', 'many'], '--workers must be a whole number, got many'],
    [['run', 'x', '--options', '{'], '--options must be JSON'],
    [['run', 'x', '--fast'], "Unknown option '--fast'"],
    [['run', 'x', '--restart', '--redo-changed'], 'not both'],
    [['status', 'x', '--retries', '1'], '--retries is an option of run'],
  ])('explains the bad usage %j', async (args, message) => {
    expect(await run(...args)).toEqual({ code: 2, out: '', talk: expect.stringContaining(message) });
  });

  it.each([
    [['run', '/nowhere.json'], 'there is no file /nowhere.json'],
    [['status', '/nowhere'], 'there is nothing in /nowhere; give the output folder of a run'],
    [['run', 'package.json', '-o', 'x'], 'unknown key'],
    [['run', module], 'needs an output folder: give --output DIR'],
    [['run', module, '-o', 'x'], 'needs inputs: give --input PATH'],
    [['run', module, '-o', 'x', '-i', '/nowhere/*.gz'], 'no file /nowhere/'],
  ])('says of %j what is wrong', async (args, message) => {
    const path = fileURLToPath(new URL('../', import.meta.url));
    const resolved = args.map((word) => (word === 'package.json' ? join(path, word) : word));
    expect(await run(...resolved)).toEqual({ code: 1, out: '', talk: expect.stringContaining(message) });
  });

  it('has help with examples, and a version', async () => {
    expect((await run('--help')).out).toContain('Examples:');
    expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

function without(keys: readonly string[], record: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record as object).filter(([key]) => !keys.includes(key)));
}
