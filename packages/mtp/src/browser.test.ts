import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'tsup';
import { expect, it } from 'vitest';

it('runs on a page: it bundles for browsers, without anything of Node', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'smol-mtp-'));
  try {
    await build({
      entry: [join(import.meta.dirname, 'index.ts')],
      outDir: folder,
      format: ['iife'],
      globalName: 'mtp',
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
    expect(code).not.toMatch(/["']node:/);
    const page = createContext({ window: {}, console, performance, setTimeout, fetch });
    runInContext(`${code}; globalThis.names = Object.keys(mtp).join()`, page);
    expect(page.names).toContain('ParallelHeads');
  } finally {
    await rm(folder, { recursive: true });
  }
});
