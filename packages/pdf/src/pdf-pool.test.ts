import { describe, expect, it } from 'vitest';
import { extractPages } from './extract-pages.ts';
import { extractPdf } from './extract-pdf.ts';
import { extractPdfs } from './extract-pdfs.ts';
import { makePdf, prose } from './fixtures/make-pdf.ts';
import { PdfPool } from './pdf-pool.ts';

const papers = (count: number) =>
  Promise.all(Array.from({ length: count }, (_, index) => makePdf((pdf) => pdf.text(prose(index * 9, 5 + (index % 3) * 20))))); // prettier-ignore

describe('extractPdfs', () => {
  it.each([1, 2])('gives what extractPdf gives, in the order of the inputs, on %i threads', async (workers) => {
    const inputs = await papers(9);
    const outcomes = [];
    for await (const { input, result } of extractPdfs(inputs, { workers })) outcomes.push({ input, result });
    expect(outcomes.map(({ input }) => input)).toEqual(inputs);
    for (const { input, result } of outcomes) expect(result).toEqual(await extractPdf(input));
  });

  it('goes on after files that fail', async () => {
    const [good] = await papers(1);
    const outcomes = [];
    for await (const { result, error } of extractPdfs([new Uint8Array(9), good, '/no/such.pdf'], { workers: 2 })) {
      outcomes.push(error?.code ?? result?.pageCount);
    }
    expect(outcomes).toEqual(['NOT_A_PDF', 1, 'FILE_NOT_FOUND']);
  });

  it('can be left early', async () => {
    for await (const { result } of extractPdfs(await papers(5), { workers: 2 })) {
      expect(result?.pageCount).toBe(1);
      break;
    }
  });
});

describe('PdfPool', () => {
  it('ends a thread that hangs, and goes on with another', async () => {
    const [paper] = await papers(1);
    const pool = new PdfPool({ workers: 1, hangSeconds: 0.001 });
    await expect(pool.extract(paper, { name: 'slow.pdf' })).rejects.toMatchObject({
      code: 'TIMED_OUT',
      message: 'slow.pdf: gave no result for 0.001 s',
    });
    await pool.close();
    const patient = new PdfPool({ workers: 1, hangSeconds: 60 });
    expect((await patient.extract(paper)).pageCount).toBe(1);
    await patient.close();
  });

  it('refuses what threads cannot share', async () => {
    const pool = new PdfPool({ workers: 1 });
    await expect(pool.extract(new Uint8Array(), { identifyLanguage: () => 'en' })).rejects.toThrow('use extractPdf');
    await pool.close();
  });
});

describe('extractPages', () => {
  const pageCount = 33;
  const book = () =>
    makePdf(
      (pdf) => {
        for (let page = 0; page < pageCount; page++) {
          pdf.addPage().fontSize(8).text('Proceedings of the Ferry Society', 72, 30, { lineBreak: false });
          pdf.fontSize(11).text(prose(page * 30, 24), 72, 90, { width: 451 });
        }
      },
      { autoFirstPage: false, margins: { top: 20, bottom: 20, left: 72, right: 72 } },
    );

  it('gives the pages of extractPdf one by one', async () => {
    const bytes = await book();
    const pages = [];
    for await (const page of extractPages(bytes, { windowPages: 8 })) pages.push(page);
    const { pages: whole } = await extractPdf(bytes);
    expect(pages.map(({ page }) => page)).toEqual(whole.map(({ page }) => page));
    expect(pages.map(({ text }) => text)).toEqual(whole.map(({ text }) => text));
    expect(pages[20].runningHeads).toEqual(['Proceedings of the Ferry Society']);
    expect(pages[32].blocks.map(({ type }) => type)).toEqual(['paragraph']);
  });

  it('gives the first pages before it has read the last', async () => {
    const stream = extractPages(await book(), { windowPages: 4, maximumCharacters: 20_000 });
    expect((await stream.next()).value).toMatchObject({ page: 1, route: 'text' });
    await expect(async () => {
      for await (const page of stream) expect(page.route).toBe('text');
    }).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  it('refuses windows that tell nothing', async () => {
    await expect(extractPages(await book(), { windowPages: 1 }).next()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
