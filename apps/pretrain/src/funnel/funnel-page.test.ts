import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from '../fixtures/open-browser.ts';
import type { Funnel } from './funnel.ts';
import { funnelPage } from './funnel-page.ts';

const hostile = '<script>window.injected = true</script>';
const funnel: Funnel = {
  name: `test ${hostile}`,
  read: 1000,
  kept: 250,
  sources: [
    { name: 'CC-MAIN-1', read: 600, kept: 200 },
    { name: 'CC-MAIN-2', read: 400, kept: 50 },
  ],
  stages: [
    { step: 'read', in: 1000, out: 1000, reasons: [] },
    {
      step: 'url',
      in: 1000,
      out: 500,
      reasons: [
        {
          reason: 'domain',
          documents: 500,
          samples: [{ id: '1', url: `http://a/${'x'.repeat(500)}`, text: hostile, value: hostile, limit: 1 }],
        },
      ],
    },
    { step: 'dedup', in: 500, out: 250, reasons: [{ reason: 'near_duplicate', documents: 250, samples: [] }] },
  ],
};

describe('the page of a funnel', { tags: ['slow'] }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'funnel-page-'));
  let browser: Browser;
  let page: Page;
  const requests: string[] = [];

  beforeAll(async () => {
    const path = join(folder, 'funnel.html');
    writeFileSync(path, funnelPage(funnel));
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(path).href);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('asks the network for nothing', () => {
    expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
  });

  it('draws bars as wide as what is left', async () => {
    const widths = await page
      .locator('.left')
      .evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().width));
    const [all, half, quarter] = widths;
    expect(all).toBeGreaterThan(300);
    expect(half / all).toBeCloseTo(0.5, 2);
    expect(quarter / all).toBeCloseTo(0.25, 2);
  });

  it('shows reasons, values, limits and texts, never as markup', async () => {
    const text = await page.locator('main').innerText();
    for (const part of ['domain', '500 · 50.0 % of all', 'near_duplicate', 'CC-MAIN-2', '−250 (50.0 %)'])
      expect(text).toContain(part);
    expect(text).toContain(hostile);
    expect(await page.evaluate(() => 'injected' in window)).toBe(false);
  });

  it.each([390, 800, 1600])('does not scroll sideways at %d pixels', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBeLessThanOrEqual(0);
  });
});
