import { describe, expect, it } from 'vitest';
import { deflateSync } from 'node:zlib';
import { extractPdf } from './extract-pdf.ts';
import { makePdf, prose, sentence } from './fixtures/make-pdf.ts';
import { overlap } from './fixtures/overlap.ts';
import { openPdf } from './open-pdf.ts';
import { salvagePdf } from './salvage-pdf.ts';

const PAGES = 16;
const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** Written page after page, as pdfkit does when its pages are flushed: content, then the page's dictionary. */
function bookOf(compress: boolean): Promise<Uint8Array> {
  return makePdf(
    (pdf) => {
      for (let page = 0; page < PAGES; page++)
        pdf
          .addPage()
          .fontSize(11)
          .text(prose(page * 30, 20));
    },
    { compress, autoFirstPage: false },
  );
}

/** A file with its pages and their resources in an object stream (PDF 1.5), and a text that is not packed. */
function packed(pages: number): Buffer {
  const objects = [
    [1, '<</Type/Catalog/Pages 2 0 R>>'],
    [
      2,
      `<</Type/Pages/Count ${pages}/Kids[${Array.from({ length: pages }, (_, page) => `${10 + page} 0 R`).join(' ')}]/Resources 3 0 R/MediaBox[0 0 900 300]>>`,
    ],
    [3, '<</Font<</F 4 0 R>>>>'],
    [4, '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>'],
    ...Array.from({ length: pages }, (_, page) => [
      10 + page,
      `<</Type/Page/Parent 2 0 R/Contents ${100 + page} 0 R>>`,
    ]),
  ] as [number, string][];
  const bodies = objects.map(([, text]) => `${text} `);
  const index = objects.map(([number], at) => `${number} ${bodies.slice(0, at).join('').length} `).join('');
  const stream = deflateSync(latin1(index + bodies.join('')));
  const head = `%PDF-1.5\n5 0 obj<</Type/ObjStm/N ${objects.length}/First ${index.length}/Filter/FlateDecode/Length ${stream.length}>>stream\n`;
  const contents = Array.from({ length: pages }, (_, page) => {
    const content = `BT /F 12 Tf 20 250 Td (${sentence(page)}) Tj ET`;
    return `${100 + page} 0 obj<</Length ${content.length}>>stream\n${content}\nendstream endobj\n`;
  });
  return Buffer.concat([latin1(head), stream, latin1(`\nendstream endobj\n${contents.join('')}`)]);
}

describe('a file that was cut short', () => {
  it.each([
    [0.25, true],
    [0.5, true],
    [0.75, true],
    [0.25, false],
    [0.5, false],
    [0.75, false],
  ])('at %f of its length keeps the words before the cut (compressed: %s)', async (share, compress) => {
    const bytes = await bookOf(compress);
    const whole = await extractPdf(bytes);
    const part = await extractPdf(bytes.subarray(0, Math.floor(bytes.length * share)));
    const expected = Math.floor(whole.text.split(/\s+/).length * share);
    expect(part.text.split(/\s+/).length / expected).toBeGreaterThan(0.8);
    expect(whole.text).toContain(part.pages[1].text.slice(0, 200));
    expect(part).toMatchObject({ truncated: true, repairs: [`page tree rebuilt from ${part.pageCount} page objects`] });
  });

  it('keeps all pages when only its table of contents is lost', async () => {
    const bytes = await bookOf(true);
    const cut = Buffer.from(bytes).lastIndexOf('xref\n');
    const { text, pageCount } = await extractPdf(bytes.subarray(0, cut));
    expect(pageCount).toBe(PAGES);
    expect(overlap(text, (await extractPdf(bytes)).text).bigram).toBeGreaterThan(0.999);
  });

  it('reads pages that were packed in an object stream, in order', async () => {
    const { pages, repairs } = await extractPdf(packed(12));
    expect(pages.map(({ text }) => text)).toEqual(Array.from({ length: 12 }, (_, page) => sentence(page)));
    expect(repairs).toEqual(['page tree rebuilt from 12 page objects']);
  });

  it('reads an object stream that was itself cut: the pages whose text is lost are empty', async () => {
    const bytes = packed(12);
    const { pages, truncated } = await extractPdf(bytes.subarray(0, bytes.indexOf(sentence(4))));
    expect(truncated).toBe(true);
    expect(pages.map(({ text }) => text).filter(Boolean)).toEqual([0, 1, 2, 3].map(sentence));
  });

  it('is refused as truncated when no page is left', async () => {
    const bytes = await bookOf(true);
    const error = await openPdf(bytes.subarray(0, 20), { name: 'cut.pdf' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'TRUNCATED',
      message: expect.stringMatching(/^cut\.pdf: .*cut short: its end mark/),
    });
  });

  it('keeps its encryption: the password still opens it', async () => {
    const whole = await makePdf(
      (pdf) => {
        for (let page = 0; page < 6; page++) pdf.addPage().text(prose(page * 9, 8));
      },
      { userPassword: 'geheim', autoFirstPage: false },
    );
    const xref = Buffer.from(whole).lastIndexOf('xref\n', whole.length - 20);
    const broken = Buffer.from(whole);
    broken.write('xxxx', xref, 'latin1');
    expect((await extractPdf(broken, { password: 'geheim' })).text).toBe((await extractPdf(whole, { password: 'geheim' })).text); // prettier-ignore
  });
});

describe('salvagePdf', () => {
  it('lets the last definition of an object stand, at the place of the first', async () => {
    const page = (text: string, number: number) =>
      `${number} 0 obj<</Type/Page/MediaBox[0 0 300 300]/Contents ${number + 50} 0 R/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj\n${number + 50} 0 obj<</Length 99>>stream\nBT /F 12 Tf 20 250 Td (${text}) Tj ET\nendstream endobj\n`;
    const bytes = latin1(`%PDF-1.4\n${page('The old one.', 1)}${page('Page two.', 2)}${page('The new one.', 1)}`);
    expect((await extractPdf(bytes)).pages.map(({ text }) => text)).toEqual(['The new one.', 'Page two.']);
  });

  it('gives fonts to pages that inherited them from a lost parent', async () => {
    const bytes = latin1(
      `%PDF-1.4\n7 0 obj<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>/ProcSet[/PDF]>>endobj\n` +
        `1 0 obj<</Type/Page/Parent 9 0 R/MediaBox[0 0 300 300]/Contents 2 0 R>>endobj\n` +
        `2 0 obj<</Length 42>>stream\nBT /F 12 Tf 20 250 Td (Still readable) Tj ET\nendstream endobj\n`,
    );
    expect((await extractPdf(bytes)).text).toBe('Still readable');
  });

  it.each([
    ['nothing', ''],
    ['no objects', '%PDF-1.4 what a day'],
    ['no pages', '%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj'],
    ['numbers beyond reason', '99999999999 0 obj<</Type/Page>>endobj 0 0 obj<</Type/Page>>endobj'],
    ['a string that never ends', '1 0 obj<</A(((((((((((('],
    ['brackets that never end', `1 0 obj${'<<'.repeat(50_000)}`],
    ['a packed object that never ends', '1 0 obj<</Type/ObjStm/N 1/First 4/Length 9>>stream\n3 0 <</Type/Page'],
  ])('gives nothing for %s', (_, text) => expect(salvagePdf(latin1(text))).toBeUndefined());

  it('leaves a bomb packed', () => {
    const bomb = deflateSync(Buffer.alloc(300 * 1024 * 1024), { level: 1 });
    const head = `1 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length ${bomb.length}>>stream\n`;
    expect(salvagePdf(Buffer.concat([latin1(head), bomb]))).toBeUndefined();
  });
});
