import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'tsup';
import { describe, expect, it } from 'vitest';

/** Bundles a package for a page and evaluates an expression on it there, where nothing of Node is. */
async function evaluateOnPage(room: string, expression: string): Promise<{ code: string; result: unknown }> {
  const folder = await mkdtemp(join(tmpdir(), `smol-${room}-`));
  try {
    await build({
      entry: [join(import.meta.dirname, `../packages/${room}/src/index.ts`)],
      outDir: folder,
      format: ['iife'],
      globalName: 'bundle',
      config: false,
      silent: true,
      clean: false,
      dts: false,
      platform: 'browser',
      noExternal: [/.*/],
      minify: true,
      esbuildOptions: (options) => void (options.conditions = ['@smol/source']),
    });
    const code = await readFile(join(folder, 'index.global.js'), 'utf8');
    const page = createContext({ window: {}, console, performance, setTimeout, fetch });
    return { code, result: runInContext(`${code}; ${expression}`, page) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe.each([
  { room: 'distill', expression: "Object.keys(bundle).includes('distillationLoss')", expected: true },
  { room: 'mtp', expression: "Object.keys(bundle).includes('ParallelHeads')", expected: true },
  { room: 'optim-muon', expression: "bundle.updateScale('moonlight', 4, 100)", expected: 2 },
])('@smol/$room', ({ room, expression, expected }) => {
  it('runs on a page: it bundles for browsers, without anything of Node', async () => {
    const { code, result } = await evaluateOnPage(room, expression);
    expect(code).not.toMatch(/["']node:/);
    expect(Number(result)).toBeCloseTo(Number(expected), 12);
  });
});
