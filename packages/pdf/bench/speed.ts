import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { longReport } from '../src/fixtures/truth-pdfs.ts';
import { extractPdf, openPdf } from '../src/index.ts';
import { median, row } from './bench-row.ts';
import type { BenchRow } from './bench-row.ts';
import { PEERS } from './peers.ts';

const PAGES = 60;
/** A long born-digital file of the developer sets, which are described in developer-sets.ts. */
const GUIDE = join('html', 'ig-en.pdf');
const ROUNDS = 4;
/** Rounds that only warm up: compilers take that long to settle. */
const WARM_UP = 2;

/** What PDFium alone needs for its text, without boxes, order, or clean-up. */
async function readRawText(bytes: Uint8Array): Promise<number> {
  using document = await openPdf(bytes);
  let length = 0;
  for (let index = 0; index < document.pageCount; index++) length += document.rawText(index).length;
  return length;
}

/** Pages a second of several kinds of work, in turns, so that all see the same machine. */
async function rates(pages: number, works: (() => Promise<unknown>)[]): Promise<(number | null)[]> {
  const results = works.map((): number[] => []);
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (const [index, work] of works.entries()) {
      const start = performance.now();
      const done = (await work()) !== null;
      if (done && round >= WARM_UP) results[index].push((1000 * pages) / (performance.now() - start));
    }
  }
  return results.map((list) => (list.length > 0 ? median(list) : null));
}

/** Pages a second on one thread, of a generated report, and of the guide where it is. */
export async function speedRows(): Promise<BenchRow[]> {
  const rows = await compareSpeed('report of two columns and a ruled table a page', await longReport(PAGES));
  const guide = join(process.env['SMOL_PDF_SETS'] ?? '', GUIDE);
  return existsSync(guide) ? [...rows, ...(await compareSpeed('installation guide', readFileSync(guide)))] : rows;
}

/** To Markdown beside those that make Markdown, to text beside those that make text, and PDFium's own. */
async function compareSpeed(name: string, bytes: Uint8Array): Promise<BenchRow[]> {
  const { pageCount } = await extractPdf(bytes);
  const [ours, limit, ...theirs] = await rates(pageCount, [
    () => extractPdf(bytes),
    () => readRawText(bytes),
    ...PEERS.map(
      ({ convert }) =>
        () =>
          convert(bytes).catch(() => null),
    ),
  ]);
  return [
    ...PEERS.map((peer, index) =>
      row(peer.markdown ? 'markdown' : 'text', name, 'pages/s', ours!, peer.name, theirs[index]),
    ),
    row('text', name, 'pages/s', ours!, 'limit', limit),
  ];
}
