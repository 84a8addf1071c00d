import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cleanPages, joinPages } from './finepdfs-clean.ts';
import { identifyPages } from './finepdfs-language.ts';
import type { PdfRecord } from './finepdfs-reader.ts';
import { finePdfs } from './finepdfs.ts';
import type { PdfDrop, PdfItem } from './finepdfs-item.ts';
import type { FinePdfsOptions } from './finepdfs.ts';
import { makePdf, prose } from './fixtures/make-pdf.ts';
import { PdfError } from './pdf-error.ts';

/** Documents and drops that come out, and what was counted: `runSteps` of `@smol/pipeline` in a few lines. */
async function run(input: string, options: FinePdfsOptions) {
  const { read, steps } = finePdfs(options);
  const rows: PdfItem[] = [];
  const drops: PdfDrop[] = [];
  const counts: Record<string, number> = {};
  const context = { count: (name: string, amount = 1) => void (counts[name] = (counts[name] ?? 0) + amount) };
  for await (let item of read(input)) {
    for (const step of steps) if (!('drop' in item)) item = await step.process(item, context);
    if ('drop' in item) drops.push(item);
    else rows.push(item);
  }
  return { rows, drops, counts };
}

const identifyLanguage = (text: string) => ({
  language: /\b(?:der|die|und)\b/.test(text) ? 'deu_Latn' : 'eng_Latn',
  score: 0.9,
});
const redactPii = (text: string) => ({ text: text.replaceAll(/\S+@\S+\.org/g, 'email@example.com') });
const countTokens = (text: string) => text.split(/\s+/).length;

const folder = mkdtempSync(join(tmpdir(), 'smol-finepdfs-'));
let whole: Uint8Array;
let cut: Uint8Array;

beforeAll(async () => {
  whole = await makePdf((pdf) => {
    pdf
      .text(`${prose(0, 8)} Write to ann@ferry.org for more.`)
      .addPage()
      .text(prose(50, 8))
      .addPage();
  });
  cut = whole.subarray(0, Math.floor(whole.length * 0.7));
  mkdirSync(join(folder, 'more'));
  writeFileSync(join(folder, 'a.pdf'), whole);
  writeFileSync(join(folder, 'more', 'b.pdf'), whole);
  writeFileSync(join(folder, 'c.pdf'), 'no PDF');
  writeFileSync(join(folder, 'd.pdf'), await makePdf((pdf) => pdf.text('Hush.'), { userPassword: 'geheim' }));
  writeFileSync(join(folder, 'e.pdf'), await makePdf((pdf) => pdf.rect(0, 0, 9, 9).fill()));
});

/** An archive as `readWarc` gives it. */
const archive = (...bodies: Uint8Array[]): FinePdfsOptions['readWarc'] =>
  async function* () {
    for (const [index, payload] of bodies.entries()) yield record(index, payload);
    yield record(90, whole, { type: 'request' });
    yield record(91, whole, { contentType: 'text/html', url: 'https://a.example/page' });
    yield { ...record(92, whole), get payload(): Uint8Array { throw new Error('cannot be unpacked'); } }; // prettier-ignore
  };

function record(index: number, payload: Uint8Array, more: Partial<PdfRecord> = {}): PdfRecord {
  const url = `https://a.example/${index}.pdf?x`;
  return { id: `<urn:${index}>`, type: 'response', url, date: '2024-05-06T07:08:09Z', contentType: '', payload, headers: new Map(), offset: index * 100, ...more }; // prettier-ignore
}

describe('finePdfs', () => {
  it('makes rows of FinePDFs of the files of a folder, and says why others are left out', async () => {
    const { rows, drops, counts } = await run(folder, {
      identifyLanguage,
      redactPii,
      countTokens,
      dump: 'CC-MAIN-2024-18',
    });
    expect(rows).toHaveLength(1);
    const [{ id, text, metadata }] = rows;
    expect(id).toBe('a.pdf');
    expect(text).toBe(`${prose(0, 8)} Write to email@example.com for more.\n\n${prose(50, 8)}`);
    expect(metadata).toEqual({
      dump: 'CC-MAIN-2024-18',
      file_path: 'a.pdf',
      is_truncated: false,
      extractor: 'pdfium',
      page_count: 3,
      pages_recognized: 0,
      pages_unread: 0,
      page_indices: [0, 1],
      page_ends: [text.indexOf('\n\n'), text.length],
      language: 'eng_Latn',
      language_score: 0.9,
      page_average_lid: 'eng_Latn',
      page_average_lid_score: 0.9,
      full_doc_lid: 'eng_Latn',
      full_doc_lid_score: 0.9,
      per_page_languages: ['eng_Latn', 'eng_Latn'],
      token_count: countTokens(text),
    });
    expect(drops.map(({ drop }) => drop)).toEqual(['not_a_pdf', 'encrypted', 'empty_text', 'duplicate_bytes']);
    expect(counts).toMatchObject({ pages_text: 2, truncated: 1 });
  });

  it('reads archives, and gets cut files again', async () => {
    const asked: string[] = [];
    const fetcher = {
      fetch: async (url: string) => {
        asked.push(url);
        if (url.includes('/1.pdf')) throw new PdfError('FETCH_FAILED', `${url}: the server answered 404`);
        return { bytes: whole };
      },
    };
    const twice = Buffer.concat([cut, Buffer.from(' ')]);
    const { rows, drops, counts } = await run('crawl.warc.gz', { readWarc: archive(cut, twice, whole), fetcher });
    expect(asked).toEqual(['https://a.example/0.pdf?x', 'https://a.example/1.pdf?x']);
    expect(
      rows.map(({ id, metadata }) => [id, metadata['is_truncated'], metadata['offset'], metadata['date']]),
    ).toEqual([
      ['<urn:0>', false, 0, '2024-05-06T07:08:09Z'],
      ['<urn:1>', true, 100, '2024-05-06T07:08:09Z'],
    ]);
    expect(rows[1].metadata['repairs']).toEqual([expect.stringMatching(/^page tree rebuilt/)]);
    expect(drops).toEqual([{ drop: 'duplicate_bytes', value: '<urn:0>' }, { drop: 'bad_response', value: expect.any(String), message: 'cannot be unpacked' }]); // prettier-ignore
    expect(counts).toMatchObject({ truncated: 2, refetched: 1, refetch_fetch_failed: 1 });
  });

  it('writes nothing but the row: bytes and pages stay out of JSON', async () => {
    const { rows } = await run(join(folder, 'a.pdf'), {});
    expect(Object.keys(JSON.parse(JSON.stringify(rows[0])))).toEqual(['id', 'text', 'metadata']);
    expect(Object.getOwnPropertySymbols(rows[0])).toEqual([]);
  });

  it('forgets files between shards', async () => {
    const { read, steps } = finePdfs();
    const dedup = steps.find(({ name }) => name === 'pdf-dedup')!;
    for await (const item of read(join(folder, 'a.pdf'))) {
      for (let round = 0; round < 2; round++) {
        expect(await dedup.process(item as PdfItem, { count() {} })).toBe(item);
        dedup.reset!();
      }
    }
  });

  it('needs a reader for archives', async () => {
    await expect(run('crawl.warc', {})).rejects.toThrow('pass readWarc of @smol/web');
    await expect(run('/no/such/folder', {})).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
  });
});

describe('FinePDFs’ cleaning', () => {
  it('joins letters that stand apart, as in FinePDFs’ examples', () => {
    expect(cleanPages(['C O N S E I L  M U N I C I P A L Séance du 22 février 2016']).pages).toEqual(['CONSEIL MUNICIPAL Séance du 22 février 2016']); // prettier-ignore
    expect(cleanPages(['1 x 9 x 8 * 9']).pages).toEqual(['1 x 9 x 8 * 9']);
  });

  it('drops what is no text, and empty pages', () => {
    expect(cleanPages(['a\uE000b\uFFFD', ' \n', 'c\n\n\n\nd'])).toEqual({ pages: ['ab', 'c\n\nd'], indices: [0, 2] });
  });

  it('joins a word that goes on over pages; ends count what is in the text', () => {
    expect(joinPages(['the conden-', 'sation', 'ends'])).toEqual({
      text: 'the condensation\n\nends',
      pageEnds: [10, 16, 22],
    });
    expect(joinPages(['1990–', '1999'])).toEqual({ text: '1990–\n\n1999', pageEnds: [5, 11] });
  });
});

it('averages languages over all pages, and knows which tell nothing', async () => {
  const pages = [prose(0, 3), 'der Hafen und die Fähre, '.repeat(9), prose(3, 3), '12 431,50', `| ${prose(0, 3)} |`];
  expect(await identifyPages(pages, identifyLanguage)).toMatchObject({
    page_average_lid: 'eng_Latn',
    page_average_lid_score: 1.8 / 5,
    full_doc_lid: 'deu_Latn',
    per_page_languages: ['eng_Latn', 'deu_Latn', 'eng_Latn', 'unknown', 'unknown'],
  });
});
