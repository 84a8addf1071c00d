import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { encodeWarcRecord } from '@smol/web';
import { writeFileAtomic } from './atomic-write.ts';
import { samplePages, type SamplePage } from './sample/pages.ts';
import { paragraphs } from './sample/page-templates.ts';
import { writePaper } from './sample/papers.ts';
import { readSpeeches, type SampleText } from './sample/text-packages.ts';
import { takeTurn, type Step, type StepContext } from './step.ts';

/** Years of the speeches that become PDFs, and from which on they are held out. */
const PAPER_YEARS = { first: 1945, last: 1959 };
const MODERN_SINCE = 1960;
const HELD_OUT_SINCE = 2010;
const WARC_FILES = 4;

/** What the sample holds: documents by kind. */
export interface SampleSummary {
  pages: number;
  papers: number;
  speeches: number;
  heldOut: number;
}

/** Writes the quickstart's raw inputs: web archives, PDFs and JSON Lines, all from text that npm packages ship. */
export const sampleStep: Step<SampleSummary> = {
  name: 'sample',
  outputs: ['raw'],
  inputs: ({ recipe }) => [recipe.sample, recipe.seed, 'version 1'],
  async run(context) {
    const folder = join(context.runFolder, 'raw');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const speeches = readSpeeches();
    const years = (first: number, last: number) => speeches.filter(({ year = 0 }) => year >= first && year <= last);
    const papers = years(PAPER_YEARS.first, PAPER_YEARS.last);
    const old = years(0, PAPER_YEARS.first - 1);
    const modern = years(MODERN_SINCE, HELD_OUT_SINCE - 1);
    const recent = years(HELD_OUT_SINCE, 9999);
    writeJsonLines(join(folder, 'speeches-old.jsonl'), old);
    writeJsonLines(join(folder, 'speeches-modern.jsonl'), modern);
    writeJsonLines(join(folder, 'speeches-recent.jsonl'), recent);
    const pages = samplePages(speeches, context.recipe.seed);
    await writeArchives(folder, pages, context);
    for (const [index, paper] of papers.entries()) {
      context.progress.update('sample', `PDF ${index + 1} of ${papers.length}`);
      await takeTurn(context.signal);
      await writePaper(join(folder, `${paper.slug}.pdf`), paper, index % 2 === 0 ? 2 : 1);
    }
    return { pages: pages.length, papers: papers.length, speeches: old.length + modern.length, heldOut: recent.length };
  },
  describe: ({ pages, papers, speeches, heldOut }) =>
    `${pages} web pages, ${papers} PDFs, ${speeches} speeches, ${heldOut} held out`,
};

function writeJsonLines(path: string, texts: readonly SampleText[]): void {
  const lines = texts.map(({ slug, title, text, year }) =>
    JSON.stringify({ id: slug, text: paragraphs(text).join('\n'), metadata: { title, date: `${year}` } }),
  );
  writeFileAtomic(path, `${lines.join('\n')}\n`);
}

/** Deals the pages out to a few archives, as a crawler's shards. */
async function writeArchives(
  folder: string,
  pages: readonly SamplePage[],
  { progress, signal }: StepContext,
): Promise<void> {
  for (let file = 0; file < WARC_FILES; file++) {
    progress.update('sample', `web archive ${file + 1} of ${WARC_FILES}`);
    await takeTurn(signal);
    const records = pages
      .filter((_, index) => index % WARC_FILES === file)
      .map(({ url, html, contentType = 'text/html; charset=utf-8' }) =>
        encodeWarcRecord({
          url,
          date: '2024-01-31T12:00:00Z',
          payload: html,
          http: { headers: { 'Content-Type': contentType } },
          headers: { 'WARC-Identified-Payload-Type': contentType.split(';')[0] },
        }),
      );
    writeFileAtomic(join(folder, `pages-${String(file).padStart(2, '0')}.warc.gz`), Buffer.concat(records));
  }
}
