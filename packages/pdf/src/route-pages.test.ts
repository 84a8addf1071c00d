import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { extractPdf } from './extract-pdf.ts';
import { glyphIdPdf } from './fixtures/glyph-ids.ts';
import { makePdf, prose } from './fixtures/make-pdf.ts';
import type { OcrEngine } from './ocr-engine.ts';
import { routePage } from './route-page.ts';
import { routePages } from './route-pages.ts';

const lines = [
  'The old ferry remembered the cracked boiler well before the',
  'storm arrived, and nobody in the village had questioned it.',
];

const page = { visible: 2000, hidden: 0, garbledShare: 0, drawing: () => ({ imageShare: 0, paths: 0 }) };
const drawn =
  (imageShare: number, paths = 0) =>
  () => ({ imageShare, paths });

describe('routePage', () => {
  it.each([
    ['text', page, 'text', 'the page has text'],
    ['nothing', { ...page, visible: 0 }, 'empty', 'the page has no text'],
    ['a picture of a page', { ...page, visible: 0, drawing: drawn(0.96) }, 'ocr', 'images cover 96 % of the page, which has 0 characters'], // prettier-ignore
    ['a small picture', { ...page, visible: 0, drawing: drawn(0.3) }, 'empty', 'the page has no text'],
    ['a stamp on a scan', { ...page, visible: 20, drawing: drawn(1) }, 'ocr', 'images cover 100 % of the page, which has 20 characters'], // prettier-ignore
    ['a slide with a background', { ...page, visible: 300, drawing: drawn(1) }, 'text', 'the page has text'],
    ['the text layer of a scan', { ...page, visible: 0, hidden: 900, drawing: drawn(1) }, 'text', 'the page has the text layer of an earlier recognition'], // prettier-ignore
    ['garbled text', { ...page, garbledShare: 0.81 }, 'ocr', '81 % of the text means nothing'],
    ['some symbols', { ...page, garbledShare: 0.02 }, 'text', 'the page has text'],
    ['letters drawn as outlines', { ...page, visible: 0, drawing: drawn(0, 900) }, 'ocr', 'the page has 900 paths and no characters'], // prettier-ignore
  ])('%s', (_, signs, route, reason) => expect(routePage(signs, 'auto')).toEqual({ route, reason }));

  it('recognises nothing when off, but says where it would help; everything when forced', () => {
    const scan = { ...page, visible: 0, drawing: drawn(1) };
    expect(routePage(scan, 'off')).toEqual({
      route: 'empty',
      reason: 'the page has no text; recognition would help: images cover 100 % of the page, which has 0 characters',
    });
    expect(routePage(page, 'force')).toEqual({ route: 'ocr', reason: 'recognition was asked for' });
  });
});

describe('fonts that do not say what their glyphs mean', () => {
  it.each([29, 28])('are read when their codes are off by %i', async (shift) => {
    const { text, pages } = await extractPdf(glyphIdPdf(lines, shift));
    expect(text).toBe(lines.join(' '));
    expect(pages).toMatchObject([{ route: 'text', garbled: 0, confidence: 100, repairs: [`glyph codes of 1 fonts moved by ${shift}`] }]); // prettier-ignore
  });

  it('are sent to recognition when they are numbered as they come', async () => {
    const garbled = glyphIdPdf(lines, 'subset');
    const ocrEngine: OcrEngine = { recognize: async () => [{ words: [{ text: 'Recognised.', left: 90, top: 90, right: 190, bottom: 110, confidence: 90 }], baseline: 106, height: 20 }] }; // prettier-ignore
    const { text, pages } = await extractPdf(garbled, { ocr: 'auto', ocrEngine });
    expect(pages).toMatchObject([{ route: 'ocr', garbled: 1, reason: '100 % of the text means nothing' }]);
    expect(text).toBe('Recognised.');
    expect((await extractPdf(garbled)).pages).toMatchObject([{ route: 'text', garbled: 1, confidence: 0, reason: expect.stringContaining('recognition would help') }]); // prettier-ignore
  });
});

describe('routePages', () => {
  it('gives routes, reasons and features', async () => {
    const photo = await sharp({ create: { width: 200, height: 280, channels: 3, background: '#888' } }).png().toBuffer(); // prettier-ignore
    const logo = await sharp({ create: { width: 20, height: 20, channels: 3, background: '#f00' } }).png().toBuffer(); // prettier-ignore
    const bytes = await makePdf(
      (pdf) => {
        pdf.text(prose(0, 5)).image(logo, 500, 10, { width: 20 });
        pdf.addPage().image(photo, 0, 0, { width: 595, height: 842 }).image(logo, 500, 10, { width: 20 });
        pdf.addPage().image(logo, 500, 10, { width: 20 }).moveTo(0, 400).lineTo(500, 400).stroke();
      },
      { info: { Creator: 'Canon iR-ADV' } },
    );
    const { pages, ...document } = await routePages(bytes);
    expect(document).toEqual({
      pageCount: 3,
      truncated: false,
      repairs: [],
      isForm: false,
      isScanner: true,
      route: 'ocr',
    });
    expect(pages.map(({ route }) => route)).toEqual(['text', 'ocr', 'empty']);
    expect(pages.map(({ ownImages }) => ownImages)).toEqual([0, 1, 0]);
    expect(pages[0].features).toMatchObject({ fonts: 1, images: 1, hidden: { characters: 0 } });
    expect(pages[0].features!.visible.characters).toBeGreaterThan(300);
    expect(pages[0].features!.visible.areaShare).toBeGreaterThan(0.03);
    expect(pages[1].features).toMatchObject({ imageShare: 1, images: 2 });
    expect(pages[2].features).toMatchObject({ paths: 1, strokes: 2 });
  });

  it('takes the strips of a scanner for one picture', async () => {
    const strip = await sharp({ create: { width: 200, height: 70, channels: 3, background: '#888' } }).png().toBuffer(); // prettier-ignore
    const bytes = await makePdf((pdf) => [0, 1, 2, 3].map((at) => pdf.image(strip, 0, at * 200, { width: 595, height: 200 }))); // prettier-ignore
    const [{ features }] = (await routePages(bytes)).pages;
    expect(features!.largestImageShare).toBeCloseTo(800 / 842, 2);
  });

  it('looks at a sample of pages', async () => {
    const bytes = await makePdf((pdf) => { for (let page = 0; page < 9; page++) pdf.addPage().text('x'); }, { autoFirstPage: false }); // prettier-ignore
    expect((await routePages(bytes, { samplePages: 3 })).pages.map(({ page }) => page)).toEqual([1, 4, 7]);
  });
});
