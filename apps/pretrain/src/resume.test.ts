import { cpSync, existsSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, temporaryFolder, writeTinyRecipe } from './fixtures/tiny-run.ts';

// The built command line, stopped at many points and started again, against a run that was never stopped.

const results = [
  'documents/novel.jsonl.gz',
  'tokenizer/tokenizer.json',
  'tokens/novel.ds',
  'tokens/speeches.ds',
  'model/model.safetensors',
];

describe('a run', { tags: ['slow'] }, () => {
  const folder = temporaryFolder();
  const run = (runs: string, threads: number, onOutput?: Parameters<typeof runCli>[1]['onOutput']) =>
    runCli(['run', 'recipe.yaml', '--runs', runs, '--threads', String(threads), '--json'], { cwd: folder, onOutput });
  const resultOf = (runs: string, file: string) => readFileSync(join(folder, runs, 'tiny', file));
  const differences = (runs: string) =>
    results.filter((file) => !resultOf(runs, file).equals(resultOf('straight', file)));

  beforeAll(async () => {
    writeTinyRecipe(folder);
    const { code, stderr } = await run('straight', 2);
    if (code !== 0) throw new Error(stderr);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe('that is stopped again and again', () => {
    it.each([
      { point: '"step":"curate"', signal: 'SIGKILL' },
      { point: '"step":"curate","message":"writing', signal: 'SIGKILL' },
      { point: '"step":"tokenize"', signal: 'SIGINT' },
      { point: '"step":"tokenize","message":"speeches', signal: 'SIGKILL' },
      { point: '"message":"engine', signal: 'SIGKILL' },
      { point: 'step 2/', signal: 'SIGKILL' },
      { point: 'step 6/', signal: 'SIGINT' },
      { point: 'step 9/', signal: 'SIGKILL' },
      { point: 'step 13/', signal: 'SIGTERM' },
      { point: 'step 19/', signal: 'SIGKILL' },
      { point: 'before training', signal: 'SIGINT' },
      { point: 'after training', signal: 'SIGKILL' },
      { point: '"done","step":"evaluate"', signal: 'SIGKILL' },
    ] as const)(
      'ends at $point by $signal',
      async ({ point, signal }) => {
        let sent = false;
        const stopped = await run('stopped', 2, (output, child) => {
          if (sent || !output.includes(point)) return;
          sent = true;
          child.kill(signal);
          // Ctrl-C under npm comes twice.
          if (signal === 'SIGINT') setTimeout(() => child.kill(signal), 20);
        });
        expect(sent).toBe(true);
        expect(stopped.signal ?? stopped.code).toBe(signal === 'SIGKILL' ? 'SIGKILL' : 130);
      },
      60_000,
    );

    it('ends with the same bytes as one that never was', async () => {
      const { code } = await run('stopped', 2);
      expect(code).toBe(0);
      expect(differences('stopped')).toEqual([]);
    }, 60_000);
  });

  it('leaves the same bytes with one thread and with two', async () => {
    const { code } = await run('single', 1);
    expect(code).toBe(0);
    expect(differences('single')).toEqual([]);
  }, 60_000);

  it('that is complete is skipped step by step', async () => {
    const { code, stdout } = await run('straight', 2);
    expect(code).toBe(0);
    expect(stdout.match(/"unchanged":true/g)).toHaveLength(6);
  }, 60_000);

  it('does again only the steps whose files are gone or were cut short', async () => {
    cpSync(join(folder, 'straight'), join(folder, 'damaged'), { recursive: true, preserveTimestamps: true });
    const damaged = join(folder, 'damaged/tiny');
    rmSync(join(damaged, 'tokens/novel.ds'));
    rmSync(join(damaged, 'checkpoints/latest'));
    truncateSync(join(damaged, 'model/model.safetensors'), 1000);
    const { code, stdout } = await run('damaged', 2);
    expect(code).toBe(0);
    expect(stdout).toContain('tokens/novel.ds is gone or was changed');
    const unchanged = [...stdout.matchAll(/"step":"(\w+)","unchanged":true/g)].map(([, step]) => step);
    expect(unchanged).toEqual(['curate', 'evaluate', 'report']);
    expect(differences('damaged')).toEqual([]);
  }, 60_000);

  it('lets no second run into its folder, and does not mind the lock of one that was killed', async () => {
    let second: ReturnType<typeof run> | undefined;
    const first = await run('busy', 2, (output, child) => {
      if (second !== undefined || !output.includes('step 2/')) return;
      child.kill('SIGSTOP');
      second = run('busy', 2);
      void second.then(() => child.kill('SIGKILL'));
    });
    const refused = await second;
    expect(refused?.code).toBe(1);
    expect(refused?.stderr).toMatch(/another run \(process \d+\) is at work in .*busy.tiny; wait for it or stop it/);
    expect(first.signal).toBe('SIGKILL');
    expect(existsSync(join(folder, 'busy/tiny/lock'))).toBe(true);
    expect((await run('busy', 2)).code).toBe(0);
    expect(existsSync(join(folder, 'busy/tiny/lock'))).toBe(false);
    expect(differences('busy')).toEqual([]);
  }, 60_000);
});
