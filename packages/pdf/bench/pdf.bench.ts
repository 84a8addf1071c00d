import { extractPdf, openPdf } from '../src/index.ts';
import { makePdf, prose } from '../src/fixtures/make-pdf.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const PAGES = 30;
const ROUNDS = 5;

function makePaper(columns: number): Promise<Uint8Array> {
  return makePdf(
    (pdf) => {
      for (let page = 0; page < PAGES; page++) {
        pdf
          .addPage()
          .fontSize(9)
          .text(`Page ${page + 1}`, 72, 40, { lineBreak: false });
        pdf.text(prose(page * 40, 40), 72, 80, { columns, columnGap: 20, width: 451, height: 640, align: 'justify' });
      }
    },
    { autoFirstPage: false },
  );
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

/** Pages a second of two kinds of work, in turns, so that both see the same machine. */
async function rates(ours: () => Promise<unknown>, limit: () => Promise<unknown>): Promise<[number, number]> {
  const results: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, work] of [ours, limit].entries()) {
      const start = performance.now();
      await work();
      if (round > 0) results[index].push((1000 * PAGES) / (performance.now() - start)); // the first round warms up
    }
  }
  return [median(results[0]), median(results[1])];
}

/** What PDFium alone needs for its text, without boxes, order, or clean-up. */
async function readRawText(bytes: Uint8Array): Promise<number> {
  using document = await openPdf(bytes);
  let length = 0;
  for (let index = 0; index < document.pageCount; index++) length += document.rawText(index).length;
  return length;
}

/** Pages a second on one thread, beside PDFium's own text extraction as the limit. */
export async function bench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const columns of [1, 2]) {
    const bytes = await makePaper(columns);
    const [ours, peerValue] = await rates(
      () => extractPdf(bytes),
      () => readRawText(bytes),
    );
    const name = `extract, ${columns} column${columns > 1 ? 's' : ''}, 2 900 glyphs a page`;
    rows.push({ bench: 'pdf', case: name, ours, unit: 'pages/s', peer: 'limit', peerValue, ratio: ours / peerValue });
  }
  return rows;
}
