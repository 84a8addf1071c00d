import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, temporaryFolder, writeTinyRecipe } from './fixtures/tiny-run.ts';

// The built command line, killed at many points and started again, against a run that was never stopped.

const results = ['model/model.safetensors', 'model/tokenizer.json', 'documents/novel.jsonl.gz'];

describe('a run that is killed', { tags: ['slow'] }, () => {
  const folder = temporaryFolder();
  let recipe: string;
  let expected: Buffer[];
  const resultsOf = (runs: string) => results.map((file) => readFileSync(join(folder, runs, 'tiny', file)));
  const run = (runs: string, onOutput?: Parameters<typeof runCli>[1]['onOutput']) =>
    runCli(['run', recipe, '--runs', join(folder, runs), '--threads', '2', '--json'], { cwd: folder, onOutput });

  beforeAll(async () => {
    recipe = writeTinyRecipe(folder);
    const straight = await run('straight');
    expect(straight.stderr).toBe('');
    expect(straight.code).toBe(0);
    expected = resultsOf('straight');
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    { point: 'curate: ', signal: 'SIGKILL' },
    { point: 'tokenize: ', signal: 'SIGKILL' },
    { point: 'train: step 3 ', signal: 'SIGKILL' },
    { point: 'train: step 10 ', signal: 'SIGKILL' },
    { point: 'train: step 11 ', signal: 'SIGINT' },
    { point: 'evaluate: before', signal: 'SIGKILL' },
    { point: 'export   ', signal: 'SIGKILL' },
  ] as const)('with $signal at "$point" and started again ends with the same bytes', async ({ point, signal }) => {
    const runs = `${signal}-${point.replace(/\W+/g, '-')}`;
    let sent = false;
    const killed = await run(runs, (output, child) => {
      if (sent || !output.includes(point)) return;
      sent = true;
      child.kill(signal);
    });
    expect(sent).toBe(true);
    expect(signal === 'SIGINT' ? killed.code : killed.signal).toBe(signal === 'SIGINT' ? 130 : 'SIGKILL');
    const resumed = await run(runs);
    expect(resumed.code).toBe(0);
    expect(resultsOf(runs).map((bytes, index) => bytes.equals(expected[index]))).toEqual(results.map(() => true));
  }, 120_000);

  it('killed again and again, ends with the same bytes', async () => {
    let kills = 0;
    for (const step of [2, 6, 9, 14, 18]) {
      const attempt = await run('often', (output, child) => {
        if (output.includes(`train: step ${step} `)) child.kill('SIGKILL');
      });
      if (attempt.signal === 'SIGKILL') kills += 1;
    }
    expect(kills).toBe(5);
    expect((await run('often')).code).toBe(0);
    expect(resultsOf('often').map((bytes, index) => bytes.equals(expected[index]))).toEqual(results.map(() => true));
  }, 180_000);

  it('has the same bytes for one thread and for two', async () => {
    const single = await runCli(['run', recipe, '--runs', join(folder, 'single'), '--threads', '1', '--json'], { cwd: folder });
    expect(single.code).toBe(0);
    expect(resultsOf('single').map((bytes, index) => bytes.equals(expected[index]))).toEqual(results.map(() => true));
  }, 120_000);

  it('that is complete is skipped step by step', async () => {
    const again = await run('straight');
    expect(again.code).toBe(0);
    expect(again.stdout.match(/unchanged, skipped/g)).toHaveLength(6);
  }, 120_000);
});
