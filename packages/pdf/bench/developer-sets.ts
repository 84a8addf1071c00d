// Sets of real PDFs with truth, which are not part of this repository. `SMOL_PDF_SETS` names a folder with any of
//   tables/NAME.pdf + NAME-str.xml   ICDAR 2013 table competition
//   html/NAME.pdf + NAME.html        documents that exist as HTML, too (Debian's guides: a file for each language)
//   markdown/NAME.pdf + NAME.md      documents with reviewed Markdown (docling's test set)
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { extractPdf } from '../src/index.ts';
import { row } from './bench-row.ts';
import type { BenchRow } from './bench-row.ts';
import { addScores, bigramScore, f1, markdownTables, plainText, tableScore } from './metrics.ts';
import type { Cell, Score } from './metrics.ts';
import { PEERS } from './peers.ts';

interface Sample {
  name: string;
  bytes: Uint8Array;
  /** What a converter's output is worth. */
  score(output: string, markdown: boolean): Score;
}

interface DeveloperSet {
  name: string;
  samples: Sample[];
  /** One row for all samples, or one for each. */
  together: boolean;
  /** Only converters that write Markdown can be measured. */
  markdown: boolean;
}

function decode(text: string): string {
  const named: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', amp: '&' };
  return text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code: string, name: string) =>
    code ? String.fromCodePoint(Number(code)) : (named[name] ?? whole),
  );
}

/** Text of a page without its head, navigation, table of contents, and tags. */
function htmlText(html: string): string {
  const body = html
    .replace(/<head[\s\S]*?<\/head>/gi, '')
    .replace(/<div class="nav(?:header|footer)"[\s\S]*?<\/div>(?=\s*(?:<div|<\/body|$))/g, ' ')
    .replace(/<div class="toc"[\s\S]*?<\/div>/g, ' ')
    .replace(/<\/?(?:b|i|em|strong|code|tt|span|a|sup|sub|kbd|var)\b[^>]*>/gi, '');
  return decode(body.replace(/<[^>]+>/g, ' '));
}

/** Tables of the competition's structure files: cells by first and last row and column. */
function structureTables(xml: string): Cell[][] {
  const attribute = (text: string, name: string, otherwise: number): number =>
    Number(new RegExp(`${name}=["'](-?\\d+)["']`).exec(text)?.[1] ?? otherwise);
  return [...xml.matchAll(/<table[^>]*>([\s\S]*?)<\/table>/g)].map(([, table]) =>
    [...table.matchAll(/<region([^>]*)>([\s\S]*?)<\/region>/g)].flatMap(([, region, cells]) =>
      [...cells.matchAll(/<cell([^>]*)>([\s\S]*?)<\/cell>/g)].map(([, cell, content]): Cell => {
        const [first, left] = [attribute(cell, 'start-row', 0), attribute(cell, 'start-col', 0)];
        return {
          row: first + attribute(region, 'row-increment', 0),
          column: left + attribute(region, 'col-increment', 0),
          rowSpan: attribute(cell, 'end-row', first) - first + 1,
          columnSpan: attribute(cell, 'end-col', left) - left + 1,
          text: decode(/<content>([\s\S]*?)<\/content>/.exec(content)?.[1] ?? ''),
        };
      }),
    ),
  );
}

type Judge = (truth: string) => Sample['score'];

const byTables: Judge = (truth) => {
  const wanted = structureTables(truth);
  return (output) => tableScore(markdownTables(output), wanted);
};
const byText =
  (read: (truth: string) => string): Judge =>
  (truth) => {
    const wanted = read(truth);
    return (output, markdown) => bigramScore(markdown ? plainText(output) : output, wanted);
  };

function readSet(folder: string, ending: string, judge: Judge): Sample[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.pdf'));
  return names.sort().flatMap((name) => {
    const truth = join(folder, name.replace(/\.pdf$/, ending));
    if (!existsSync(truth)) return [];
    return [{ name, bytes: readFileSync(join(folder, name)), score: judge(readFileSync(truth, 'utf8')) }];
  });
}

/** Rows of the sets that are there; none without `SMOL_PDF_SETS`. */
export async function developerSetRows(): Promise<BenchRow[]> {
  const root = process.env['SMOL_PDF_SETS'];
  if (!root) return [];
  const sets: DeveloperSet[] = [
    {
      name: 'ICDAR 2013 tables',
      samples: readSet(join(root, 'tables'), '-str.xml', byTables),
      together: true,
      markdown: true,
    },
    { name: 'HTML', samples: readSet(join(root, 'html'), '.html', byText(htmlText)), together: false, markdown: false },
    {
      name: 'Markdown',
      samples: readSet(join(root, 'markdown'), '.md', byText(plainText)),
      together: false,
      markdown: false,
    },
  ];
  const rows: BenchRow[] = [];
  for (const set of sets) {
    const groups = set.together ? [set.samples] : set.samples.map((sample) => [sample]);
    for (const samples of groups.filter(({ length }) => length > 0)) rows.push(...(await compare(set, samples)));
  }
  return rows;
}

async function compare({ name, together, markdown }: DeveloperSet, samples: Sample[]): Promise<BenchRow[]> {
  const ours: Score[] = [];
  for (const { bytes, score } of samples) ours.push(score((await extractPdf(bytes)).markdown, true));
  const title = `${name}${together ? '' : `, ${samples[0].name}`}: ${markdown ? 'adjacency' : 'bigrams'}`;
  const rows: BenchRow[] = [];
  for (const peer of PEERS.filter((other) => other.markdown || !markdown)) {
    const theirs: Score[] = [];
    for (const { bytes, score } of samples) {
      const output = await peer.convert(bytes).catch(() => '');
      if (output !== null) theirs.push(score(output, peer.markdown));
    }
    const value = theirs.length === samples.length ? f1(addScores(theirs)) : null;
    rows.push(row('quality', title, 'F1', f1(addScores(ours)), peer.name, value));
  }
  return rows;
}
