// Reads every PDF below a folder, and says what came of it: text, a coded error, or (never) anything else.
// Run after a build: node scripts/robustness.mjs FOLDER [SECONDS PER FILE]
// The PDFs of pdf.js's tests are at github.com/mozilla/pdf.js, folder test/pdfs.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PdfError, PdfPool, routePages } from '../dist/index.js';

const [folder, seconds = '60'] = process.argv.slice(2);
if (!folder) throw new Error('usage: node scripts/robustness.mjs FOLDER [SECONDS PER FILE]');
const files = readdirSync(folder, { recursive: true })
  .filter((file) => file.toLowerCase().endsWith('.pdf'))
  .sort();
const pool = new PdfPool({ workers: 2, hangSeconds: Number(seconds) });
const counts = new Map();
const slow = [];
const count = (what) => counts.set(what, (counts.get(what) ?? 0) + 1);
let [pages, characters, salvaged, peak] = [0, 0, 0, 0];

async function read(file) {
  const path = join(folder, file);
  const start = performance.now();
  try {
    const { text, pageCount, repairs } = await pool.extract(path);
    await routePages(path, { samplePages: 4 });
    count(text === '' ? 'no text' : 'text');
    pages += pageCount;
    characters += text.length;
    if (repairs.length > 0) salvaged++;
  } catch (error) {
    count(error instanceof PdfError ? error.code : `CRASH ${error.message.slice(0, 200)}`);
    if (!(error instanceof PdfError) || error.code === 'TIMED_OUT') console.log(file, error.message.slice(0, 300));
  }
  slow.push([performance.now() - start, file]);
  peak = Math.max(peak, process.memoryUsage().rss);
}

const queue = files.values();
await Promise.all([1, 2].map(async () => { for (const file of queue) await read(file); })); // prettier-ignore
await pool.close();
console.log(`${files.length} files, ${pages} pages, ${characters} characters, ${salvaged} salvaged`);
for (const [what, number] of [...counts].sort((a, b) => b[1] - a[1]))
  console.log(`${String(number).padStart(6)}  ${what}`);
for (const [time, file] of slow.sort((a, b) => b[0] - a[0]).slice(0, 3))
  console.log(`slowest: ${Math.round(time)} ms  ${file}`);
console.log(`peak memory ${Math.round(peak / 1e6)} MB`);
process.exitCode = [...counts.keys()].some((what) => what.startsWith('CRASH') || what === 'TIMED_OUT') ? 1 : 0;
