import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractHtml } from './extract-html.ts';

const LONG = 'This is a sentence of a text that is long enough to look like running text on a page.';
const markdownOf = (body: string, options = {}) =>
  extractHtml(`<html><body><article>${body}</article></body></html>`, { format: 'markdown', ...options })?.text;

describe('extractHtml in markdown', () => {
  it.each([
    [
      'headings and paragraphs',
      `<h1>One</h1><p>${LONG}</p><h3>Two</h3><p>${LONG}</p>`,
      `# One\n\n${LONG}\n\n### Two\n\n${LONG}`,
    ],
    [
      'emphasis',
      `<p>A <b>bold</b>, <em>slanted</em> and <code>coded()</code> word, <del>gone</del>. ${LONG}</p>`,
      `A **bold**, *slanted* and \`coded()\` word, ~~gone~~. ${LONG}`,
    ],
    [
      'spaces outside of marks',
      `<p>A<b> bold </b>word, <i> </i>nothing <b></b>empty. ${LONG}</p>`,
      `A **bold** word, nothing empty. ${LONG}`,
    ],
    [
      'marks that cross and never end',
      `<p>a <b>b <i>c</b> d</i> e. ${LONG}</p><p>${LONG} <b>open</p><p>${LONG}</p>`,
      `a **b *c*** *d* e. ${LONG}\n\n${LONG} **open**\n\n${LONG}`,
    ],
    [
      'bullets in bullets',
      `<p>${LONG}</p><ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>`,
      `${LONG}\n\n- a\n    - b\n- c`,
    ],
    [
      'numbers',
      `<p>${LONG}</p><ol start="3"><li>a</li><li>b</li><li value="9">c</li></ol>`,
      `${LONG}\n\n3. a\n4. b\n9. c`,
    ],
    [
      'items of several paragraphs',
      `<p>${LONG}</p><ul><li><p>a</p><p>${LONG}</p></li></ul>`,
      `${LONG}\n\n- a\n\n  ${LONG}`,
    ],
    [
      'quotes',
      `<p>${LONG}</p><blockquote><p>${LONG}</p><blockquote>${LONG}</blockquote></blockquote>`,
      `${LONG}\n\n> ${LONG}\n\n> > ${LONG}`,
    ],
    [
      'code with its language',
      `<p>${LONG}</p><pre><code class="hljs language-ts">const a = <b>1</b>;\n\n  b();</code></pre>`,
      `${LONG}\n\n\`\`\`ts\nconst a = 1;\n\n  b();\n\`\`\``,
    ],
    [
      'code that holds a fence',
      `<p>${LONG}</p><pre class="lang-md">\`\`\`\nx\n\`\`\`</pre>`,
      `${LONG}\n\n\`\`\`\`md\n\`\`\`\nx\n\`\`\`\n\`\`\`\``,
    ],
    [
      'tables',
      `<p>${LONG}</p><table><tr><th>a</th><th>b</th></tr><tr><td><b>1</b></td><td>x|y</td></tr><tr><td>2</td></tr></table>`,
      `${LONG}\n\n| a | b |\n| --- | --- |\n| **1** | x\\|y |\n| 2 |  |`,
    ],
    ['line breaks', `<p>${LONG}<br>and<br/>more</p>`, `${LONG}\nand\nmore`],
  ])('writes %s', (_, body, markdown) => expect(markdownOf(body)).toBe(markdown));

  it('writes links with their addresses when asked', () => {
    const body = `<p>${LONG} See <a href="/a b(c)">the <b>docs</b></a>, <a href="javascript:x()">run</a> and <a>nothing</a>.</p>`;
    expect(markdownOf(body)).toBe(`${LONG} See the **docs**, run and nothing.`);
    expect(markdownOf(body, { links: true, url: 'https://example.org/page' })).toBe(
      `${LONG} See [the **docs**](https://example.org/a%20b%28c%29), run and nothing.`,
    );
  });

  it('holds the same words as the plain text', () => {
    const piece = fc.constantFrom(
      '<p>',
      '</p>',
      '<b>',
      '</b>',
      '<i>',
      '<a href=x>',
      '</a>',
      '<ul>',
      '<li>',
      '</ul>',
      '<table>',
      '<tr>',
      '<td>',
      '</table>',
      '<blockquote>',
      '</blockquote>',
      '<pre>',
      '</pre>',
      'one two',
      LONG,
      '<br>',
      '<h2>',
      '</h2>',
      '<code>',
      '</code>',
      '<div class="nav">',
      '</div>',
    );
    // Marks may stand between letters, so letters are compared.
    const letters = (text?: string) => (text ?? '').replace(/[^a-z]+/gi, '');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const html = pieces.join('');
        expect(letters(extractHtml(html, { format: 'markdown' })?.text)).toEqual(letters(extractHtml(html)?.text));
      }),
      { numRuns: 400 },
    );
  });

  it('takes bounded time on deep nesting', () => {
    for (const unit of ['<b>', '<blockquote>', '<ul><li>', '<a href=x>', '<code>']) {
      const start = performance.now();
      markdownOf(`${unit.repeat(2000)}${LONG}`, { links: true });
      expect(performance.now() - start).toBeLessThan(5000);
    }
  });
});
