import { truthPdfs } from '../src/fixtures/truth-pdfs.ts';
import type { TruthPdf } from '../src/fixtures/truth-pdfs.ts';
import { extractPdf } from '../src/index.ts';
import { row } from './bench-row.ts';
import type { BenchRow } from './bench-row.ts';
import {
  addScores,
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
  wordScore,
} from './metrics.ts';
import type { Score } from './metrics.ts';
import { PEERS } from './peers.ts';

/** What one converter made of one file. */
interface Result {
  word: Score;
  bigram: Score;
  order: number;
  table: Score;
  heading: Score;
  leaks: number;
}

function judge(truth: TruthPdf, output: string, markdown: boolean): Result {
  const text = markdown ? plainText(output) : output;
  const found = new Set(words(text));
  const furniture = truth.furniture.filter((item) => found.has(item.toLowerCase())).length;
  return {
    word: wordScore(text, truth.text),
    bigram: bigramScore(text, truth.text),
    order: orderScore(text, truth.text),
    table: tableScore(markdownTables(markdown ? output : ''), truth.tables),
    heading: headingScore(
      markdownHeadings(markdown ? output : ''),
      truth.headings.map((title) => ({ text: title })),
    ),
    leaks: countLeaks(text) + furniture,
  };
}

type Measure = [name: string, unit: string, value: (results: Result[]) => number];
const MEASURES: Measure[] = [
  ['words', 'F1', (results) => f1(addScores(results.map(({ word }) => word)))],
  ['bigrams', 'F1', (results) => f1(addScores(results.map(({ bigram }) => bigram)))],
  ['order', 'share', (results) => results.reduce((sum, { order }) => sum + order, 0) / results.length],
];
const TABLES: Measure = ['tables', 'F1', (results) => f1(addScores(results.map(({ table }) => table)))];
const HEADINGS: Measure = ['headings', 'F1', (results) => f1(addScores(results.map(({ heading }) => heading)))];
const LEAKS: Measure = ['leaks', 'count', (results) => results.reduce((sum, { leaks }) => sum + leaks, 0)];

/** Every kind of generated page by every converter; the mean over kinds last. */
export async function qualityRows(): Promise<BenchRow[]> {
  const truths = await truthPdfs();
  const ours = await Promise.all(
    truths.map(async (truth) => judge(truth, (await extractPdf(truth.bytes)).markdown, true)),
  );
  const rows: BenchRow[] = [];
  for (const { name, markdown, convert } of PEERS) {
    const theirs: (Result | null)[] = [];
    for (const truth of truths) {
      const output = await convert(truth.bytes).catch(() => null);
      theirs.push(output === null ? null : judge(truth, output, markdown));
    }
    const add = (kind: string, [measure, unit, value]: Measure, indices: number[]): void => {
      const results = indices.flatMap((index) => theirs[index] ?? []);
      const peerValue = results.length === indices.length ? value(results) : null;
      rows.push(
        row('quality', `${kind}: ${measure}`, unit, value(indices.map((index) => ours[index])), name, peerValue),
      );
    };
    const indicesOf = (test: (truth: TruthPdf) => boolean) =>
      truths.flatMap((truth, index) => (test(truth) ? [index] : []));
    for (const kind of new Set(truths.map((truth) => truth.kind))) {
      const indices = indicesOf((truth) => truth.kind === kind);
      add(kind, MEASURES[1], indices);
      if (markdown && truths[indices[0]].tables.length > 0) add(kind, TABLES, indices);
    }
    for (const measure of MEASURES)
      add(
        'all kinds',
        measure,
        indicesOf(() => true),
      );
    if (markdown)
      add(
        'all kinds',
        HEADINGS,
        indicesOf(({ headings }) => headings.length > 0),
      );
    add(
      'all kinds',
      LEAKS,
      indicesOf(() => true),
    );
  }
  return rows;
}
