// Reads paths of HTML files from stdin, one a line; prints one JSON line {path, text} each. Used by oracle.py.
import { readFileSync } from 'node:fs';
import { decodeHtml, extractHtml } from '../dist/index.js';

for (const path of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const decoded = decodeHtml(readFileSync(path));
  const text = (decoded && extractHtml(decoded.text)?.text) ?? '';
  console.log(JSON.stringify({ path, text }));
}
