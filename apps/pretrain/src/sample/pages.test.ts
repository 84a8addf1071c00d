import { describe, expect, it } from 'vitest';
import { asParagraphs, paragraphs } from './page-templates.ts';
import { editLightly, samplePages } from './pages.ts';
import { readSpeeches } from './text-packages.ts';

describe('samplePages', () => {
  const pages = samplePages(readSpeeches(), 42);

  it('has each address once, and the same pages each time', () => {
    expect(new Set(pages.map(({ url }) => url)).size).toBe(pages.length);
    expect(samplePages(readSpeeches(), 42)).toEqual(pages);
  });

  it('has something for every filter to do', () => {
    const html = pages.map((page) => page.html).join('\n');
    for (const bait of [
      /lorem ipsum/i,
      /@worldfacts\.example\.org/,
      /8\.8\.4\.\d+/,
      /Buy cheap watches/,
      /lang="en"/,
    ]) {
      expect(html).toMatch(bait);
    }
    expect(pages.some(({ url }) => url.includes('casino'))).toBe(true);
    expect(pages.some(({ contentType }) => contentType === 'image/png')).toBe(true);
  });
});

describe('editLightly', () => {
  it('replaces a few words in a hundred, by seed', () => {
    const text = Array.from({ length: 10_000 }, (_, index) => `word${index}`).join(' ');
    const edited = editLightly(text, 1, 'test').split(' ');
    const changed = edited.filter((word, index) => word !== `word${index}`).length;
    expect(changed).toBeGreaterThan(20);
    expect(changed).toBeLessThan(100);
    expect(editLightly(text, 1, 'test')).toBe(edited.join(' '));
    expect(editLightly(text, 2, 'test')).not.toBe(edited.join(' '));
  });
});

describe('paragraphs', () => {
  it('loses no word, and cuts only between sentences', () => {
    const text = 'One is short. Two is longer! “Three?” Four has 3.5 of them. Five';
    expect(paragraphs(text, 20).join(' ')).toBe(text);
    expect(paragraphs(text, 20)[0]).toBe('One is short. Two is longer!');
  });

  it('become HTML in which no text is markup', () => {
    expect(asParagraphs('a < b & c')).toBe('<p>a &lt; b &amp; c</p>');
  });
});
