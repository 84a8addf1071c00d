import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractHtml } from './extract-html.ts';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
const names = readdirSync(new URL('fixtures', import.meta.url))
  .filter((name) => name.endsWith('.html'))
  .map((name) => name.slice(0, -'.html'.length));

const sentence = (index: number) =>
  `This is sentence number ${index} of a text that is long enough to look like running text.`;
const paragraphs = (count: number) =>
  Array.from({ length: count }, (_, index) => `<p>${sentence(index)}</p>`).join('\n');
const textOf = (html: string) => extractHtml(html)?.text;

describe('extractHtml on whole pages', () => {
  it('has pages to look at', () => expect(names.length).toBeGreaterThanOrEqual(8));

  it.each(names)('%s: exactly the main text', (name) => {
    expect(`${textOf(fixture(`${name}.html`))}\n`).toBe(fixture(`${name}.txt`));
  });

  it('reads what the pages say about themselves', () => {
    const { text: _, ...news } = extractHtml(fixture('news.html'), { url: 'https://coast.example/x' })!;
    expect(news).toEqual({
      title: 'Harbour ferry returns after two-year refit',
      language: 'en-GB',
      direction: 'ltr',
      date: '2023-04-17',
      author: 'Maria Lindqvist',
      canonicalUrl: 'https://coast.example/2023/04/17/harbour-ferry',
    });
    expect(extractHtml(fixture('blog.html'))).toMatchObject({
      date: '2021-11-03',
      author: 'Ines Duarte',
      title: 'Sourdough, the lazy way - Crumbs',
    });
    expect(extractHtml(fixture('forum.html'))).toMatchObject({ noindex: true, language: 'en' });
    expect(extractHtml(fixture('rtl.html'))).toMatchObject({ language: 'fa', direction: 'rtl' });
    expect(extractHtml(fixture('list.html'))).toMatchObject({ date: '2019-06-05', language: 'de' });
    expect(extractHtml(fixture('soup.html'))).toMatchObject({ title: 'My Lighthouse Page!!' });
  });
});

describe('extractHtml on names that look like furniture', () => {
  it('keeps sections that are named by their headings, and the rest of a text behind a button', () => {
    const story = `<h1>T</h1>${paragraphs(4)}`;
    const section = `<div class="section" id="sharing-with-a-single-developer"><h2>Sharing with one</h2><p>${sentence(50)}</p></div>`;
    expect(textOf(`<div class="document">${story}${section}</div>`)).toContain('sentence number 50');
    const rest = `<div id="read-more"><a href="#">Read more</a><div id="read-more-content"><p>${sentence(60)}</p><p>${sentence(61)}</p></div></div>`;
    const text = textOf(
      `<div class="story-body">${story}${rest}</div><div class="related-stories"><p>${sentence(70)}</p></div>`,
    );
    expect(text).toContain('sentence number 61');
    expect(text).not.toMatch(/Read more|number 70/);
  });
});

describe('extractHtml on white space', () => {
  it('puts blocks on lines and keeps inline text together', () => {
    expect(textOf('<div>a<p>b <b>c</b>d\n e&nbsp;f</p>g<br>h<hr>i<span>j</span> k</div>')).toBe(
      'a\nb cd e f\ng\nh\nij k',
    );
  });
  it('decodes entities once, and removes what is invisible except joiners', () => {
    expect(textOf('<p>&lt;b&gt; &amp;amp; &eacute;&#x1F600; so&shy;ft&#8203; می‌خواهم</p>')).toBe(
      '<b> &amp; é😀 soft می‌خواهم',
    );
  });
  it('keeps the lines of code', () => {
    expect(textOf('<pre>\n\nif x:\n    y  \n\nz\n</pre>')).toBe('if x:\n    y\n\nz');
  });
  it('writes nested lists one item a line', () => {
    expect(textOf('<ul><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p></li></ul>')).toBe('- a\n- b\n- c\nd');
  });
});

describe('extractHtml on misleading markup', () => {
  it.each([
    ['a form around the page', `<form id="aspnetForm">${paragraphs(6)}</form>`],
    ['a wrapper named after its sidebar', `<div class="page-sidebar-left">${paragraphs(6)}</div>`],
    ['a page header that holds the text', `<header>${paragraphs(6)}</header>`],
    ['main content hidden until a script runs', `<div style="display: none">${paragraphs(6)}</div>`],
    ['modifier classes', `<div class="has-sidebar tag-social no-comments">${paragraphs(6)}</div>`],
  ])('keeps text in %s', (_, body) => {
    expect(textOf(`<html><body><nav><a href=/>Home</a></nav>${body}</body></html>`)?.split('\n')).toHaveLength(6);
  });

  it('keeps comments when the page is nothing else', () => {
    const body = Array.from({ length: 8 }, (_, index) => `<div class="comment"><p>${sentence(index)}</p></div>`).join(
      '',
    );
    expect(textOf(`<body>${body}</body>`)?.split('\n')).toHaveLength(8);
  });

  it('keeps a segment twice at most', () => {
    const long = `<p>${sentence(1)} ${sentence(2)}</p>`;
    expect(textOf(`${paragraphs(3)}${long.repeat(5)}`)?.split('\n')).toHaveLength(5);
  });

  it('does not remember other pages', () => {
    const page = paragraphs(5);
    const first = textOf(page);
    for (let times = 0; times < 5; times++) expect(textOf(page)).toBe(first);
  });
});

describe('extractHtml on hostile pages', () => {
  it('gives null for pages without text', () => {
    for (const html of [
      '',
      ' ',
      '<p>',
      '<script>alert(1)</script>',
      '<!-- <p>x</p> -->',
      '\u0000',
      '<title>only a title</title>',
    ]) {
      expect(extractHtml(html)).toBeNull();
    }
  });

  it('refuses what is no string', () => {
    expect(() => extractHtml(Buffer.from('<p>') as unknown as string)).toThrow(/decodeHtml first/);
  });

  it('survives any string', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '<p>',
        '</p>',
        '<table>',
        '<td>',
        '</tr>',
        '<li>',
        '<div class="',
        '">',
        '&amp',
        '<!--',
        ']]>',
        '<b>',
        '</a>',
        '<a href=x>',
        '<pre>',
        '<h1>',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(textOf(pieces.join(''))?.trim()).not.toBe('');
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['a million open tags', '<div>'.repeat(1_000_000)],
    ['deep nesting with unmatched ends', '<b><span>'.repeat(400_000) + '</i></div>'.repeat(400_000)],
    ['two million attributes', `<p ${'a '.repeat(2_100_000)}>`],
  ])('stops at the work limit: %s', (_, html) => {
    expect(() => extractHtml(html)).toThrow(expect.objectContaining({ code: 'TOO_MUCH_WORK' }));
  });

  it.each([
    ['ten megabytes of paragraphs', paragraphs(100_000)],
    ['ten megabytes in one text', `<p>${'word '.repeat(2_000_000)}`],
    ['ten megabytes of white space', `<p>${' '.repeat(10_000_000)}x`],
    ['a huge attribute', `<div class="${'x '.repeat(5_000_000)}">${paragraphs(4)}</div>`],
    ['an open comment', `${paragraphs(4)}<!--${'<p>-'.repeat(2_500_000)}`],
    ['an open attribute', `${paragraphs(4)}<a href="${'<p> '.repeat(2_500_000)}`],
    ['entities without end', `<p>${'&amp'.repeat(500_000)}</p>`],
    ['line breaks', `<p>${'<br> '.repeat(600_000)}x</p>`],
    ['nested tables', `${'<table><tr><td>'.repeat(1200)}${paragraphs(4)}`],
    ['one long table', `<table>${'<tr><td>a<td>b'.repeat(150_000)}</table>`],
  ])('takes time in proportion: %s', { timeout: 10_000 }, (_, html) => {
    expect(extractHtml(html)?.text.length).toBeGreaterThan(0);
  });
});
