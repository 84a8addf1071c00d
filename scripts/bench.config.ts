import { defineConfig } from 'vitest/config';

// Benchmarks run on the sources, one file at a time, so that nothing else uses the processor meanwhile.
export default defineConfig({
  resolve: { conditions: ['@smol/source'] },
  ssr: { resolve: { conditions: ['@smol/source'] } },
  test: {
    include: ['scripts/bench.ts'],
    root: new URL('..', import.meta.url).pathname,
    server: { deps: { inline: [/@tensorflow\/tfjs-core/] } },
    testTimeout: 30 * 60_000,
    fileParallelism: false,
  },
});
