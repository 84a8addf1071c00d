import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { extractPdfs } from './extract-pdfs.ts';
import { makePdf, prose } from './fixtures/make-pdf.ts';
import { mutatePdf } from './fixtures/mutate-pdf.ts';

// scripts/fuzz.mjs sets these to break many more files.
const MUTATIONS = Number(process.env['SMOL_PDF_FUZZ'] ?? 220);
const FIRST = Number(process.env['SMOL_PDF_FUZZ_FIRST'] ?? 0);
const FOLDER = process.env['SMOL_PDF_FUZZ_FOLDER'];
const LARGEST = 200_000;
const HANG_SECONDS = 60;

/** Files to break: compressed and not, encrypted, with pictures and forms. */
async function originals(): Promise<Uint8Array[]> {
  if (FOLDER) {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.pdf')).sort(); // prettier-ignore
    return files.map((name) => readFileSync(join(FOLDER, name))).filter(({ length }) => length < LARGEST);
  }
  const draw = (pdf: PDFKit.PDFDocument) => {
    pdf.outline.addItem('One');
    pdf.fontSize(20).text('A heading').fontSize(10).text(prose(0, 20), { columns: 2 });
    pdf.rect(100, 500, 200, 60).stroke().addPage().text(prose(20, 5)).rotate(90).text('Sideways');
  };
  return Promise.all([
    makePdf(draw),
    makePdf(draw, { compress: false }),
    makePdf(draw, { compress: false, userPassword: 'geheim', pdfVersion: '1.7ext3' }),
  ]);
}

it('survives whatever is broken: text or a coded error', { tags: ['slow'], timeout: 3_600_000 }, async () => {
  const whole = await originals();
  const outcomes: Record<string, number> = {};
  const mutations: string[] = [];
  const broken = function* () {
    for (let seed = FIRST; seed < FIRST + MUTATIONS; seed++) {
      const { bytes, mutation } = mutatePdf(whole[seed % whole.length], String(seed));
      mutations.push(`${seed}: ${mutation}`);
      yield bytes;
    }
  };
  const failures: string[] = [];
  let peak = 0;
  for await (const { result, error } of extractPdfs(broken(), {
    workers: 2,
    hangSeconds: HANG_SECONDS,
    password: 'geheim',
  })) {
    const mutation = mutations.shift()!;
    const outcome = error?.code ?? (result!.text === '' ? 'no text' : 'text');
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (outcome === 'TIMED_OUT') failures.push(`${mutation}: ${error!.message}`);
    peak = Math.max(peak, process.memoryUsage().rss);
  }
  if (process.env['SMOL_PDF_FUZZ']) console.log(`${MUTATIONS} mutations of ${whole.length} files:`, outcomes, `peak ${Math.round(peak / 1e6)} MB`); // prettier-ignore
  expect(failures).toEqual([]);
  expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(MUTATIONS);
  expect(outcomes['text']).toBeGreaterThan(MUTATIONS / 4);
  expect(peak).toBeLessThan(3e9);
});
