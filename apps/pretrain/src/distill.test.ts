import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { runCli, temporaryFolder, writeTinyRecipe } from './fixtures/tiny-run.ts';

// A teacher, its caches, and students with further heads, through the built command line.

const folder = temporaryFolder();
const runOf = (name: string) => join(folder, 'runs', name);

interface Line {
  step: number;
  loss: number;
  parts?: Record<string, number>;
  timing?: unknown;
}
const linesOf = (name: string) =>
  readFileSync(join(runOf(name), 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => ({ ...(JSON.parse(line) as Line), timing: undefined }));

/** Writes the tiny recipe under another name, with further keys. */
function recipeOf(name: string, overrides: { train?: object; [key: string]: unknown }): string {
  const recipe = parse(readFileSync(join(folder, 'recipe.yaml'), 'utf8')) as { train: object };
  const { train, ...others } = overrides;
  writeFileSync(
    join(folder, `${name}.yaml`),
    stringify({ ...recipe, name, ...others, train: { ...recipe.train, ...train } }),
  );
  return `${name}.yaml`;
}

/** What comes before training is the same for all: they begin with the teacher's. */
function withTokens(name: string): void {
  for (const part of ['documents', 'filtered', 'tokenizer', 'tokens'])
    if (existsSync(join(runOf('teacher'), part)))
      cpSync(join(runOf('teacher'), part), join(runOf(name), part), { recursive: true, preserveTimestamps: true });
  mkdirSync(join(runOf(name), 'steps'));
  for (const step of ['curate', 'tokenize'])
    cpSync(join(runOf('teacher'), 'steps', `${step}.json`), join(runOf(name), 'steps', `${step}.json`));
  for (const file of readdirSync(runOf('teacher')).filter((entry) => entry.startsWith('duplicates')))
    cpSync(join(runOf('teacher'), file), join(runOf(name), file), { preserveTimestamps: true });
}

const run = (recipe: string, onOutput?: Parameters<typeof runCli>[1]['onOutput']) =>
  runCli(['run', recipe, '--runs', 'runs', '--threads', '1', '--json'], { cwd: folder, ...(onOutput && { onOutput }) });
const cache = (...words: string[]) =>
  runCli(['distill-cache', ...words, '--teacher', 'runs/teacher', '--threads', '2'], { cwd: folder });

describe('distillation', { tags: ['slow'], timeout: 120_000 }, () => {
  beforeAll(async () => {
    writeTinyRecipe(folder);
    const { code, stderr } = await run(recipeOf('teacher', {}));
    if (code !== 0) throw new Error(stderr);
    const written = await cache('runs/teacher', '--part', '256');
    if (written.code !== 0) throw new Error(written.stderr);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('writes caches of all shards but the held-out one; a second time there is nothing to do', async () => {
    const tokens = readdirSync(join(runOf('teacher'), 'tokens'));
    expect(tokens.filter((name) => name.endsWith('.teacher'))).toEqual(['novel.ds.teacher', 'speeches.ds.teacher']);
    const { stdout } = await cache('runs/teacher', '--json');
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { unchanged: boolean; bytes: number });
    expect(lines.map(({ unchanged }) => unchanged)).toEqual([true, true]);
  });

  it('killed and started again leaves the same bytes, with any number of workers', async () => {
    const words = ['runs/teacher/tokens/novel.ds', '--part', '256', '--window', '32'];
    const whole = await cache(...words, '--output', 'straight', '--workers', '1');
    expect(whole.stderr + whole.stdout).toContain('tokens, ');
    for (let kills = 0; kills < 2; kills++) {
      let sent = false;
      const killed = await runCli(
        ['distill-cache', ...words, '--teacher', 'runs/teacher', '--output', 'killed', '--workers', '2', '--json'],
        {
          cwd: folder,
          onOutput: (_, child) => {
            if (!sent) child.kill('SIGKILL');
            sent = true;
          },
        },
      );
      expect(killed.signal).toBe('SIGKILL');
    }
    expect((await cache(...words, '--output', 'killed', '--workers', '2')).code).toBe(0);
    const bytesOf = (name: string) => readFileSync(join(folder, name, 'novel.ds.teacher'));
    expect(bytesOf('killed').equals(bytesOf('straight'))).toBe(true);
    expect(readdirSync(join(folder, 'killed'))).toEqual(['novel.ds.teacher']);
  });

  it('with further heads, Muon, checkpointing and micro-batches: stopped anywhere it ends with the same bits', async () => {
    const keys = {
      distill: { cache: 'runs/teacher/tokens', alpha: { from: 1, to: 0.5 } },
      mtp: { kind: 'sequential', heads: 3 },
      train: { checkpointing: true, microBatchRows: 1 },
    };
    const [straight, stopped] = ['straight', 'stopped'].map((name) => recipeOf(name, keys));
    withTokens('straight');
    withTokens('stopped');
    expect((await run(straight)).stderr).toBe('');
    for (const point of ['step 3/', 'step 10/', 'step 17/']) {
      let sent = false;
      const { signal } = await run(stopped, (output, child) => {
        if (sent || !output.includes(point)) return;
        sent = true;
        child.kill('SIGKILL');
      });
      expect(signal).toBe('SIGKILL');
    }
    expect((await run(stopped)).code).toBe(0);
    expect(linesOf('stopped')).toEqual(linesOf('straight'));
    const [first] = linesOf('straight');
    expect(Object.keys(first.parts!)).toEqual(['nextToken', 'distillation', 'mtp.2', 'mtp.3']);
    const weightsOf = (name: string) => readFileSync(join(runOf(name), 'model', 'model.safetensors'));
    expect(weightsOf('stopped').equals(weightsOf('straight'))).toBe(true);
  });

  it('asks a teacher in every step, by any divergence, and matches its hidden states', async () => {
    const recipe = recipeOf('asked', {
      distill: { teacher: 'runs/teacher', method: 'jensen-shannon', temperature: 2, hidden: { weight: 0.5 } },
      train: { evaluateEvery: 10 },
      mtp: {
        heads: 2,
        block: 'residual',
        stages: [
          { until: 0.5, weights: [1, 0.5] },
          { until: 1, weights: [1, 0] },
        ],
      },
    });
    withTokens('asked');
    const { code, stderr } = await run(recipe);
    expect([code, stderr]).toEqual([0, '']);
    const lines = linesOf('asked');
    expect(Object.keys(lines[0].parts!)).toEqual(['nextToken', 'distillation', 'hidden', 'mtp.2']);
    expect(lines.at(-2)!.parts!.hidden).toBeLessThan(lines[0].parts!.hidden);
    expect(lines.at(-2)!.parts!['mtp.2']).toBe(0);
  });

  it('asks a teacher in a process of its own, on another engine, and reports how student and teacher stand', async () => {
    const keys = { method: 'reverse', alpha: 0.5 };
    const train = { evaluateEvery: 10 };
    const recipes = ['shared', 'wasm'].map((engine) =>
      recipeOf(`on-${engine}`, { distill: { teacher: 'runs/teacher', engine, ...keys }, train }),
    );
    for (const name of ['on-shared', 'on-wasm']) withTokens(name);
    for (const recipe of recipes) expect((await run(recipe)).stderr).toBe('');
    const [shared, separate] = ['on-shared', 'on-wasm'].map((name) => linesOf(name));
    const evaluations = [shared, separate].map((lines) => lines.filter((line) => 'evaluation' in line));
    expect(evaluations.map(({ length }) => length)).toEqual([2, 2]);
    for (const { evaluation } of evaluations.flat() as unknown as { evaluation: Record<string, number> }[]) {
      const names = ['loss', 'teacherEntropy', 'teacherAgreement', 'teacherGap', 'teacherLoss'];
      expect(Object.keys(evaluation)).toEqual(names);
      for (const value of Object.values(evaluation)) expect(value).toBeGreaterThan(0);
    }
    // The engines sum in another order; the first step is the same but for rounding.
    expect(separate[0].loss).toBeCloseTo(shared[0].loss, 3);
  });

  it('refuses teachers and caches that do not fit, before training starts', async () => {
    const refused = async (name: string, distill: object, model?: object) => {
      const recipe = recipeOf(name, { distill, ...model });
      if (!existsSync(runOf(name))) withTokens(name);
      const { code, stderr, stdout } = await run(recipe);
      expect(code).toBe(1);
      expect(stdout).not.toContain('step 1/');
      return stderr;
    };
    const tokens = 'runs/teacher/tokens';
    expect(await refused('odd', { cache: tokens, k: 13 })).toContain('its k must be 13, got 12');
    expect(await refused('odd', { cache: tokens, method: 'top-k' })).toContain('its kind must be top-k, got sampled');
    expect(await refused('odd', { cache: tokens, temperature: 2 })).toContain('its temperature must be 2, got 1');
    expect(await refused('odd', { cache: 'nowhere' })).toContain('write it: smol-pretrain distill-cache');
    expect(await refused('odd', { cache: tokens, teacher: 'runs/teacher' })).toContain('give either teacher or cache');
    expect(await refused('odd', { teacher: 'runs/teacher', k: 3 })).toContain('line');
    expect(await refused('odd', { teacher: 'runs/none' })).toContain('holds no model');
    cpSync(join(folder, tokens), join(folder, 'swapped'), { recursive: true });
    cpSync(join(folder, tokens, 'novel.ds.teacher'), join(folder, 'swapped', 'speeches.ds.teacher'));
    expect(await refused('odd', { cache: 'swapped' })).toContain('its shardHash must be');
    const path = join(folder, 'swapped', 'speeches.ds.teacher');
    const bytes = readFileSync(join(folder, tokens, 'speeches.ds.teacher'));
    writeFileSync(path, bytes.subarray(0, bytes.length - 9));
    expect(await refused('odd', { cache: 'swapped' })).toContain('is no whole teacher cache');
    bytes[bytes.length >> 1] ^= 16;
    writeFileSync(path, bytes);
    expect(await refused('odd', { cache: 'swapped' })).toContain('are not what was written');
    const weights = join(runOf('teacher'), 'model', 'model.safetensors');
    cpSync(join(runOf('teacher'), 'model'), join(folder, 'broken'), { recursive: true });
    const broken = readFileSync(weights);
    broken.writeUInt32LE(0x7fc00000, broken.length - 4);
    writeFileSync(join(folder, 'broken', 'model.safetensors'), broken);
    expect(await refused('odd', { teacher: 'broken' })).toMatch(/not finite|NaN/);
    const small = { tokenizer: { vocabularySize: 390, pattern: 'llama3' } };
    expect(await refused('other', { teacher: 'runs/teacher' }, small)).toContain('is not that of this run');
    expect(await refused('other', { cache: tokens }, small)).toContain('its tokenizer must be');
  });

  it('refuses wrong uses of the command', async () => {
    const text = async (...words: string[]) => (await cache(...words)).stderr;
    expect(await text('runs/teacher', '--k', '400')).toContain('k of a teacher cache must be an integer in [1, 399]');
    expect(await text('runs/none')).toContain('does not exist');
    expect(await text('runs/teacher', '--method', 'best')).toContain('must be one of sampled, top-k');
    expect(await text('runs/teacher/tokens/novel.ds', '--tokenizer', 'runs')).toContain('no tokenizer.json in runs');
    const { code, stderr } = await runCli(['distill-cache', 'runs/teacher'], { cwd: folder });
    expect([code, stderr]).toEqual([2, expect.stringContaining('needs --teacher')]);
  });
});
