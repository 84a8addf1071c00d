import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli, temporaryFolder, writeTinyRecipe } from '../fixtures/tiny-run.ts';
import { loadRecipe } from '../load-recipe.ts';
import { learningRateScale, rowsAt, stageTokens } from '../make-schedule.ts';
import { drawAsSvg, drawForTerminal } from './draw-schedule.ts';
import { curveOf, formatPlan, planPage, short } from './format-plan.ts';
import { makePlan } from './make-plan.ts';

const recipeOf = (name: string) => loadRecipe(join(import.meta.dirname, '../../recipes', `${name}.yaml`));
const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the plan of SmolLM3-3B', () => {
  const loaded = recipeOf('smollm3-3b');
  const plan = makePlan(loaded);

  it('has the published figures', () => {
    expect(plan.parameters).toBe(3_075_098_624);
    expect(plan.batchTokens).toEqual([2_359_296, 2_359_296]);
    expect(plan.steps).toBe(4_720_000);
    expect(plan.tokens / 1e12).toBeCloseTo(11.136, 2);
    expect(plan.stages[0].tokens / 1e12).toBeCloseTo(8.14, 2);
    // 24 days of training on 384 H100 at about 30 % of their peak
    expect(plan.hours! / 24).toBeGreaterThan(22);
    expect(plan.hours! / 24).toBeLessThan(27);
    expect(plan.memory.total).toBeLessThan(80 * 2 ** 30);
  });

  it('has the published learning rate (golden vectors)', () => {
    const scale = learningRateScale(loaded.recipe.train);
    const golden: [number, number][] = [
      [1, 1e-7],
      [1000, 1e-4],
      [2000, 2e-4],
      [4_198_000, 2e-4],
      [4_459_001, 1e-4],
      [4_719_999, 7.66e-10],
    ];
    for (const [step, rate] of golden) expect(2e-4 * scale(step)).toBeCloseTo(rate, 12);
  });

  it('says what is missing here, and that it is not ready', () => {
    const text = formatPlan(plan, loaded);
    expect(text).toContain('problem: no input files for fineweb-edu, dclm, pes2o, wiki, … (26 sources)');
    expect(text).toContain('25.0 days on 384 devices');
    expect(text.trimEnd().endsWith('not ready to run')).toBe(true);
  });
});

describe('a plan with a teacher and further heads', () => {
  const planOf = (distill: object) => {
    const loaded = loadRecipe(writeTinyRecipe(folder, { distill, mtp: { heads: 3 } }));
    return formatPlan(makePlan(loaded, folder), loaded);
  };

  it('says what is learned, and that the teacher is missing', () => {
    const text = planOf({ teacher: 'nowhere', alpha: 0.5 });
    expect(text).toContain('from the teacher nowhere (forward divergence), alpha 0.5, temperature 1; 3 tokens ahead');
    expect(text).toContain('problem: the teacher');
    expect(text).toContain('nowhere is not there, or holds no model');
  });

  it('says that caches are still to be written, which is no problem before there are shards', () => {
    const text = planOf({ cache: '$RUN/tokens' });
    expect(text).toContain('note: no teacher cache of novel, speeches in');
    expect(text.trimEnd().endsWith('\nready to run')).toBe(true);
  });
});

describe('the other plans', () => {
  it.each([
    ['smollm2-135m', 134_515_008, 2.097e12],
    ['cpu-30m', 28_797_888, 6.226e8],
    ['quickstart', 1_049_728, 2.048e6],
    ['long-context', 1_049_728, 4.915e5],
  ])('%s has %i parameters and %d tokens', (name, parameters, tokens) => {
    const plan = makePlan(recipeOf(name));
    expect(plan.parameters).toBe(parameters);
    expect(plan.tokens / tokens).toBeCloseTo(1, 3);
  });

  it('follow stages, longer rows and growing batches', () => {
    const { train } = recipeOf('cpu-30m').recipe;
    expect([0, 1999, 2000].map((step) => rowsAt(train, step))).toEqual([32, 32, 64]);
    expect(stageTokens(train)).toEqual([512 * (2000 * 32 + 14_000 * 64), 512 * 4000 * 64]);
    const scale = learningRateScale(recipeOf('long-context').recipe.train);
    expect([1, 4, 40, 41, 44].map(scale)).toEqual([0.025, 0.1, expect.closeTo(0, 3), 0.025, 0.1]);
  });

  it('show the RoPE base of each stage', () => {
    const loaded = recipeOf('long-context');
    const plan = makePlan(loaded);
    expect(plan.stages.map(({ ropeTheta }) => ropeTheta)).toEqual([2e6, 5e6]);
    expect(formatPlan(plan, loaded)).toContain('to 2k: 40 steps × 2048, RoPE base 5000000, 328 k tokens; ');
    expect(makePlan(recipeOf('quickstart')).stages.map(({ ropeTheta }) => ropeTheta)).toEqual([5e4, 5e4, 5e4]);
  });

  it('find what would go wrong', () => {
    const loaded = loadRecipe(writeTinyRecipe(folder, { hardware: { devices: 1, teraflops: 1, memoryGiB: 1e-5 } }));
    const findings = makePlan(loaded).findings.map(({ kind, message }) => `${kind}: ${message}`);
    expect(findings).toContainEqual(
      expect.stringMatching(/^problem: training needs about .* MiB of memory, a device has 0\.0 MiB/),
    );
    rmSync(join(folder, 'chapters.jsonl'));
    expect(makePlan(loaded).findings[0].message).toContain(
      'no input files for novel; the first pattern is chapters.jsonl',
    );
  });
});

describe('the picture of a schedule', () => {
  const curve = {
    steps: 8,
    valueAt: (step: number) => step / 8,
    parts: [
      { name: 'a', start: 0 },
      { name: 'b<', start: 4 },
    ],
  };

  it('is drawn with block characters', () => {
    expect(drawForTerminal(curve, 8, 2)).toEqual(['    ▂▄▆█', '▂▄▆█████', '────────', '│a  │b<']);
  });

  it('and as SVG, where names are text', () => {
    const svg = drawAsSvg(curve);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).toContain('b&lt;</text>');
    expect(svg.match(/<polyline points="([^"]+)"/)![1].split(' ')).toHaveLength(360);
  });

  it('stands on a page with the plan', () => {
    const loaded = recipeOf('quickstart');
    const page = planPage(makePlan(loaded), loaded);
    for (const part of ['<!doctype html>', '<svg', '1.05 M parameters', '<li>broad: 180 steps'])
      expect(page).toContain(part);
    expect(curveOf(loaded).parts.map(({ name }) => name)).toEqual(['broad', 'focused', 'decay']);
  });
});

it('short counts have three digits and a letter', () => {
  expect([999, 1234, 3_075_098_624, 11.1e12].map(short)).toEqual(['999', '1.23 k', '3.08 B', '11.1 T']);
});

describe('smol-pretrain plan', () => {
  it('prints the plan, writes pictures, and fails where a run would', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'smol-plan-'));
    const recipe = join(import.meta.dirname, '../../recipes/smollm2-135m.yaml');
    const plain = await runCli(['plan', recipe], { cwd });
    expect(plain).toMatchObject({ code: 1, stderr: '' });
    expect(plain.stdout).toContain('135 M parameters (134515008)');
    const dry = await runCli(['plan', recipe, '--dry-run', '--json', '--html', 'plan.html', '--svg', 'plan.svg'], {
      cwd,
    });
    expect(dry.code).toBe(0);
    expect((JSON.parse(dry.stdout) as { steps: number }).steps).toBe(2_000_000);
    expect(readFileSync(join(cwd, 'plan.svg'), 'utf8')).toContain('<polyline');
    expect(readFileSync(join(cwd, 'plan.html'), 'utf8')).toContain('2.1 T in 2000000 steps');
    rmSync(cwd, { recursive: true });
  });
});
