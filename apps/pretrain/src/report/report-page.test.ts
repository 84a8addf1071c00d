import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../fixtures/open-browser.ts';
import { reportPage, type ReportData } from './report-page.ts';

const steps = Array.from({ length: 50 }, (_, index) => index + 1);
const data: ReportData = {
  name: 'test <run>',
  headline: [
    ['2.250', 'held-out bits per byte'],
    ['1,234', 'parameters'],
  ],
  steps,
  curves: [
    { title: 'Loss', unit: 'nats', values: steps.map((step) => 7 - Math.log(step)) },
    {
      title: 'Gradient norm',
      unit: '',
      values: steps.map((step) => (step === 7 ? null : 1 / step)),
      logarithmic: true,
    },
  ],
  stages: [{ step: 25, name: 'decay' }],
  funnel: [
    { step: 'language', reason: 'language', documents: 3, kept: false },
    { step: 'kept', reason: 'curated documents', documents: 7, kept: true },
  ],
  documentsIn: 10,
  comparison: [
    ['after', 2.25],
    ['gzip -9', 2.85],
  ],
  sources: [['pages', 7, 1000, 3.1, 1]],
  samples: [{ prompt: 'My fellow', text: ' Americans</script><script>window.injected = true</script>' }],
  config: 'name: test',
};

function assets(): { script: string; style: string } {
  const folder = join(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist');
  return {
    script: readFileSync(join(folder, 'uPlot.iife.min.js'), 'utf8'),
    style: readFileSync(join(folder, 'uPlot.min.css'), 'utf8'),
  };
}

describe('report.html in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'smol-report-'));
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    const path = join(folder, 'report.html');
    writeFileSync(path, reportPage(data, assets()));
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1100, height: 1400 }, locale: 'en-US' });
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(path).href);
    if (process.env.SMOL_SCREENSHOT) await page.screenshot({ path: process.env.SMOL_SCREENSHOT, fullPage: true });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('draws every curve, without an error and without the network', async () => {
    expect(errors).toEqual([]);
    expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
    expect(await page.locator('.chart canvas').count()).toBe(2);
    // A drawn canvas has pixels in the accent colour; an empty one is transparent.
    const painted = await page
      .locator('.chart canvas')
      .first()
      .evaluate((element) => {
        const canvas = element as HTMLCanvasElement;
        const pixels = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data;
        return pixels.filter((value, index) => index % 4 === 3 && value > 0).length;
      });
    expect(painted).toBeGreaterThan(1000);
  });

  it('shows numbers, funnel and samples as text, never as markup', async () => {
    expect(await page.title()).toBe('test <run> · smol');
    const text = await page.locator('main').innerText();
    expect(text).toContain('held-out bits per byte');
    expect(text).toMatch(/language\s+language\s+3/);
    expect(text).toContain('Americans</script>');
    expect(await page.evaluate(() => 'injected' in window)).toBe(false);
  });

  it('does not scroll sideways on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBeLessThanOrEqual(0);
  });
});
