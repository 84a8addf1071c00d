import { longReport } from '../src/fixtures/truth-pdfs.ts';
import { extractPdf, openPdf } from '../src/index.ts';
import { median, row } from './bench-row.ts';
import type { BenchRow } from './bench-row.ts';
import { PEERS } from './peers.ts';

const PAGES = 60;
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
async function rates(works: (() => Promise<unknown>)[]): Promise<(number | null)[]> {
  const results = works.map((): number[] => []);
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (const [index, work] of works.entries()) {
      const start = performance.now();
      const done = (await work()) !== null;
      if (done && round >= WARM_UP) results[index].push((1000 * PAGES) / (performance.now() - start));
    }
  }
  return results.map((list) => (list.length > 0 ? median(list) : null));
}

/** Pages a second on one thread: to Markdown beside those that make Markdown, to text beside those that make text, and PDFium's own. */
export async function speedRows(): Promise<BenchRow[]> {
  const bytes = await longReport(PAGES);
  const [ours, limit, ...theirs] = await rates([
    () => extractPdf(bytes),
    () => readRawText(bytes),
    ...PEERS.map(
      ({ convert }) =>
        () =>
          convert(bytes).catch(() => null),
    ),
  ]);
  const name = 'report of two columns and a ruled table a page';
  return [
    ...PEERS.map((peer, index) =>
      row(peer.markdown ? 'markdown' : 'text', name, 'pages/s', ours!, peer.name, theirs[index]),
    ),
    row('text', name, 'pages/s', ours!, 'limit', limit),
  ];
}
