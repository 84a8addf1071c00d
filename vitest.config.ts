import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const rooms = ['packages', 'apps'].flatMap((group) =>
  readdirSync(group)
    .map((name) => `${group}/${name}`)
    .filter((path) => existsSync(`${path}/package.json`)),
);

export default defineConfig({
  // Tests run on the sources of every package; nothing needs to be built first, except what runs in a worker.
  resolve: { conditions: ['@smol/source'] },
  ssr: { resolve: { conditions: ['@smol/source'] } },
  test: {
    tags: [{ name: 'slow', description: 'takes more than a few seconds; left out of test:fast' }],
    restoreMocks: true,
    // tfjs publishes extensionless ESM, which only the bundler can load.
    server: { deps: { inline: [/@tensorflow\/tfjs-core/] } },
    testTimeout: 30_000,
    maxWorkers: 2,
    projects: [
      ...rooms.map((root) => ({
        extends: true as const,
        test: { name: root.split('/')[1], root, include: ['src/**/*.test.ts'] },
      })),
      { extends: true as const, test: { name: 'workspace', root: '.', include: ['tests/**/*.test.ts'] } },
    ],
  },
});
