import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { extractPdf } from './extract-pdf.ts';
import { makePdf, prose } from './fixtures/make-pdf.ts';
import { overlap } from './fixtures/overlap.ts';
import { OcrEngine } from './ocr-engine.ts';
import { openPdf } from './pdf-document.ts';

const title = 'Notes of the Harbour Office';
const truth = `${title} ${prose(0, 24)}`;

/** The pages of a PDF as pictures, in a PDF without text. */
async function scan(bytes: Uint8Array): Promise<Uint8Array> {
  const pdf = await openPdf(bytes);
  const { data, width, height } = pdf.render(0, 200);
  pdf.close();
  const png = await sharp(data, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
  return makePdf((copy) => copy.image(png, 0, 0, { width: copy.page.width }), { margin: 0 });
}

describe('scanned pages', { tags: ['slow'] }, () => {
  let scanned: Uint8Array;

  beforeAll(async () => {
    scanned = await scan(
      await makePdf((pdf) => {
        pdf.fontSize(18).text(title).moveDown();
        pdf.fontSize(10).text(prose(0, 24), { columns: 2, columnGap: 24, height: 350 });
      }),
    );
  });

  it('are recognised, column by column, where the text is missing', async () => {
    const { text, pages, blocks } = await extractPdf(scanned, { ocr: 'auto' });
    const { word, bigram } = overlap(text, truth);
    expect(word).toBeGreaterThanOrEqual(0.95);
    expect(bigram).toBeGreaterThanOrEqual(0.93);
    expect(pages).toMatchObject([
      { route: 'ocr', reason: expect.stringMatching(/^images cover \d+ % of the page, which has 0/) },
    ]);
    expect(pages[0].confidence).toBeGreaterThan(80);
    expect(blocks[0]).toMatchObject({ type: 'heading', text: title });
  });

  it('stay empty when recognition is off', async () => {
    const { text, pages } = await extractPdf(scanned);
    expect([text, pages[0].route]).toEqual(['', 'empty']);
  });

  it('are not invented from an empty page', async () => {
    const empty = await makePdf((pdf) => pdf.rect(0, 0, 1, 1).stroke());
    const { text, pages } = await extractPdf(empty, { ocr: 'force' });
    expect(text).toBe('');
    expect(pages).toMatchObject([
      { route: 'ocr', characters: 0, reason: expect.stringContaining('nothing was recognised') },
    ]);
  });
});

it('reads the text of pages that have some, without recognition', async () => {
  const { pages, text } = await extractPdf(await makePdf((pdf) => pdf.text(prose(0, 3))), { ocr: 'auto' });
  expect([text, pages[0].route]).toEqual([prose(0, 3), 'text']);
});

it.each([
  ['a language that is not installed', () => new OcrEngine('tlh'), 'npm install @tesseract.js-data/tlh'],
  ['no language', () => new OcrEngine('../eng'), 'ocrLanguage must be'],
  [
    'a folder without it',
    () => new OcrEngine('eng', '/no/such/folder'),
    '/no/such/folder/eng.traineddata.gz: no such file',
  ],
])('refuses %s', (_, make, message) => expect(make).toThrow(message));

it.each([{ ocr: 'maybe' as never }, { ocrResolution: 10_000 }])('refuses the options %j', async (options) => {
  const bytes = await makePdf((pdf) => pdf.text('x'));
  await expect(extractPdf(bytes, options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});
