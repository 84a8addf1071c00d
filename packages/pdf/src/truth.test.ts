// What the layout must do, on generated PDFs whose truth is known exactly.
import { beforeAll, describe, expect, it } from 'vitest';
import {
  bigramScore,
  countLeaks,
  f1,
  headingScore,
  markdownHeadings,
  markdownTables,
  orderScore,
  plainText,
  tableScore,
  words,
} from '../bench/metrics.ts';
import { extractPdf } from './extract-pdf.ts';
import type { ExtractedPdf } from './extract-pdf.ts';
import { makePdf, prose } from './fixtures/make-pdf.ts';
import { truthPdfs } from './fixtures/truth-pdfs.ts';
import type { TruthPdf } from './fixtures/truth-pdfs.ts';

const results: { truth: TruthPdf; pdf: ExtractedPdf }[] = [];

beforeAll(async () => {
  for (const truth of await truthPdfs()) results.push({ truth, pdf: await extractPdf(truth.bytes) });
}, 60_000);

function of(kind: string): ExtractedPdf {
  return results.find(({ truth }) => truth.kind === kind)!.pdf;
}

function tablesOf({ blocks }: ExtractedPdf) {
  return blocks.flatMap((block) => (block.type === 'table' ? [block] : []));
}

describe('every kind of page', () => {
  it('has its words in the right order', () => {
    for (const { truth, pdf } of results) {
      expect([truth.kind, f1(bigramScore(pdf.text, truth.text))]).toEqual([truth.kind, expect.closeTo(1, 1)]);
      expect([truth.kind, orderScore(pdf.text, truth.text)]).toEqual([truth.kind, expect.closeTo(1, 1)]);
    }
  });

  it('has the same words as Markdown', () => {
    for (const { truth, pdf } of results) {
      expect([truth.kind, f1(bigramScore(plainText(pdf.markdown), truth.text)) > 0.9]).toEqual([truth.kind, true]);
    }
  });

  it('lets nothing through that is not text: controls, ligatures, private use, running heads, page numbers, watermarks', () => {
    for (const { truth, pdf } of results) {
      const found = new Set(words(pdf.text));
      expect([truth.kind, countLeaks(pdf.text)]).toEqual([truth.kind, 0]);
      expect(truth.furniture.filter((item) => found.has(item.toLowerCase()))).toEqual([]);
    }
  });

  it('has tables whose cells stand beside the right ones, as blocks and in Markdown', () => {
    for (const { truth, pdf } of results) {
      const cells = tablesOf(pdf).map((table) => table.cells);
      expect([truth.kind, f1(tableScore(cells, truth.tables))]).toEqual([truth.kind, 1]);
      // Pipes cannot say that a cell spans others.
      const markdown = f1(tableScore(markdownTables(pdf.markdown), truth.tables));
      expect([truth.kind, markdown >= (truth.kind === 'spanning table' ? 0.9 : 1)]).toEqual([truth.kind, true]);
    }
  });

  it('says where each block stands, and on which page', () => {
    for (const { truth, pdf } of results) {
      for (const { places, page, type } of pdf.blocks) {
        expect([truth.kind, type, places[0].page]).toEqual([truth.kind, type, page]);
        for (const { box } of places)
          expect(box[0] >= 0 && box[1] >= 0 && box[2] > box[0] && box[3] > box[1]).toBe(true);
      }
    }
  });

  it('says where each page ends in the text and in the Markdown', () => {
    for (const { pdf } of results) {
      const starts = [0, ...pdf.pages.map(({ textEnd }) => textEnd)];
      for (const [index, page] of pdf.pages.entries()) {
        expect(pdf.text.slice(starts[index], page.textEnd).trim()).toBe(page.text);
      }
      expect(pdf.pages.at(-1)!.textEnd).toBe(pdf.text.length);
      expect(pdf.pages.at(-1)!.markdownEnd).toBe(pdf.markdown.length);
    }
  });
});

describe('tables', () => {
  it('span rows and columns where a rule is missing', () => {
    const [table] = tablesOf(of('spanning table'));
    expect(table).toMatchObject({ rows: 6, columns: 4, found: 'rules' });
    expect(table.cells).toContainEqual({ row: 0, column: 1, rowSpan: 1, columnSpan: 2, text: 'Measured' });
    expect(table.cells).toContainEqual({ row: 0, column: 0, rowSpan: 2, columnSpan: 1, text: 'Port' });
    expect(table.cells).toContainEqual({ row: 2, column: 3, rowSpan: 2, columnSpan: 1, text: 'dredged in winter' });
  });

  it('can say spans as HTML, or repeat their text', async () => {
    const { bytes } = results.find(({ truth }) => truth.kind === 'spanning table')!.truth;
    const { markdown } = await extractPdf(bytes, { spans: 'html' });
    expect(markdown).toContain('<td rowspan="2" >dredged in winter</td>'.replace(' >', '>'));
    expect(markdown).toContain('<th colspan="2">Measured</th>');
    expect((await extractPdf(bytes, { spans: 'repeat' })).markdown).toContain(
      '| Port | Measured | Measured | Remark |',
    );
  });

  it('that go on over pages are one, with one head', () => {
    const [table, ...others] = tablesOf(of('continued table'));
    expect(others).toEqual([]);
    expect(table).toMatchObject({ rows: 21, places: [{ page: 1 }, { page: 2 }] });
    expect(table.cells.filter(({ text }) => text === 'Depth')).toHaveLength(1);
  });
});

describe('blocks', () => {
  it('rank headings by size and by their numbers', () => {
    const { truth } = results.find(({ truth: { kind } }) => kind === 'headings')!;
    const found = markdownHeadings(of('headings').markdown);
    expect(
      f1(
        headingScore(
          found,
          truth.headings.map((text) => ({ text })),
        ),
      ),
    ).toBe(1);
    expect(found.map(({ level }) => level)).toEqual([1, 2, 3, 3, 2]);
  });

  it('keep lists, and the indentation of program text', () => {
    const { blocks, markdown } = of('lists and code');
    expect(blocks.map(({ type }) => type)).toEqual(['paragraph', 'list', 'code', 'paragraph']);
    expect(markdown).toContain('- coal for the boiler\n- ropes, three of them');
    expect(markdown).toContain('2. ropes, three of them again');
    expect(markdown).toContain('```\ndef sail(boat):\n    if boat.leaks:\n        return None\n');
  });

  it('link footnotes to what points to them', () => {
    const { blocks, markdown } = of('footnotes');
    expect(blocks.map(({ type }) => type)).toEqual(['paragraph', 'paragraph', 'footnote', 'footnote']);
    expect(blocks[1]).toMatchObject({ footnotes: ['2'] });
    expect(markdown).toContain('had cracked in two[^1] places');
    expect(markdown).toContain('[^2]: The boiler was replaced later.');
  });

  it('takes watermarks and the numbers of two pages on a sheet out, and says so', () => {
    expect(of('watermark').pages[2].runningHeads).toEqual(['CONFIDENTIAL']);
    expect(of('two-up').pages[1].runningHeads.join(' ')).toContain('822');
  });

  it('believes the structure tree of tagged files about headings', async () => {
    const bytes = await makePdf(
      (pdf) => {
        const add = (type: string, text: string): void => {
          pdf.addStructure(pdf.struct(type, {}, () => void pdf.text(text).moveDown()));
        };
        add('H1', 'Where the ferry goes');
        add('P', prose(0, 6));
        add('H2', 'In winter');
        add('P', prose(6, 6));
      },
      { tagged: true, pdfVersion: '1.5' },
    );
    const { blocks } = await extractPdf(bytes);
    expect(blocks).toMatchObject([
      { type: 'heading', level: 1, text: 'Where the ferry goes' },
      { type: 'paragraph' },
      { type: 'heading', level: 2, text: 'In winter' },
      { type: 'paragraph' },
    ]);
  });

  it('finds the rank of headings in the outline', async () => {
    const bytes = await makePdf((pdf) => {
      const chapter = pdf.outline.addItem('Where the ferry goes');
      chapter.addItem('In winter');
      pdf.font('Helvetica-Bold').text('Where the ferry goes').font('Helvetica').text(prose(0, 6)).moveDown();
      pdf.font('Helvetica-Bold').text('In winter').font('Helvetica').text(prose(6, 6));
    });
    const { blocks, outline } = await extractPdf(bytes);
    expect(outline).toMatchObject([
      { title: 'Where the ferry goes', level: 1 },
      { title: 'In winter', level: 2 },
    ]);
    expect(blocks.flatMap((block) => (block.type === 'heading' ? [block.level] : []))).toEqual([1, 2]);
  });
});
