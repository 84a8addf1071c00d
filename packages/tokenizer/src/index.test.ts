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
