// The looks of the sample's web pages: real text inside the furniture that real pages have.

const escapeHtml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Sentences of a text grouped into paragraphs of about `size` characters, as an editor of a web page would. */
export function paragraphs(text: string, size = 700): string[] {
  const sentences = text.split(/(?<=[.!?]["”’]?)\s+(?=["“‘]?[A-Z])/);
  const result: string[] = [];
  let current = '';
  for (const sentence of sentences) {
    current += current === '' ? sentence : ` ${sentence}`;
    if (current.length >= size) {
      result.push(current);
      current = '';
    }
  }
  return current === '' ? result : [...result, current];
}

interface Page {
  title: string;
  /** HTML of the main content. */
  body: string;
  site: string;
  language?: string;
}

const menu = (items: string[]) =>
  `<ul>${items.map((item) => `<li><a href="/${item.toLowerCase()}">${item}</a></li>`).join('')}</ul>`;

/** A page of an online magazine: menu, cookie banner, side bar, share buttons, comments and footer around an article. */
export function magazinePage({ title, body, site, language = 'en' }: Page): string {
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><title>${escapeHtml(title)} | ${site}</title>
<meta property="og:title" content="${escapeHtml(title)}"><link rel="stylesheet" href="/style.css">
<script>window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments); }</script></head>
<body class="article-page">
<div class="cookie-banner"><p>We use cookies to improve your experience. By browsing you accept our cookie policy.</p><button>Accept all</button></div>
<header><a href="/" class="logo">${site}</a><nav>${menu(['Home', 'World', 'Politics', 'Culture', 'Science', 'Sport'])}</nav></header>
<main><article><h1>${escapeHtml(title)}</h1>
<div class="share"><a href="#">Share</a> <a href="#">Tweet</a> <a href="#">Print</a></div>
${body}
</article></main>
<aside class="sidebar"><h3>Most read</h3>${menu(['Harvest', 'Elections', 'Weather', 'Markets', 'Recipes'])}<div class="ad">Advertisement</div></aside>
<section id="comments" class="comments"><h3>Comments (2)</h3><p>First!</p><p>Great read, thanks for sharing.</p></section>
<footer><p>&copy; ${site}. All rights reserved.</p>${menu(['About', 'Privacy', 'Terms', 'Contact'])}</footer>
</body></html>`;
}

/** A plain page of the early web: no furniture but a line of links. */
export function plainPage({ title, body, site, language = 'en' }: Page): string {
  return `<html lang="${language}"><head><title>${escapeHtml(title)}</title></head><body>
<h2>${escapeHtml(title)}</h2>
${body}
<hr><p><a href="/">${site}</a> | <a href="/index.html">Index</a> | <a href="#top">Top</a></p></body></html>`;
}

/** Running text as HTML paragraphs. */
export const asParagraphs = (text: string, size?: number): string =>
  paragraphs(text, size)
    .map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`)
    .join('\n');

/** Headed sections of labelled values as HTML: prose as paragraphs, figures as a box beside it. */
export function asSections(sections: { heading: string; items: [string, string][] }[]): string {
  return sections
    .map(({ heading, items }) => {
      const prose = items.filter(([, value]) => isProse(value)).map(([, value]) => asParagraphs(value));
      const figures = items.filter(([, value]) => !isProse(value));
      const rows = figures.map(
        ([label, value]) => `<tr><th>${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`,
      );
      const box = `<aside class="infobox"><table>\n${rows.join('\n')}\n</table></aside>`;
      return (
        (prose.length > 0 ? `<h3>${escapeHtml(heading)}</h3>\n${prose.join('\n')}\n` : '') +
        (rows.length > 0 ? box : '')
      );
    })
    .join('\n');
}

/** Long, and sentences rather than a list of figures. */
const isProse = (value: string) => value.length >= 160 && (value.match(/\d/g)?.length ?? 0) < value.length / 100;
