import { finished } from 'node:stream/promises';
import { writeFileAtomic } from '../atomic-write.ts';
import { paragraphs } from './page-templates.ts';
import { PretrainError } from '../pretrain-error.ts';
import type { SampleText } from './text-packages.ts';

type PdfDocument = InstanceType<PdfKit>;
type PdfKit = typeof import('pdfkit');

/** Loads pdfkit on use: only the sample needs to write PDFs. */
async function loadPdfkit(): Promise<PdfKit> {
  try {
    return (await import('pdfkit')).default;
  } catch (cause) {
    throw new PretrainError(
      'SAMPLE_NOT_INSTALLED',
      'the quickstart sample needs pdfkit; install it with: npm install pdfkit',
      { cause },
    );
  }
}

/** Writes a text as a born-digital PDF: title, one or two columns, running head and page numbers; the same bytes each time. */
export async function writePaper(path: string, { title, text }: SampleText, columns: 1 | 2): Promise<void> {
  const PdfDocument = await loadPdfkit();
  const document = new PdfDocument({
    size: 'A4',
    margins: { top: 72, bottom: 72, left: 64, right: 64 },
    bufferPages: true,
    info: { Title: title, CreationDate: new Date(0), ModDate: new Date(0) },
  });
  const chunks: Uint8Array[] = [];
  document.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  document.font('Times-Bold').fontSize(16).text(winAnsi(title), { align: 'center' }).moveDown();
  document.font('Times-Roman').fontSize(10);
  for (const paragraph of paragraphs(text)) {
    document.text(winAnsi(paragraph), {
      columns,
      columnGap: 24,
      align: columns === 2 ? 'left' : 'justify',
      paragraphGap: 6,
    });
  }
  addRunningHeads(document, title);
  document.end();
  await finished(document);
  writeFileAtomic(path, Buffer.concat(chunks));
}

function addRunningHeads(document: PdfDocument, title: string): void {
  const { start, count } = document.bufferedPageRange();
  for (let page = start; page < start + count; page++) {
    document.switchToPage(page);
    document.page.margins = { top: 0, bottom: 0, left: 0, right: 0 };
    document.fontSize(8).text(winAnsi(title), 64, 40, { lineBreak: false });
    document.text(String(page + 1), 290, 800, { lineBreak: false });
  }
}

/** The standard PDF fonts know Windows-1252 only; the few other characters become plain ones. */
const winAnsi = (text: string) => text.normalize('NFC').replace(/[^\u0020-\u007e\u00a0-\u00ff–—‘’“”…•€]/g, ' ');
