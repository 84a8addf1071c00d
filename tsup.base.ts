import { defineConfig } from 'tsup';

/** The one way a package of this workspace is built: ESM JavaScript by tsup, declarations by tsc. */
export const library = (entry: string[], overrides: Parameters<typeof defineConfig>[0] = {}) =>
  defineConfig({
    entry,
    format: ['esm'],
    target: 'node20',
    platform: 'node',
    sourcemap: true,
    clean: true,
    splitting: true,
    dts: false,
    ...overrides,
  });
