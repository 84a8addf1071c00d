import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import chromium from '@sparticuz/chromium';
import { chromium as playwright } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { build } from 'tsup';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What the page does: the same products and a fused op on one thread and on two. */
const PAGE = `
import { useEngine } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
import { attention } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';

async function compute(threads) {
  const engine = await useEngine('wasm', { threads });
  const values = tf.tidy(() => {
    const x = tf.reshape(tf.sin(tf.range(0, 4 * 96 * 64)), [4, 96, 1, 64]);
    const { output_BTHK } = attention(x, x, x);
    const wide = tf.reshape(output_BTHK, [384, 64]);
    return tf.matMul(wide, wide, false, true).dataSync();
  });
  engine.close();
  return { threads: engine.threads, values: Array.from(values) };
}

globalThis.run = async () => {
  const [one, two] = [await compute(1), await compute(2)];
  return {
    isolated: crossOriginIsolated,
    threads: [one.threads, two.threads],
    same: one.values.every((value, index) => value === two.values[index]),
    sum: one.values.reduce((sum, value) => sum + value, 0),
  };
};
`;

/** Everything the page needs in one script, bundled for browsers. */
async function bundle(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'smol-engine-page-'));
  try {
    await build({
      entry: { page: join(import.meta.dirname, 'index.ts') },
      outDir: folder,
      format: ['iife'],
      config: false,
      silent: true,
      clean: false,
      dts: false,
      platform: 'browser',
      noExternal: [/.*/],
      esbuildOptions: (options) => {
        options.conditions = ['@smol/source'];
        options.stdin = { contents: PAGE, resolveDir: import.meta.dirname, loader: 'js' };
        delete options.entryPoints;
        options.outfile = join(folder, 'page.js');
        delete options.outdir;
      },
    });
    return await readFile(join(folder, 'page.js'), 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Serves one page; with the two headers that let a page share memory, or without. */
function serve(script: string): Promise<Server> {
  const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
  const server = createServer((request, response) => {
    const headers = request.url?.startsWith('/isolated') ? isolation : {};
    response.writeHead(200, { 'content-type': 'text/html', ...headers });
    response.end(
      `<!doctype html><meta charset="utf-8"><script>${script.replaceAll('</script', '<\\/script')}</script>`,
    );
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

interface Result {
  isolated: boolean;
  threads: number[];
  same: boolean;
  sum: number;
}

describe('the wasm engine in Chromium', { tags: ['slow'], timeout: 120_000 }, () => {
  let browser: Browser;
  let server: Server;

  beforeAll(async () => {
    chromium.setGraphicsMode = false;
    const executablePath = await chromium.executablePath();
    // Its own arguments put everything into one process, where no page is isolated.
    browser = await playwright.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'], headless: true });
    server = await serve(await bundle());
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function open(path: string): Promise<Result> {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    return page.evaluate(() => (globalThis as unknown as { run: () => Promise<Result> }).run());
  }

  it('computes on two threads where the page is cross-origin isolated, to the same bits', async () => {
    const result = await open('/isolated');
    expect(result).toMatchObject({ isolated: true, threads: [1, 2], same: true });
    expect(Number.isFinite(result.sum)).toBe(true);
  });

  it('computes on one thread where it is not', async () => {
    expect(await open('/plain')).toMatchObject({ isolated: false, threads: [1, 1], same: true });
  });
});
