import fc from 'fast-check';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { extractPdf } from './extract-pdf.ts';
import { makePdf, prose } from './fixtures/make-pdf.ts';
import { openPdf } from './open-pdf.ts';
import { PdfError } from './pdf-error.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('openPdf', () => {
  it('reads bytes, paths and file URLs', async () => {
    const bytes = await makePdf((pdf) => pdf.text('Hello.').addPage().text('Bye.'));
    const path = join(mkdtempSync(join(tmpdir(), 'smol-pdf-')), 'two pages.pdf');
    writeFileSync(path, bytes);
    for (const input of [bytes, path, pathToFileURL(path)]) {
      const pdf = await openPdf(input);
      expect([pdf.pageCount, pdf.rawText(1)]).toEqual([2, 'Bye.']);
      pdf.close();
    }
  });

  it('reads streams, and refuses them when they grow too large or break off', async () => {
    const bytes = await makePdf((pdf) => pdf.text('Hello.'));
    const stream = async function* (end?: Error) {
      for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
      if (end) throw end;
    };
    expect((await extractPdf(stream())).text).toBe('Hello.');
    await expect(openPdf(stream(), { maximumBytes: 300 })).rejects.toMatchObject({ code: 'TOO_LARGE' });
    await expect(openPdf(stream(new Error('reset')), { name: 'x.pdf' })).rejects.toThrow(
      'x.pdf: the stream broke off (reset)',
    );
  });

  it('reads metadata', async () => {
    const pdf = await openPdf(
      await makePdf((pdf) => pdf.text('x'), { info: { Title: 'Fähre\u0000', Author: 'A. Möwe' } }),
    );
    expect(pdf.metadata).toMatchObject({ title: 'Fähre', author: 'A. Möwe', created: '2024-05-06T07:08:09Z' });
    pdf.close();
  });

  it('reads the outline', async () => {
    const bytes = await makePdf((pdf) => {
      const chapter = pdf.outline.addItem('Chapter');
      pdf.text('one').addPage();
      chapter.addItem('Section');
    });
    const pdf = await openPdf(bytes);
    expect(pdf.outline).toEqual([
      { title: 'Chapter', page: 1, level: 1 },
      { title: 'Section', page: 2, level: 2 },
    ]);
    pdf.close();
  });

  it('gives glyphs with their places', async () => {
    const pdf = await openPdf(await makePdf((pdf) => pdf.fontSize(20).text('Ab c', 100, 50)));
    const [{ angle, width, height, characters }] = pdf.characters(0);
    expect([angle, Math.round(width), Math.round(height)]).toEqual([0, 595, 842]);
    expect(characters.map(({ text, afterSpace }) => [text, afterSpace])).toEqual([['A', false], ['b', false], ['c', true]]); // prettier-ignore
    expect(characters[0]).toMatchObject({ size: 20, bold: false, hidden: false });
    expect(characters[0].left).toBeCloseTo(100, 0);
    expect(characters[1].left).toBeCloseTo(100 + 0.667 * 20, 0);
    pdf.close();
  });

  it('refuses pages that are not there, and a closed document', async () => {
    const pdf = await openPdf(await makePdf((pdf) => pdf.text('x')), { name: 'x.pdf' });
    expect(() => pdf.rawText(1)).toThrow('x.pdf: has no page of index 1; pages are 0 to 0');
    expect(() => pdf.characters(0.5)).toThrow(PdfError);
    pdf.close();
    pdf[Symbol.dispose]();
    expect(() => pdf.rawText(0)).toThrow('x.pdf: is closed');
    expect(() => pdf.outline).toThrow('x.pdf: is closed');
  });
});

describe('what is no PDF, or a broken one', () => {
  it.each([
    ['a file that is not there', '/no/such/file.pdf', 'FILE_NOT_FOUND', '/no/such/file.pdf: no such file'],
    ['a folder', tmpdir(), 'UNREADABLE_FILE', `${tmpdir()}: cannot be read`],
    ['nothing', new Uint8Array(0), 'NOT_A_PDF', 'the file is empty'],
    ['a web page', bytesOf('<!doctype html><p>404'), 'NOT_A_PDF', 'it begins with "<!doctype html>'],
    ['only a header', bytesOf('%PDF-1.7\n'), 'TRUNCATED', 'its end mark %%EOF is missing'],
    ['no pages', bytesOf('%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF'), 'DAMAGED', 'no pages can be found'],
  ])('%s', async (_, input, code, message) => {
    const error = await openPdf(input).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PdfError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it('reads a PDF without a table of its objects, after garbage', async () => {
    const objects = [
      '1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj',
      '2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj',
      '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj',
      '4 0 obj<</Length 40>>stream\nBT /F 12 Tf 20 50 Td (Written by hand) Tj ET\nendstream endobj',
      '5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj',
    ];
    const { text } = await extractPdf(bytesOf(`HTTP garbage\n%PDF-1.4\n${objects.join('\n')}\ntrailer<</Root 1 0 R>>`));
    expect(text).toBe('Written by hand');
  });

  it('survives damage anywhere: text or a PdfError', { tags: ['slow'] }, async () => {
    const bytes = await makePdf((pdf) => pdf.text(prose(0, 20)).addPage().text(prose(20, 5)), { compress: false });
    const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(flips, fc.option(fc.nat(bytes.length)), async (changes, length) => {
        const damaged = bytes.slice(0, length ?? undefined);
        for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
        const result = await extractPdf(damaged).catch((error: unknown) => error);
        expect(result instanceof PdfError || typeof (result as { text: unknown }).text === 'string').toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('encrypted PDFs', () => {
  const encrypt = (pdfVersion: '1.4' | '1.7ext3', userPassword?: string) =>
    makePdf((pdf) => pdf.text('A secret.'), { pdfVersion, userPassword, ownerPassword: 'owner' });

  it.each(['1.4', '1.7ext3'] as const)('need the user or owner password (%s)', async (version) => {
    const bytes = await encrypt(version, 'geheim');
    const open = (password?: string) => extractPdf(bytes, { password, name: 'secret.pdf' });
    await expect(open()).rejects.toMatchObject({
      code: 'ENCRYPTED',
      message: expect.stringMatching(/^secret\.pdf: is encrypted and needs/),
    });
    await expect(open('wrong')).rejects.toMatchObject({
      code: 'ENCRYPTED',
      message: expect.stringContaining('is wrong'),
    });
    expect((await open('geheim')).text).toBe('A secret.');
    expect((await open('owner')).text).toBe('A secret.');
  });

  it('open without, when only the owner has one', async () => {
    expect((await extractPdf(await encrypt('1.4'))).text).toBe('A secret.');
  });
});

it('frees what it used: many documents do not grow the memory', async () => {
  const bytes = await makePdf((pdf) => pdf.text(prose(0, 30)));
  const big = Buffer.concat([bytes, Buffer.alloc(1_000_000)]);
  const sizes: number[] = [];
  for (let round = 0; round < 30; round++) {
    await extractPdf(big);
    sizes.push(process.memoryUsage().arrayBuffers);
  }
  expect(sizes.at(-1)! - sizes[9]).toBeLessThan(10_000_000);
});

it('reads what is filled into forms when asked to', async () => {
  const bytes = bytesOf(`%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]>>>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[6 0 R]>>endobj
4 0 obj<</Length 50>>stream\nBT /F 12 Tf 20 50 Td (Name of the ship:) Tj ET\nendstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
6 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(ship)/V(Zephyr)/F 4/Rect[130 45 280 65]/AP<</N 7 0 R>>>>endobj
7 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 150 20]/Resources<</Font<</F 5 0 R>>>>/Length 36>>stream\nBT /F 12 Tf 2 5 Td (Zephyr) Tj ET\nendstream endobj
trailer<</Root 1 0 R>>\n%%EOF`);
  expect((await extractPdf(bytes)).text).toBe('Name of the ship:');
  expect((await extractPdf(bytes, { annotations: true })).text).toMatch(/^Name of the ship:\s+Zephyr$/);
});

it('opens with a password in any of its Unicode forms, as revision 6 wants it', async () => {
  const password = 'pa\u00ADss\uFB01';
  const bytes = await makePdf((pdf) => pdf.text('Hush.'), { pdfVersion: '1.7ext3', userPassword: password });
  for (const form of [password, 'passfi']) expect((await extractPdf(bytes, { password: form })).text).toBe('Hush.');
});
