import { createScheduler, createWorker } from 'tesseract.js';
import type { RecognizeResult } from 'tesseract.js';
import { errorRate } from '../src/fixtures/error-rate.ts';
import { makePdf, prose } from '../src/fixtures/make-pdf.ts';
import { scanPdf } from '../src/fixtures/scan-pdf.ts';
import { extractPdf, openPdf, TesseractEngine } from '../src/index.ts';
import { findLanguageData } from '../src/ocr-language.ts';
import { row } from './bench-row.ts';
import type { BenchRow } from './bench-row.ts';

const PAGES = 4;
const WORKERS = 2;
const SENTENCES = 24;

/** Something that reads all pages of a scan on two threads. */
interface Reader {
  read(scan: Uint8Array): Promise<string>;
  close(): Promise<unknown>;
}

/** Recognition on two threads beside tesseract.js with its own settings, on the same pictures: clean pages, and pages skewed by 5 degrees. */
export async function ocrRows(): Promise<BenchRow[]> {
  const truth = Array.from({ length: PAGES }, (_, page) => prose(page * SENTENCES, SENTENCES));
  const book = await makePdf(
    (pdf) => {
      for (const text of truth) pdf.addPage().font('Times-Roman').fontSize(12).text(text);
    },
    { autoFirstPage: false },
  );
  const readers = [ourReader(), await theirReader()];
  try {
    await Promise.all(readers.map(async (reader) => reader.read(await scanPdf(book)))); // starts the threads, and warms them
    const rows: BenchRow[] = [];
    for (const angle of [0, 5]) {
      const scan = await scanPdf(book, { angle });
      const [ours, theirs] = [await measure(readers[0], scan, truth), await measure(readers[1], scan, truth)];
      const name = angle === 0 ? 'straight' : `skewed by ${angle}°`;
      rows.push(row('ocr', `${name}, 200 dpi, ${WORKERS} threads`, 'pages/s', ours.rate, 'tesseract.js', theirs.rate));
      rows.push(row('ocr', `${name}, character accuracy`, 'share', ours.accuracy, 'tesseract.js', theirs.accuracy));
    }
    return rows;
  } finally {
    await Promise.all(readers.map((reader) => reader.close()));
  }
}

async function measure(reader: Reader, scan: Uint8Array, truth: string[]): Promise<{ rate: number; accuracy: number }> {
  const start = performance.now();
  const text = await reader.read(scan);
  const seconds = (performance.now() - start) / 1000;
  return { rate: PAGES / seconds, accuracy: Math.max(0.001, 1 - errorRate(text, truth.join(' '))) };
}

function ourReader(): Reader {
  const engine = new TesseractEngine({ workers: WORKERS });
  return {
    read: async (scan) => (await extractPdf(scan, { ocr: 'auto', ocrEngine: engine })).text,
    close: () => engine.close(),
  };
}

async function theirReader(): Promise<Reader> {
  const { default: sharp } = await import('sharp');
  const scheduler = createScheduler();
  const options = { langPath: findLanguageData('eng'), gzip: true, cacheMethod: 'none' };
  for (let worker = 0; worker < WORKERS; worker++) scheduler.addWorker(await createWorker('eng', 1, options));
  const recognize = async (document: Awaited<ReturnType<typeof openPdf>>, index: number): Promise<string> => {
    const { data, width, height } = document.render(index, 200);
    const png = await sharp(data, { raw: { width, height, channels: 1 } }).withMetadata({ density: 200 }).png().toBuffer(); // prettier-ignore
    return ((await scheduler.addJob('recognize', png)) as RecognizeResult).data.text;
  };
  const read = async (scan: Uint8Array): Promise<string> => {
    using document = await openPdf(scan);
    const texts = await Promise.all(
      Array.from({ length: document.pageCount }, (_, index) => recognize(document, index)),
    );
    return texts.join(' ');
  };
  return { read, close: () => scheduler.terminate() };
}
