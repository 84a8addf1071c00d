import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { disposeEngine, useEngine } from '@smol/engine';
import { Tokenizer, trainBpe } from '@smol/tokenizer';
import { build } from 'tsup';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from './fixtures/open-browser.ts';
import type { GenerateOnPage } from './fixtures/page.ts';
import { difference, ids, TINY } from './fixtures/tiny-model.ts';
import { fetchModel, generateText, SmolLM } from './index.ts';
import { saveModel } from './node.ts';

const MODEL = { ...TINY, vocab_size: 270, initializer_range: 0.3 };

let folder: string;
let server: Server;
let address: string;
let tokenizerJson: object;

beforeAll(async () => {
  await useEngine('wasm', { threads: 2 });
  folder = await mkdtemp(join(tmpdir(), 'smol-page-'));
  tokenizerJson = (await trainBpe(['the quick brown fox'], { vocabularySize: 270 })).toJson();
  const files = { 'tokenizer.json': JSON.stringify(tokenizerJson) };
  await saveModel(SmolLM.initialize(MODEL, { seed: 6 }), folder, { files, maximumShardBytes: 20_000 });
  server = createServer((request, response) => {
    const name = basename(new URL(request.url ?? '/', 'http://localhost').pathname);
    const type = name.endsWith('.js') ? 'text/javascript' : name === '' ? 'text/html' : 'application/octet-stream';
    const contents =
      name === '' ? Promise.resolve('<script src="/page.global.js"></script>') : readFile(join(folder, name));
    contents.then(
      (body) => response.writeHead(200, { 'content-type': type }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  disposeEngine();
  server.close();
  await rm(folder, { recursive: true });
});

describe('fetchModel', () => {
  it('loads an exported folder, shards and all, from a server', async () => {
    const model = await fetchModel(`${address}/model`);
    const expected = SmolLM.initialize(MODEL, { seed: 6 });
    const rows = ids([[1, 2, 3, 250]]);
    expect(difference(model.logits(rows).dataSync(), expected.logits(rows).dataSync())).toBe(0);
  });

  it('names what is missing, is no JSON, or points out of the folder', async () => {
    const serving = (files: Record<string, string>) => async (url: URL) => {
      const text = files[basename(url.pathname)];
      return text === undefined ? undefined : new TextEncoder().encode(text);
    };
    const load = (files: Record<string, string>) => fetchModel('http://x/m', serving(files));
    await expect(load({})).rejects.toThrow('http://x/m/config.json: no such file');
    await expect(load({ 'config.json': '{' })).rejects.toThrow('config.json: must hold a JSON object');
    await expect(load({ 'config.json': '{}' })).rejects.toThrow('model.safetensors: no such file');
    const index = JSON.stringify({ weight_map: { a: '../../secret.safetensors' } });
    const files = { 'config.json': '{}', 'model.safetensors.index.json': index };
    await expect(load(files)).rejects.toThrow('"../../secret.safetensors" is no plain name');
  });
});

describe('a page in a browser', () => {
  it('loads an exported folder and streams the same text as here', { tags: ['slow'], timeout: 120_000 }, async () => {
    await build({
      entry: { page: join(import.meta.dirname, 'fixtures/page.ts') },
      config: false,
      silent: true,
      clean: false,
      dts: false,
      outDir: folder,
      format: ['iife'],
      platform: 'browser',
      noExternal: [/.*/],
      esbuildOptions: (options) => void (options.conditions = ['@smol/source']),
    });
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      await page.goto(address);
      const there: Awaited<ReturnType<GenerateOnPage>> = await page.evaluate(
        ([url, prompt]) => generateOnPage(url, prompt),
        [`${address}/model`, 'the quick'],
      );
      expect(errors).toEqual([]);
      const model = await fetchModel(`${address}/model`);
      const options = { maxNewTokens: 24, temperature: 0.7, seed: 11, stopIds: [] };
      const [here] = await generateText(model, Tokenizer.fromJson(tokenizerJson), ['the quick'], options);
      expect(there).toMatchObject({ engine: 'wasm', text: here.text });
      expect(there.pieces).toBeGreaterThan(5);
    } finally {
      await browser.close();
    }
  });
});
