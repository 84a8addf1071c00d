// Prints the pages of src/site-pages.fixture.ts as JSON lines {name, html, truth, text}: text is what extractHtml makes of them. Used by oracle.py.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'tsup';
import { extractHtml } from '../dist/index.js';

const folder = mkdtempSync(join(tmpdir(), 'site-pages-'));
const entry = { pages: fileURLToPath(new URL('../src/site-pages.fixture.ts', import.meta.url)) };
await build({
  entry,
  outDir: folder,
  format: ['esm'],
  outExtension: () => ({ js: '.mjs' }),
  config: false,
  silent: true,
});
const { sitePages } = await import(pathToFileURL(join(folder, 'pages.mjs')).href);
rmSync(folder, { recursive: true });
for (const { name, html, truth } of sitePages()) {
  console.log(JSON.stringify({ name, html, truth: truth.join('\n'), text: extractHtml(html)?.text ?? '' }));
}
