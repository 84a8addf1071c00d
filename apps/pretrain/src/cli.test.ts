import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, temporaryFolder, writeTinyRecipe } from './fixtures/tiny-run.ts';

describe('smol-pretrain', { tags: ['slow'] }, () => {
  const folder = temporaryFolder();
  const command = (...parameters: string[]) => runCli(parameters, { cwd: folder });
  let first: Awaited<ReturnType<typeof runCli>>;

  beforeAll(async () => {
    writeTinyRecipe(folder);
    first = await command('run', 'recipe.yaml', '--threads', '2');
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('prints help with examples, and its version', async () => {
    const help = await command('--help');
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('Examples\n  smol-pretrain run');
    expect((await command('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    { parameters: ['launch'], message: 'there is no command "launch"' },
    { parameters: ['run'], message: 'run takes one recipe' },
    {
      parameters: ['run', 'recipe.yaml', '--threads', 'two'],
      message: '--threads must be an integer from 1 to 256, got "two"',
    },
    { parameters: ['run', 'recipe.yaml', '--from', 'bake'], message: '--from must be one of sample, curate' },
    { parameters: ['run', 'recipe.yaml', '--fast'], message: "Unknown option '--fast'" },
    { parameters: ['run', 'recipe.yaml', '--prompt', 'x'], message: 'run has no option --prompt' },
    { parameters: ['run', 'a', '--from', 'train', '--only', 'train'], message: '--from and --only exclude each other' },
    {
      parameters: ['generate', 'runs/tiny', '--prompt', 'x', '--top-p', '0'],
      message: '--top-p must be a number from',
    },
    { parameters: ['generate', 'runs/tiny'], message: 'generate needs --prompt' },
  ])('refuses $parameters with exit code 2', async ({ parameters, message }) => {
    const { code, stderr } = await command(...parameters);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('ends a run with documents, tokens, model, losses, bits per byte, samples and places', () => {
    expect(first.stderr).not.toContain('Error');
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/Documents {4}27 in, 26 kept, 1 dropped\n +1 {2}dedup {2}exact/);
    expect(first.stdout).toMatch(/Tokens {7}[\d,]+ \(vocabulary 400, \d\.\d\d bytes a token\)/);
    expect(first.stdout).toMatch(/Training {5}20 steps, 1,280 tokens, loss \d\.\d{3} → \d\.\d{3}/);
    expect(first.stdout).toMatch(/Held out {5}\d\.\d{3} → \d\.\d{3} bits per byte/);
    expect(first.stdout).toContain('“The”');
    expect(first.stdout).toContain(join(folder, 'runs/tiny/report.html'));
  });

  it('inspects a run, as text and as JSON', async () => {
    expect((await command('inspect', 'runs/tiny')).stdout).toMatch(/curate +done in 0:\d\d/);
    const { steps } = JSON.parse((await command('inspect', 'runs/tiny', '--json')).stdout) as {
      steps: Record<string, unknown>;
    };
    expect(Object.keys(steps)).toEqual(['sample', 'curate', 'tokenize', 'train', 'evaluate', 'export', 'report']);
    const nowhere = await command('inspect', 'nowhere');
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('nowhere is not a run folder')]);
  });

  it('generates the same text for the same seed, from a run or an exported folder', async () => {
    const parameters = ['--prompt', 'The whale', '--tokens', '12', '--seed', '3', '--json'];
    const one = await command('generate', 'runs/tiny', ...parameters);
    const two = await command('generate', 'runs/tiny/model', ...parameters);
    expect(one.code).toBe(0);
    expect(JSON.parse(one.stdout)).toMatchObject({ prompt: 'The whale', tokens: expect.any(Number) });
    expect(two.stdout).toBe(one.stdout);
  });

  it('continues an empty prompt and one in any script, from all tokens', async () => {
    for (const prompt of ['', '漢字 🐳']) {
      const { code, stdout } = await command(
        'generate',
        'runs/tiny',
        '--prompt',
        prompt,
        '--tokens',
        '3',
        '--top-k',
        '0',
      );
      expect(code).toBe(0);
      expect(stdout.startsWith(prompt)).toBe(true);
    }
    const nowhere = await command('generate', 'nowhere', '--prompt', 'x');
    expect([nowhere.code, nowhere.stdout]).toEqual([1, '']);
  });

  it('runs one step alone when the ones before it are complete', async () => {
    const only = await command('run', 'recipe.yaml', '--only', 'report', '--threads', '2');
    expect(only.code).toBe(0);
    expect(only.stderr).toMatch(/^report +0:\d\d {2}report\.html/m);
    mkdirSync(join(folder, 'elsewhere'), { recursive: true });
    const early = await command('run', 'recipe.yaml', '--only', 'train', '--runs', 'elsewhere');
    expect([early.code, early.stderr]).toEqual([
      1,
      expect.stringContaining('--only train needs the step "curate" to be complete'),
    ]);
  });

  it('does a step and the later ones again with --from', async () => {
    const again = await command('run', 'recipe.yaml', '--from', 'evaluate', '--threads', '2');
    expect(again.code).toBe(0);
    expect(again.stderr).toMatch(/^train +unchanged  20 steps/m);
    expect(again.stderr).toMatch(/^evaluate +0:\d\d/m);
  });

  it('prints a JSON Schema of recipes', async () => {
    const schema = JSON.parse((await command('schema')).stdout) as {
      properties: object;
      additionalProperties: boolean;
    };
    expect(Object.keys(schema.properties)).toContain('train');
    expect(schema.additionalProperties).toBe(false);
  });
});
