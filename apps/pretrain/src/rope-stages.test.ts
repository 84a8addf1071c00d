import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runCli, temporaryFolder, writeTinyRecipe } from './fixtures/tiny-run.ts';

// A run whose second stage has a larger RoPE base, through the built command line, killed on both sides of the border.

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stage = { steps: 6, mixture: { novel: 0.5, speeches: 0.5 } };
const train = {
  batchSize: 2,
  sequenceLength: 32,
  warmupSteps: 2,
  decaySteps: 2,
  muon: { learningRate: 0.01 },
  adamw: { learningRate: 0.005 },
  checkpointEvery: 4,
  evaluateEvery: 3,
  stages: [
    { ...stage, name: 'short', ropeTheta: 100 },
    { ...stage, name: 'long', ropeTheta: 200_000 },
  ],
};

const run = (runs: string, onOutput?: Parameters<typeof runCli>[1]['onOutput']) =>
  runCli(['run', 'recipe.yaml', '--runs', runs, '--json'], { cwd: folder, onOutput });
const fileOf = (runs: string, file: string) => readFileSync(join(folder, runs, 'tiny', file), 'utf8');
const metricsOf = (runs: string) =>
  fileOf(runs, 'metrics.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line, (key, value: unknown) => (key === 'timing' ? null : value)) as { step: number });
const evaluationOf = (runs: string) =>
  (JSON.parse(fileOf(runs, 'steps/evaluate.json')) as { summary: { after: number; samples: unknown } }).summary;

it(
  'a stage has its own RoPE base; the last one is exported, and kills before and after the border change no bit',
  { tags: ['slow'], timeout: 120_000 },
  async () => {
    writeTinyRecipe(folder, { train });
    const planned = await runCli(['plan', 'recipe.yaml', '--json'], { cwd: folder });
    expect((JSON.parse(planned.stdout) as { stages: { ropeTheta: number }[] }).stages).toMatchObject([
      { ropeTheta: 100 },
      { ropeTheta: 200_000 },
    ]);
    expect(await run('straight')).toMatchObject({ code: 0, stderr: '' });
    for (const point of ['step 5/', 'step 7/', 'step 10/']) {
      const killed = await run('killed', (output, child) => void (output.includes(point) && child.kill('SIGKILL')));
      expect(killed.signal).toBe('SIGKILL');
    }
    expect(await run('killed')).toMatchObject({ code: 0, stderr: '' });
    for (const file of ['model/model.safetensors', 'model/config.json'])
      expect(fileOf('killed', file) === fileOf('straight', file)).toBe(true);
    expect(metricsOf('killed')).toEqual(metricsOf('straight'));
    expect(evaluationOf('killed')).toEqual(evaluationOf('straight'));
    expect(JSON.parse(fileOf('straight', 'model/config.json'))).toMatchObject({ rope_theta: 200_000 });

    const stages = train.stages.map((one) => ({ ...one, ropeTheta: 100 }));
    writeTinyRecipe(folder, { train: { ...train, stages } });
    expect(await run('one-base')).toMatchObject({ code: 0 });
    const [one, two] = [metricsOf('one-base'), metricsOf('straight')];
    const border = two.findIndex(({ step }) => step === 7);
    expect(one.slice(0, border)).toEqual(two.slice(0, border));
    expect(one[border]).not.toEqual(two[border]);
  },
);
