import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli, temporaryFolder, writeTinyRecipe } from './fixtures/tiny-run.ts';

// Runs that predict several tokens, through the built command line: killed, exported, and drafting for themselves.

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (runs: string, onOutput?: Parameters<typeof runCli>[1]['onOutput']) =>
  runCli(['run', 'recipe.yaml', '--runs', runs, '--threads', '1', '--json'], { cwd: folder, onOutput });
const fileOf = (runs: string, file: string) => readFileSync(join(folder, runs, 'tiny', file));
const metricsOf = (runs: string) =>
  fileOf(runs, 'metrics.jsonl')
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line, (key, value: unknown) => (key === 'timing' ? null : value)) as Line);
interface Line {
  step: number;
  parts?: Record<string, number>;
}

const train = (more: object) => ({
  batchSize: 2,
  sequenceLength: 32,
  warmupSteps: 2,
  decaySteps: 4,
  muon: { learningRate: 0.01 },
  adamw: { learningRate: 0.005 },
  checkpointEvery: 4,
  stages: [{ name: 'one', steps: 12, mixture: { novel: 0.5, speeches: 0.5 } }],
  ...more,
});
const settings = [
  { kind: 'parallel', train: train({}), mtp: { heads: 3, block: 'residual', weight: 0.5 } },
  { kind: 'sequential', train: train({ checkpointing: true }), mtp: { kind: 'sequential', heads: 2, weight: 0.3 } },
];

describe.each(settings)('a run with $kind heads', { tags: ['slow'], timeout: 150_000 }, (setting) => {
  const [straight, killed] = [`${setting.kind}-straight`, `${setting.kind}-killed`];

  it('that is killed ends with the same model, heads and metrics as one that never was', async () => {
    writeTinyRecipe(folder, { train: setting.train, mtp: setting.mtp });
    expect(await run(straight)).toMatchObject({ code: 0, stderr: '' });
    for (const point of ['step 3/', 'step 9/']) {
      const stopped = await run(killed, (output, child) => void (output.includes(point) && child.kill('SIGKILL')));
      expect(stopped.signal).toBe('SIGKILL');
    }
    expect(await run(killed)).toMatchObject({ code: 0, stderr: '' });
    for (const file of ['model/model.safetensors', 'model/heads.safetensors', 'model/config.json'])
      expect(fileOf(killed, file).equals(fileOf(straight, file))).toBe(true);
    expect(metricsOf(killed)).toEqual(metricsOf(straight));
    const names = Array.from({ length: setting.mtp.heads - 1 }, (_, index) => `mtp.${index + 2}`);
    for (const { parts } of metricsOf(straight).filter((line) => 'loss' in line))
      expect(Object.keys(parts!)).toEqual(['nextToken', ...names]);
  });

  it('writes with drafts of its heads the text that it writes without', async () => {
    const generate = (...more: string[]) =>
      runCli(['generate', `${straight}/tiny`, '--prompt', 'The', '--tokens', '40', '--json', ...more], { cwd: folder });
    const [plain, drafted] = [
      await generate('--temperature', '0'),
      await generate('--temperature', '0', '--speculate'),
    ];
    expect(drafted).toMatchObject({ code: 0, stderr: '' });
    const { drafting, ...written } = JSON.parse(drafted.stdout) as {
      drafting: { passes: number; acceptanceRate: number };
    };
    expect(written).toEqual(JSON.parse(plain.stdout));
    expect(drafting.passes).toBeLessThanOrEqual(40);
    expect(drafting.acceptanceRate).toBeGreaterThanOrEqual(0);
    const sampled = await generate('--speculate', '--seed', '3');
    expect((JSON.parse(sampled.stdout) as { tokens: number }).tokens).toBeGreaterThan(0);
    expect((await generate('--speculate', '--seed', '3')).stdout).toBe(sampled.stdout);
  });

  it('says what is missing where there are no heads', async () => {
    expect(existsSync(join(folder, straight, 'tiny/model/heads.safetensors'))).toBe(true);
    rmSync(join(folder, straight, 'tiny/model/heads.safetensors'));
    const { code, stderr } = await runCli(['generate', `${straight}/tiny`, '--prompt', 'x', '--speculate'], {
      cwd: folder,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('has no heads.safetensors to draft with');
  });
});
