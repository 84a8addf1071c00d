// Reads paths of HTML files from stdin, one a line; prints one JSON line {path, ours, readability, defuddle} each: the main
// text by this package and by two of npm's, on linkedom. Used by readability_pages.py.
import { readFileSync } from 'node:fs';
import { Readability } from '@mozilla/readability';
import { Defuddle } from 'defuddle/node';
import { parseHTML } from 'linkedom';
import { decodeHtml, extractHtml } from '../dist/index.js';

/** Text of a fragment of HTML, a space for every tag. */
const withoutTags = (html) =>
  parseHTML(`<!doctype html><html><body>${html.replaceAll('<', ' <')}</body></html>`).document.body.textContent;

async function attempt(extract) {
  try {
    return (await extract()) ?? '';
  } catch (error) {
    process.stderr.write(`${String(error).slice(0, 200)}\n`);
    return '';
  }
}

for (const path of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const html = decodeHtml(readFileSync(path))?.text ?? '';
  const ours = extractHtml(html)?.text ?? '';
  const readability = await attempt(() =>
    withoutTags(new Readability(parseHTML(html).document).parse()?.content ?? ''),
  );
  const defuddle = await attempt(async () => {
    const { content } = await Defuddle(parseHTML(html).document, 'https://example.org/', {});
    return withoutTags(content ?? '');
  });
  console.log(JSON.stringify({ path, ours, readability, defuddle }));
}
