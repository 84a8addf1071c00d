// What the layout makes of pages that are easily got wrong.
import { describe, expect, it } from 'vitest';
import { extractPdf } from './extract-pdf.ts';
import { makePdf, prose } from './fixtures/make-pdf.ts';

/** Blocks of a page on which texts stand at [left, top]. */
async function blocksOf(texts: [string, number, number][], size = 10) {
  const bytes = await makePdf((pdf) => {
    pdf.fontSize(size);
    for (const [text, left, top] of texts) pdf.text(text, left, top, { lineBreak: false });
  });
  return (await extractPdf(bytes)).blocks;
}

describe('tables with rules', () => {
  it('are not cut where the lines of a filled cell are filled once more', async () => {
    const bytes = await makePdf((pdf) => {
      const rows = [
        ['Boiler, cracked since', 'the winter of 1911'],
        ['Ships', '120'],
        ['Harbour master', 'away'],
      ];
      for (const [row, texts] of rows.entries()) {
        const top = 100 + row * 44;
        pdf.rect(72, top, 150, 44).fill('#d0e0d0').rect(74, top + 2, 146, 20).fill('#d0e0d0').rect(74, top + 22, 146, 20).fill('#d0e0d0'); // prettier-ignore
        pdf
          .rect(72, top, 300, 44)
          .moveTo(222, top)
          .lineTo(222, top + 44)
          .stroke('black');
        pdf
          .fillColor('black')
          .fontSize(11)
          .text(texts[0], 78, top + 6, { lineBreak: false });
        pdf
          .text(`and more of ${row}`, 78, top + 26, { lineBreak: false })
          .text(texts[1], 230, top + 6, { lineBreak: false });
      }
    });
    const [table] = (await extractPdf(bytes)).blocks;
    expect(table).toMatchObject({ type: 'table', rows: 3, columns: 2, found: 'rules' });
    expect(table.text).toContain('Ships and more of 1\t120');
  });
});

describe('tables without rules', () => {
  it('join the lines of a cell where the first column is empty', async () => {
    const rows: [string, number, number][] = [
      ['Port', 72, 100], ['Ships', 200, 100], ['Remark', 280, 100],
      ['Alder', 72, 120], ['120', 200, 120], ['closed for the winter, and', 280, 120],
      ['dredged after it', 280, 132],
      ['Birch', 72, 152], ['157', 200, 152], ['open', 280, 152],
      ['Cedar', 72, 172], ['93', 200, 172], ['open', 280, 172],
    ]; // prettier-ignore
    const [table] = await blocksOf(rows);
    expect(table).toMatchObject({ type: 'table', rows: 4, columns: 3 });
    expect(table.text).toContain('Alder\t120\tclosed for the winter, and dredged after it');
  });

  it('know by the rule below a title over which columns it stands', async () => {
    const bytes = await makePdf((pdf) => {
      pdf.fontSize(10);
      pdf.text('Depth', 235, 100, { lineBreak: false }).text('Ships', 385, 100, { lineBreak: false });
      pdf.moveTo(195, 113).lineTo(310, 113).moveTo(345, 113).lineTo(460, 113).stroke();
      for (const [row, texts] of [
        ['Port', '2023', '2024', '2023', '2024'],
        ['Alder', '4.1', '4.2', '120', '131'],
        ['Birch', '3.9', '4.0', '88', '90'],
        ['Cedar', '5.0', '5.1', '77', '79'],
      ].entries()) {
        for (const [column, text] of texts.entries())
          pdf.text(text, [72, 200, 280, 350, 430][column], 118 + row * 15, { lineBreak: false });
      }
    });
    const [table] = (await extractPdf(bytes)).blocks;
    expect(table).toMatchObject({ type: 'table', rows: 5, columns: 5 });
    expect(table.type === 'table' && table.cells.filter(({ columnSpan }) => columnSpan > 1)).toEqual([
      { row: 0, column: 1, rowSpan: 1, columnSpan: 2, text: 'Depth' },
      { row: 0, column: 3, rowSpan: 1, columnSpan: 2, text: 'Ships' },
    ]);
  });

  it('are not made of columns of running text, lists, or numbered formulas', async () => {
    const list = ['1.', '2.', '3.', '4.'].flatMap((mark, index): [string, number, number][] => [
      [mark, 72, 100 + index * 14],
      [`item of the list ${index}`, 95, 100 + index * 14],
    ]);
    expect((await blocksOf(list)).map(({ type }) => type)).toEqual(['list']);
    const formulas = [1, 2, 3].flatMap((number): [string, number, number][] => [
      [`x = a + b = ${number}`, 200, 100 + number * 30],
      [`(${number})`, 500, 100 + number * 30],
    ]);
    expect((await blocksOf(formulas)).every(({ type }) => type !== 'table')).toBe(true);
  });

  it('keep wide cells in rows that a cut into columns would part', async () => {
    const rows = ['The north quay', 'The old lighthouse', 'The channel', 'The harbour office'].flatMap(
      (name, index): [string, number, number][] => [
        [name, 72, 100 + index * 16],
        [String(1200 + index * 17), 260, 100 + index * 16],
        [String(77 + index), 380, 100 + index * 16],
      ],
    );
    const [table, ...others] = await blocksOf(rows);
    expect(others).toEqual([]);
    expect(table).toMatchObject({ type: 'table', rows: 4, columns: 3 });
  });
});

describe('text', () => {
  it('stands in columns below a table whose columns are others', async () => {
    const texts = [prose(0, 3), prose(5, 3)];
    const bytes = await makePdf((pdf) => {
      for (let row = 0; row < 12; row++) {
        for (const [column, text] of ['45–54', '2,590', '13.1', '7777', '17.0', '15.3'].entries())
          pdf.fontSize(8).text(text, [72, 150, 220, 284, 370, 450][column], 80 + row * 11, { lineBreak: false });
      }
      // The fourth column stands in the white between those of the text, which fill theirs: nothing cuts the whole page.
      for (const [column, text] of texts.entries())
        pdf.fontSize(9).text(text, [72, 305][column], 232, { width: 215, align: 'justify' });
    });
    const { blocks } = await extractPdf(bytes);
    expect(blocks.map(({ type }) => type)).toEqual(['table', 'paragraph', 'paragraph']);
    expect(blocks.slice(1).map(({ text }) => text)).toEqual(texts);
  });

  it('keeps captions apart, but not sentences that begin with one’s words', async () => {
    const blocks = await blocksOf([
      ['Figure 2. The harbour from the north', 72, 100],
      ['Figure 2 shows the harbour in winter, before it froze.', 72, 140],
    ]);
    expect(blocks.map(({ type }) => type)).toEqual(['caption', 'paragraph']);
  });

  it('loses the dots and page numbers of a table of contents', async () => {
    const blocks = await blocksOf([
      ['Beginnings . . . . . . . . . . . . . . 3', 72, 100],
      ['Decline . . . . . . . . . . . . . . . . 17', 72, 114],
    ]);
    expect(blocks.map(({ text }) => text)).toEqual(['Beginnings\nDecline']);
  });

  it('marks formulas set apart', async () => {
    const blocks = await blocksOf([
      [prose(0, 1), 72, 100],
      ['E = m · c² + k ≤ 3', 200, 130],
    ]);
    expect(blocks.map(({ type }) => type)).toEqual(['paragraph', 'formula']);
  });

  it('joins the number of a chapter to its title', async () => {
    const bytes = await makePdf((pdf) => {
      pdf.fontSize(18).text('Chapter 4').fontSize(22).text('The harbour in winter').fontSize(10).text(prose(0, 8));
    });
    expect((await extractPdf(bytes)).markdown).toMatch(/^# Chapter 4 The harbour in winter\n\n/);
  });

  it('does not take labels that come again and again for headings', async () => {
    const bytes = await makePdf((pdf) => {
      for (let index = 0; index < 5; index++) {
        pdf
          .font('Helvetica-Bold')
          .text('Note')
          .font('Helvetica')
          .text(prose(index * 4, 3))
          .moveDown();
      }
    });
    expect((await extractPdf(bytes)).blocks.filter(({ type }) => type === 'heading')).toEqual([]);
  });
});
