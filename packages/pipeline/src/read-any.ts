import type { Document, Drop, ReadContext, Reader, Split } from './document.ts';
import { csvReader } from './read-csv.ts';
import type { CsvOptions } from './read-csv.ts';
import { htmlReader } from './read-html.ts';
import type { HtmlOptions } from './read-html.ts';
import { jsonlReader } from './read-jsonl.ts';
import type { JsonlOptions } from './read-jsonl.ts';
import { parquetReader } from './read-parquet.ts';
import type { ParquetOptions } from './read-parquet.ts';
import { pdfReader } from './read-pdf.ts';
import type { PdfOptions } from './read-pdf.ts';
import { warcReader } from './read-warc-documents.ts';
import type { WarcOptions } from './read-warc-documents.ts';

/** How inputs of each kind are read. */
export interface AnyOptions {
  jsonl?: JsonlOptions;
  parquet?: ParquetOptions;
  csv?: CsvOptions;
  warc?: WarcOptions;
  html?: HtmlOptions;
  pdf?: PdfOptions;
}

const KINDS: readonly [RegExp, keyof AnyOptions][] = [
  [/\.parquet$/, 'parquet'],
  [/\.[ct]sv(\.gz|\.zst)?$/, 'csv'],
  [/\.(warc|wet)(\.gz)?$/, 'warc'],
  [/\.x?html?$/, 'html'],
  [/\.pdf$/, 'pdf'],
];

/** The reader of inputs of any kind that is told by the end of the name; other files are read as JSON Lines. */
export function anyReader(options: AnyOptions = {}): Reader {
  const readers: Record<keyof AnyOptions, Reader> = {
    jsonl: jsonlReader(options.jsonl),
    parquet: parquetReader(options.parquet),
    csv: csvReader(options.csv),
    warc: warcReader(options.warc),
    html: htmlReader(options.html),
    pdf: pdfReader(options.pdf),
  };
  const readerOf = (input: string) => readers[kindOf(input)];
  const read = (input: string, context: ReadContext): AsyncIterable<Document | Drop> => readerOf(input)(input, context);
  const splits = async (input: string, part: { bytes: number }): Promise<readonly Split[]> =>
    (await readerOf(input).splits?.(input, part)) ?? [{ start: 0, end: Number.MAX_SAFE_INTEGER, bytes: 0 }];
  return Object.assign(read, { splits });
}

/** What kind of file a name promises. */
export function kindOf(input: string): keyof AnyOptions {
  return KINDS.find(([pattern]) => pattern.test(input.toLowerCase()))?.[1] ?? 'jsonl';
}
