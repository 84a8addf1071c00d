import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCli, temporaryFolder, writeTinyRecipe } from './fixtures/tiny-run.ts';

// Every training key that the quickstart does not use, through the built command line.

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const linesOf = (path: string) =>
  readFileSync(join(folder, path), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown> & { step: number });

const stages = [
  { name: 'short', steps: 6, mixture: { novel: 0.5, speeches: 0.5 } },
  {
    name: 'long',
    steps: 6,
    mixture: { novel: 1 },
    sequenceLength: 64,
    resetOptimizer: true,
    schedule: { kind: 'cosine', scale: 0.5 },
  },
];

describe('training keys', { tags: ['slow'], timeout: 120_000 }, () => {
  it('reach the Trainer: Muon in heads, AdaGC, best fit, growing batches, guards, evaluations, inspections, stages', async () => {
    const train = {
      optimizer: 'muon',
      muon: {
        learningRate: 0.01,
        orthogonalization: 'polar-express',
        normalization: 'normuon',
        perHead: true,
        cautious: true,
        momentumSchedule: [
          { step: 1, value: 0.85 },
          { step: 6, value: 0.95 },
        ],
      },
      adamw: { learningRate: 0.005, stateBits: 8 },
      batchSize: [
        { fromStep: 0, rows: 2 },
        { fromStep: 4, rows: 4 },
      ],
      microBatchRows: 2,
      sequenceLength: 32,
      packing: 'best-fit',
      schedule: 'constant',
      warmupSteps: 0,
      decaySteps: 0,
      gradientClip: { kind: 'adagc' },
      guards: { divergence: false, rollback: { adjust: { learningRate: 0.5 } } },
      checkpointEvery: 4,
      evaluateEvery: 6,
      inspectEvery: 6,
      stages,
    };
    writeTinyRecipe(folder, { train });
    const { code, stderr } = await runCli(['run', 'recipe.yaml', '--json'], { cwd: folder });
    expect([code, stderr]).toEqual([0, '']);
    const metrics = linesOf('runs/tiny/metrics.jsonl');
    const steps = metrics.filter((line) => 'loss' in line);
    expect(steps.map(({ rows }) => rows)).toEqual([2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 4, 4]);
    expect(steps.map(({ tokens }) => tokens).at(-1)).toBe(4 * 64 + 2 * 128 + 6 * 256);
    expect(steps[0]).toMatchObject({ momentum: { muon: 0.85 }, clippedParameters: expect.any(Number) });
    expect(steps.map(({ learningRateScale }) => learningRateScale).slice(5, 7)).toEqual([1, 0.5]);
    expect(steps.filter(({ inspection }) => inspection).map(({ step }) => step)).toEqual([6, 12]);
    const { activationRms, silentUnits } = steps[5].inspection as Record<string, Record<string, number>>;
    expect(Object.keys(activationRms)).toHaveLength(12);
    expect(activationRms['layers.3']).toBeGreaterThan(0);
    expect(silentUnits['layers.0.mlp.hidden']).toBe(0);
    expect(metrics.filter((line) => 'evaluation' in line).map(({ step }) => step)).toEqual([6, 12]);
    for (const { timing } of steps) expect((timing as { mfu: number }).mfu).toBeGreaterThan(0);
    const events = linesOf('runs/tiny/events.jsonl').map(({ type, step }) => `${String(type)} ${step}`);
    for (const event of ['checkpoint 0', 'stage 0', 'stage 6', 'checkpoint 6', 'best 6', 'end 12'])
      expect(events).toContain(event);
  });

  it('model.from and tokenizer.from go on from another run, with another RoPE base', async () => {
    const { model, train, ...rest } = parse(readFileSync(join(folder, 'recipe.yaml'), 'utf8')) as Record<
      string,
      Record<string, unknown>
    >;
    writeTinyRecipe(folder, {
      ...rest,
      name: 'longer',
      model: { ...model, from: 'runs/tiny', ropeTheta: 200_000 },
      tokenizer: { vocabularySize: 400, from: 'runs/tiny' },
      train: { ...train, optimizer: 'adamw', gradientClip: { kind: 'zclip' }, inspectEvery: 1, evaluateEvery: 12 },
    });
    const { code, stderr } = await runCli(['run', 'recipe.yaml', '--json'], { cwd: folder });
    expect([code, stderr]).toEqual([0, '']);
    const steps = (run: string) => linesOf(`runs/${run}/metrics.jsonl`).filter((line) => 'loss' in line);
    expect(steps('longer')[0].loss).toBeLessThan((steps('tiny')[0].loss as number) - 0.3);
    const config = JSON.parse(readFileSync(join(folder, 'runs/longer/model/config.json'), 'utf8')) as {
      rope_theta: number;
    };
    expect(config.rope_theta).toBe(200_000);
    writeTinyRecipe(folder, { ...rest, name: 'other', model: { ...model, from: 'runs/tiny', hiddenSize: 64 }, train });
    const refused = await runCli(['run', 'recipe.yaml'], { cwd: folder });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /model\.from: .* has "model\.embed_tokens\.weight" \[400,32\], the recipe wants \[400,64\]; describe the same model/,
    );
  });
});
