import { describe, expect, it } from 'vitest';
import { extractPdf } from './extract-pdf.ts';
import { makePdf, prose, sentence } from './fixtures/make-pdf.ts';
import { overlap } from './fixtures/overlap.ts';

/** The lower of the shares of words, and of pairs of words, that a text has in common with what it should be. */
function sameness(text: string, truth: string): number {
  const { word, bigram } = overlap(text, truth);
  return Math.min(word, bigram);
}

describe('reading order', () => {
  it('reads one column, and tells its paragraphs apart', async () => {
    const truth = [prose(0, 12), prose(12, 9), prose(21, 7)];
    const bytes = await makePdf((pdf) => {
      for (const paragraph of truth) pdf.fontSize(11).text(paragraph).moveDown();
    });
    const { text, blocks, pageCount } = await extractPdf(bytes);
    expect(text).toBe(truth.join('\n\n'));
    expect(blocks.map(({ type, page }) => [type, page])).toEqual(truth.map(() => ['paragraph', 1]));
    expect(pageCount).toBe(1);
  });

  it.each([
    [2, 12],
    [2, 24],
    [3, 16],
  ])('reads %i columns one after the other, %i points apart', async (columns, columnGap) => {
    const truth = prose(0, 36);
    const bytes = await makePdf((pdf) =>
      pdf.fontSize(9).text(truth, { columns, columnGap, align: 'justify', height: 420 }),
    );
    const { text } = await extractPdf(bytes);
    expect(sameness(text, truth)).toBeGreaterThanOrEqual(0.98);
  });

  it('reads a title over the columns, then the columns, then what crosses them below', async () => {
    const bytes = await makePdf((pdf) => {
      pdf.fontSize(20).text('A study of ferries and of those who wait for them', { align: 'center' });
      pdf.moveDown().fontSize(10).text(prose(0, 15), { columns: 2, columnGap: 18, height: 200 });
      pdf.text(prose(200, 8), 72, 600, { width: 451 });
    });
    const { text } = await extractPdf(bytes);
    expect(
      sameness(text, `A study of ferries and of those who wait for them ${prose(0, 15)} ${prose(200, 8)}`),
    ).toBeGreaterThanOrEqual(0.98);
  });

  it('does not depend on the order in which columns were drawn', async () => {
    const lines = Array.from({ length: 20 }, (_, index) =>
      [sentence(index), sentence(index + 100)].map((text) => text.slice(0, 40)),
    );
    const bytes = await makePdf((pdf) => {
      pdf.fontSize(9);
      for (const [row, [left, right]] of lines.entries()) {
        pdf.text(right, 310, 100 + row * 12, { lineBreak: false }).text(left, 72, 100 + row * 12, { lineBreak: false });
      }
    });
    const { text } = await extractPdf(bytes);
    expect(
      sameness(text, lines.map(([left]) => left).join(' ') + lines.map(([, right]) => ` ${right}`).join('')),
    ).toBeGreaterThanOrEqual(0.98);
  });

  it('keeps the rows of a table', async () => {
    const rows = ['Port Depth Berths', 'Alder 4.5 12', 'Birch 6.1 30', 'Cedar 3.9 8'];
    const bytes = await makePdf((pdf) => {
      for (const [row, text] of rows.entries()) {
        for (const [column, cell] of text.split(' ').entries()) {
          pdf.text(cell, 72 + column * 120, 100 + row * 16, { lineBreak: false });
        }
      }
    });
    const { text, markdown, blocks } = await extractPdf(bytes);
    expect(text).toBe(rows.join('\n').replaceAll(' ', '\t'));
    expect(markdown.split('\n').slice(0, 3)).toEqual([
      '| Port | Depth | Berths |',
      '| --- | --- | --- |',
      '| Alder | 4.5 | 12 |',
    ]);
    expect(blocks).toMatchObject([{ type: 'table', rows: 4, columns: 3, headerRows: 1, found: 'alignment' }]);
  });

  it.each([90, 180, 270])('reads a page turned by %i degrees', async (angle) => {
    const bytes = await makePdf((pdf) => {
      pdf.rotate(angle, { origin: [297, 421] });
      pdf.text(prose(0, 16), 150, 250, { width: 300 });
      Object.assign(pdf.page.dictionary.data, { Rotate: angle });
    });
    expect(sameness((await extractPdf(bytes)).text, prose(0, 16))).toBeGreaterThanOrEqual(0.98);
  });

  it('puts what is written at a slant at the end', async () => {
    const bytes = await makePdf((pdf) => {
      pdf
        .save()
        .rotate(45, { origin: [200, 300] })
        .fontSize(30)
        .text('DRAFT COPY', 200, 300, { lineBreak: false })
        .restore();
      pdf.fontSize(11).text(prose(0, 12), 72, 90, { width: 451 });
    });
    expect((await extractPdf(bytes)).text).toBe(`${prose(0, 12)}\n\nDRAFT COPY`);
  });
});

describe('words', () => {
  it('mends words broken at line ends by how the document writes them', async () => {
    const lines = [
      'The well-known captain of the ferry spoke of condensation and of the co-operative.',
      'Later he came back to the matter of conden-',
      'sation in the engine room, and to the well-',
      'known weakness of the pumps, which were re-',
      'paired by the co-',
      'operative in the years 2019-',
      '2021 by people whom everybody knows.',
    ];
    const bytes = await makePdf((pdf) => {
      for (const [row, line] of lines.entries()) pdf.text(line, 72, 100 + row * 14, { lineBreak: false });
    });
    const { text } = await extractPdf(bytes);
    expect(text).toContain('matter of condensation in the engine room, and to the well-known weakness');
    expect(text).toContain('which were repaired by the co-operative in the years 2019-2021 by people');
  });

  it('takes words drawn twice for bold once', async () => {
    const bytes = await makePdf((pdf) => {
      pdf.text('Emphasis by repetition', 72, 100, { lineBreak: false });
      pdf.text('Emphasis by repetition', 72.3, 100, { lineBreak: false });
    });
    expect((await extractPdf(bytes)).text).toBe('Emphasis by repetition');
  });

  it('leaves out text off the page, and hidden text under visible text', async () => {
    const bytes = await makePdf((pdf) => {
      pdf.text('On the page.', 72, 100, { lineBreak: false });
      pdf.text('Off the page.', 700, 100, { lineBreak: false });
      pdf.addContent('3 Tr').text('On tho paqe.', 72, 100, { lineBreak: false }).addContent('0 Tr');
    });
    expect((await extractPdf(bytes)).text).toBe('On the page.');
  });

  it('keeps hidden text where there is no other: the text layer of a scan', async () => {
    const bytes = await makePdf((pdf) => {
      pdf.rect(0, 0, 595, 842).fill('#eee').addContent('3 Tr').text('What the scanner read.', 72, 100);
    });
    expect((await extractPdf(bytes)).text).toBe('What the scanner read.');
  });
});

describe('the document as a whole', () => {
  const pages = 8;
  const withHeads = () =>
    makePdf(
      (pdf) => {
        for (let page = 0; page < pages; page++) {
          pdf.addPage().fontSize(8);
          pdf.text('Proceedings of the Ferry Society', 72, 30, { lineBreak: false });
          pdf.text(`Page ${page + 1} of ${pages}`, 260, 800, { lineBreak: false, height: 10 });
          pdf.fontSize(11).text(prose(page * 30, 24), 72, 90, { width: 451 });
        }
      },
      { autoFirstPage: false, margins: { top: 20, bottom: 20, left: 72, right: 72 } },
    );

  it('takes running heads and page numbers out', async () => {
    const { text, pages: records } = await extractPdf(await withHeads());
    expect(
      sameness(text, Array.from({ length: pages }, (_, page) => prose(page * 30, 24)).join(' ')),
    ).toBeGreaterThanOrEqual(0.98);
    expect(text).not.toContain('Proceedings');
    expect(records[4].runningHeads).toEqual(['Proceedings of the Ferry Society', 'Page 5 of 8']);
  });

  it('keeps them when asked to', async () => {
    const { text } = await extractPdf(await withHeads(), { keepRunningHeads: true });
    expect(text.match(/Proceedings/g)).toHaveLength(pages);
  });

  it('joins a paragraph over pages, around page numbers and a footnote', async () => {
    const lines = [
      'This paragraph began on the first page where its last full line goes',
      'on to the right edge of the column, as lines in a paragraph do, and the',
    ];
    const bytes = await makePdf((pdf) => {
      pdf.fontSize(11);
      for (const [row, line] of lines.entries()) pdf.text(line, 72, 600 + row * 14, { lineBreak: false });
      pdf
        .fontSize(8)
        .text('1 A footnote about boilers.', 72, 700, { lineBreak: false })
        .text('1', 297, 760, { lineBreak: false });
      pdf.addPage().fontSize(11).text('story went on.', 72, 100, { lineBreak: false });
      pdf.fontSize(8).text('2', 297, 760, { lineBreak: false });
    });
    const { blocks } = await extractPdf(bytes);
    expect(blocks).toMatchObject([
      { type: 'paragraph', page: 1, text: `${lines.join(' ')} story went on.`, places: [{ page: 1 }, { page: 2 }] },
      { type: 'footnote', page: 1, marker: '1', text: 'A footnote about boilers.' },
    ]);
  });

  it('finds headings by size and weight, also those of two lines', async () => {
    const bytes = await makePdf((pdf) => {
      pdf.fontSize(22).text('A heading so long that it needs a second line on this page').moveDown(0.5);
      pdf.fontSize(11).text(prose(0, 10)).moveDown();
      pdf.font('Helvetica-Bold').text('1. A smaller heading').font('Helvetica').moveDown(0.5);
      pdf.text(prose(20, 10));
    });
    const { blocks } = await extractPdf(bytes);
    expect(blocks).toMatchObject([
      { type: 'heading', level: 1, page: 1, text: 'A heading so long that it needs a second line on this page' },
      { type: 'paragraph', page: 1, text: prose(0, 10) },
      { type: 'heading', level: 2, page: 1, text: '1. A smaller heading' },
      { type: 'paragraph', page: 1, text: prose(20, 10) },
    ]);
  });

  it('says of every page what became of it', async () => {
    const bytes = await makePdf((pdf) => pdf.text('Only here.').addPage().rect(50, 50, 100, 100).fill());
    const { pages: records, text } = await extractPdf(bytes);
    expect(text).toBe('Only here.');
    expect(records).toMatchObject([
      { page: 1, text: 'Only here.', characters: 9, route: 'text' },
      { page: 2, text: '', characters: 0, route: 'empty', reason: 'the page has no text' },
    ]);
  });

  it('gives the same result again', async () => {
    const bytes = await withHeads();
    expect(await extractPdf(bytes)).toEqual(await extractPdf(bytes));
  });
});

describe('limits', () => {
  it('refuses documents with more pages or characters than allowed', async () => {
    const bytes = await makePdf((pdf) => pdf.text(prose(0, 5)).addPage().text(prose(5, 5)));
    await expect(extractPdf(bytes, { maximumPages: 1 })).rejects.toMatchObject({ code: 'TOO_LARGE' });
    await expect(extractPdf(bytes, { maximumCharacters: 500, name: 'long.pdf' })).rejects.toThrow(
      /^long\.pdf: page 2 has/,
    );
    await expect(extractPdf(bytes, { maximumBytes: 100 })).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });
});
