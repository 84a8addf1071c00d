import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

type Build = (options: object) => Promise<{ outputFiles: { text: string }[] }>;

const require = createRequire(import.meta.url);
const esbuild = createRequire(require.resolve('tsup'))('esbuild') as { build: Build };

it('bundles for a browser: the core imports nothing of Node', async () => {
  const entryPoints = [fileURLToPath(new URL('index.ts', import.meta.url))];
  const { outputFiles } = await esbuild.build({
    entryPoints,
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
  });
  expect(outputFiles[0].text).toContain('trainBpe');
});

/** Processor milliseconds of importing a built entry, and whether ranks were read, in a process of its own. */
function importing(entry: string): { milliseconds: number; loaded: boolean } {
  const url = new URL(`../dist/${entry}.js`, import.meta.url).href;
  const script = `
    import { createRequire } from 'node:module';
    const start = process.cpuUsage();
    await import(${JSON.stringify(url)});
    const { user, system } = process.cpuUsage(start);
    const cache = Object.keys(createRequire(${JSON.stringify(url)}).cache);
    console.log(JSON.stringify({ milliseconds: (user + system) / 1e3, loaded: cache.some((path) => path.includes('encoders')) }));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
}

it.each(['index', 'node', 'tiktoken'])('importing %s reads no ranks', (entry) => {
  expect(importing(entry).loaded).toBe(false);
});

it.each(['index', 'tiktoken'])('importing %s takes less than 30 ms of a processor', { retry: 3 }, (entry) => {
  const runs = Array.from({ length: 5 }, () => importing(entry).milliseconds);
  expect(Math.min(...runs)).toBeLessThan(30);
});
