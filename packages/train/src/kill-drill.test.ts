import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'tsup';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillArguments } from './fixtures/kill-drill.ts';
import { temporaryFolder, writeTinyShard } from './fixtures/tiny-run.ts';

// fixtures/kill-drill.ts is a training process; here it is killed again and again, and started again each time.

const base = temporaryFolder();
afterAll(() => base.remove());

const program = join(base.folder, 'program', 'kill-drill.js');
const shard = join(base.folder, 'tiny.ds');

beforeAll(async () => {
  await writeTinyShard(base.folder);
  await build({
    entry: [join(import.meta.dirname, 'fixtures/kill-drill.ts')],
    outDir: join(base.folder, 'program'),
    format: ['esm'],
    target: 'node20',
    config: false,
    silent: true,
    dts: false,
    noExternal: [/.*/],
    outExtension: () => ({ js: '.js' }),
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    esbuildOptions: (options) => void (options.conditions = ['@smol/source']),
  });
}, 60_000);

interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

/** Runs the process; kills it when told to. */
function train(
  folder: string,
  variant: string,
  { dieAt, killAfter }: { dieAt?: number; killAfter?: number } = {},
): Promise<Ending> {
  const dies: [string?] = dieAt === undefined ? [] : [String(dieAt)];
  const parameters: DrillArguments = [shard, folder, variant, ...dies];
  const child = spawn(process.execPath, [program, ...(parameters as string[])], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (text) => void (stderr += String(text)));
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
  return new Promise((resolve) =>
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stderr: stderr.replace(/=+\nHi, looks like [^=]*=+/, '').trim() });
    }),
  );
}

/** Everything a run leaves behind that does not depend on the clock. */
function remains(folder: string) {
  const checkpoints = join(folder, 'checkpoints');
  const latest = readFileSync(join(checkpoints, 'latest'), 'utf8').trim();
  const bytes = (file: string) => readFileSync(join(checkpoints, latest, file)).toString('base64');
  const { state } = JSON.parse(readFileSync(join(checkpoints, latest, 'checkpoint.json'), 'utf8')) as {
    state: Record<string, unknown>;
  };
  const lines = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trim().split('\n');
  const withoutTiming = (key: string, value: unknown) => (key === 'timing' ? undefined : value);
  const metrics = lines.map((line) => JSON.parse(line, withoutTiming) as unknown);
  return {
    latest,
    best: readFileSync(join(checkpoints, 'best'), 'utf8'),
    model: bytes('model.safetensors'),
    optimizer: bytes('optimizer.safetensors'),
    state: { ...state, sinks: undefined },
    metrics,
  };
}

/** Kills the run at random moments until it gets to its end; says how often. */
async function trainUnderFire(folder: string, variant: string, longest: number): Promise<number> {
  for (let kills = 0; ; kills++) {
    const ending = await train(
      folder,
      variant,
      kills < 2 ? { killAfter: Math.round(longest * (0.35 + 0.65 * Math.random())) } : {},
    );
    if (ending.code === 0) return kills;
    expect(ending).toMatchObject({ code: null, signal: 'SIGKILL', stderr: '' });
  }
}

describe.concurrent('a training process', { tags: ['slow'], timeout: 120_000 }, () => {
  // the drill is worth something only if the guards had something to do: what must be among the events of a run
  it.each([
    ['adamw, WSD linear, global clip', /"type":"best"/],
    ['muon, WSD 1-sqrt, AdaGC, best fit', /"type":"end"/],
    ['muonclip, WSD cosine, z-score skip', /"reason":"spike"/],
    ['adamw, cosine, ZClip, NaN skip', /"reason":"not-finite"/],
    [
      'muonclip, warm restarts, rollback from NaN with adjustments',
      /"type":"rollback".*"reason":"not-finite"[^]*"type":"adjust"/,
    ],
    ['adamw, trapezoid, rollback from divergence', /"type":"rollback".*"reason":"divergence"/],
    ['muon, batch ramp, momentum and decay schedules', /"type":"end"/],
    ['muonclip, stages, alarm, inspections', /"type":"alarm".*"quantity":"maxLogit"/],
  ])('killed at random moments ends with the same bits: %s', async (variant, event) => {
    const [straight, shot] = ['straight', 'shot'].map((name) => join(base.folder, `${name} ${variant}`));
    const startedAt = performance.now();
    expect(await train(straight, variant)).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(straight, 'events.jsonl'), 'utf8')).toMatch(event);
    await trainUnderFire(shot, variant, performance.now() - startedAt);
    expect(remains(shot)).toEqual(remains(straight));
  });

  it('killed at each step of writing a checkpoint ends with the same bits', async () => {
    const variant = 'muonclip, warm restarts, rollback from NaN with adjustments';
    const [straight, shot] = ['straight', 'shot'].map((name) => join(base.folder, `${name} while writing`));
    expect(await train(straight, variant)).toMatchObject({ code: 0 });
    let kills = 0;
    for (let dieAt = 1; dieAt <= 13; dieAt++) {
      const { signal, code, stderr } = await train(shot, variant, { dieAt });
      expect(stderr).toBe('');
      expect([signal, code]).toContain(signal === null ? 0 : 'SIGKILL');
      kills += Number(signal === 'SIGKILL');
    }
    expect(kills).toBeGreaterThan(9);
    expect(await train(shot, variant)).toMatchObject({ code: 0 });
    expect(remains(shot)).toEqual(remains(straight));
    expect(readdirSync(join(shot, 'checkpoints')).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(existsSync(join(shot, 'tensorboard'))).toBe(true);
  });
});
