import { describe, expect, it } from 'vitest';
import { extractHtml } from './extract-html.ts';
import { sitePages } from './site-pages.fixture.ts';
import { overlap } from './word-overlap.fixture.ts';

const pages = sitePages();

describe('extractHtml on differently built sites', () => {
  it('has more than thirty of them', () => {
    expect(new Set(pages.map(({ name }) => name)).size).toBeGreaterThan(30);
  });

  it.each(pages)('$name: hardly a word too much or too little', ({ html, truth }) => {
    const { precision, recall } = overlap(extractHtml(html)?.text ?? '', truth.join('\n'));
    expect({ precision: precision > 0.93, recall: recall > 0.93 }, `precision ${precision}, recall ${recall}`).toEqual({
      precision: true,
      recall: true,
    });
  });

  it('gives the same text every time, in any order of pages', () => {
    const first = pages.map(({ html }) => extractHtml(html)?.text);
    const again = pages
      .toReversed()
      .map(({ html }) => extractHtml(html)?.text)
      .reverse();
    expect(again).toEqual(first);
  });

  it('holds the same words in markdown', () => {
    for (const { html, truth } of pages) {
      const plain = overlap(extractHtml(html)?.text ?? '', truth.join('\n'));
      const marked = overlap(extractHtml(html, { format: 'markdown' })?.text ?? '', truth.join('\n'));
      expect(marked.recall).toBeGreaterThan(plain.recall - 0.01);
    }
  });
});
