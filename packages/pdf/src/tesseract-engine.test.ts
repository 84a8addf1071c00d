import { beforeAll, describe, expect, it } from 'vitest';
import { extractPdf } from './extract-pdf.ts';
import { errorRate } from './fixtures/error-rate.ts';
import { makePdf, prose } from './fixtures/make-pdf.ts';
import { overlap } from './fixtures/overlap.ts';
import { scanPdf } from './fixtures/scan-pdf.ts';
import { TesseractEngine } from './tesseract-engine.ts';

const title = 'Notes of the Harbour Office';

/** Not found in `prose`: names, numbers, quotation marks. */
const LETTER =
  `Dear Ms Quigley, thank you for your letter of 14 July 1987 about the "Zephyr". She was built in Glasgow, weighs 312 tonnes
and makes 11.5 knots; her engineer, Mr Xavier Joyce, has asked twice (on 3 May and 9 June) for a new gearbox, at £4,750. We
could neither buy it nor find a used one: Kjell & Sons have none, and the yard in Vlissingen wants £6,020. Would you object
if we sold her next spring? A quick reply would oblige us, as the council votes on Friday.`.replaceAll(/\s+/g, ' ');

describe('scanned pages', { tags: ['slow'] }, () => {
  let paper: Uint8Array;
  let engine: TesseractEngine;

  beforeAll(async () => {
    engine = new TesseractEngine({ workers: 2 });
    paper = await makePdf((pdf) => {
      pdf.fontSize(18).text(title).moveDown();
      pdf.fontSize(10).text(prose(0, 24), { columns: 2, columnGap: 24, height: 350 });
    });
    return () => engine.close();
  });

  it('are recognised, column by column, where the text is missing', async () => {
    const { text, pages, blocks } = await extractPdf(await scanPdf(paper), { ocr: 'auto', ocrEngine: engine });
    const { word, bigram } = overlap(text, `${title} ${prose(0, 24)}`);
    expect(word).toBeGreaterThanOrEqual(0.95);
    expect(bigram).toBeGreaterThanOrEqual(0.93);
    expect(pages).toMatchObject([
      { route: 'ocr', reason: expect.stringMatching(/^images cover \d+ % of the page, which has 0/), repairs: [] },
    ]);
    expect(pages[0].confidence).toBeGreaterThan(80);
    expect(blocks[0]).toMatchObject({ type: 'heading', text: title });
  });

  it.each([0, 5, -5])('are read with hardly an error when skewed by %i degrees', async (angle) => {
    const letter = await makePdf((pdf) => pdf.font('Times-Roman').fontSize(12).text(LETTER));
    const { text, pages } = await extractPdf(await scanPdf(letter, { angle }), { ocr: 'auto', ocrEngine: engine });
    expect(errorRate(text, LETTER)).toBeLessThanOrEqual(0.02);
    expect(pages[0].repairs).toEqual(angle === 0 ? [] : [`straightened by ${angle} degrees`]);
  });

  it.each([
    [180, 180],
    [90, 270],
  ])('are turned when they were scanned at %i degrees', async (angle, turn) => {
    const letter = await makePdf((pdf) => pdf.font('Times-Roman').fontSize(12).text(LETTER));
    const { text, pages } = await extractPdf(await scanPdf(letter, { angle }), { ocr: 'auto', ocrEngine: engine });
    expect(errorRate(text, LETTER)).toBeLessThanOrEqual(0.02);
    expect(pages[0].repairs).toEqual([`turned by ${turn} degrees`]);
  });

  it('stay empty when recognition is off', async () => {
    const { text, pages } = await extractPdf(await scanPdf(paper));
    expect([text, pages[0].route]).toEqual(['', 'empty']);
    expect(pages[0].reason).toMatch(/^the page has no text; recognition would help: images cover/);
  });
});

it('reads the text of pages that have some, without recognition', async () => {
  const { pages, text } = await extractPdf(await makePdf((pdf) => pdf.text(prose(0, 3))), { ocr: 'auto' });
  expect([text, pages[0].route]).toEqual([prose(0, 3), 'text']);
});

it.each([{ ocr: 'maybe' as never }, { ocrResolution: 10_000 }, { pages: [2] }, { pages: [] }, { pages: [1, 1] }])(
  'refuses the options %j',
  async (options) => {
    const bytes = await makePdf((pdf) => pdf.text('x'));
    await expect(extractPdf(bytes, options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  },
);
