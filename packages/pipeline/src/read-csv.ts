import { basename } from 'node:path';
import type { Parser } from 'csv-parse';
import { ByteSource } from './byte-source.ts';
import type { Document, Drop, ReadContext, Reader } from './document.ts';
import { limitDocuments } from './limit-documents.ts';
import type { LimitOptions } from './limit-documents.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import { compressionOf, readBlocks, readPlain } from './read-text.ts';
import { documentOfRecord } from './record-document.ts';
import type { RecordOptions } from './record-document.ts';
import type { Storage } from './storage.ts';
import { isGap } from './text-chunk.ts';

/** How CSV files are read. */
export interface CsvOptions extends RecordOptions, LimitOptions {
  /** What is between fields. Default `,`, or a tab for files that end in `.tsv` (before `.gz` or `.zst`). */
  separator?: string;
  /** Names of the columns, where the file does not begin with them. */
  columns?: readonly string[];
  /** Longer records end the reading of their file. Default 64 MiB. */
  maximumRecordBytes?: number;
  /** Where the files are. Default: this machine's folders, or for `s3://` the store that the environment names. */
  storage?: Storage;
}

const DEFAULT_RECORD_BYTES = 64 * 2 ** 20;

/**
 * The reader of CSV files (RFC 4180), plain, gzip or Zstandard: a record is a document; columns other than id, text, url
 * and metadata go into `metadata`, empty fields nowhere. A record without an id gets the file's name and its number.
 * Whether a line break is inside of quotes is known only from the file's beginning, so files are not split. Records of
 * the wrong length are dropped as `damaged_record`; what breaks the quoting ends the file (`damaged_csv`).
 */
export function csvReader(options: CsvOptions = {}): Reader {
  return limitDocuments((input, context) => readItems(input, options, context), options);
}

async function* readItems(path: string, options: CsvOptions, context: ReadContext): AsyncGenerator<Document | Drop> {
  const source = await ByteSource.open(path, options.storage);
  const from = (context.from as { record: number } | undefined)?.record ?? 0;
  const columns = options.columns ? [...options.columns] : true;
  const { parse } = await import('csv-parse');
  const parser = parse({
    bom: true,
    columns,
    delimiter: options.separator ?? (/\.tsv(\.\w+)?$/.test(path) ? '\t' : ','),
    max_record_size: options.maximumRecordBytes ?? DEFAULT_RECORD_BYTES,
    relax_column_count: true,
    skip_empty_lines: true,
    info: true,
  });
  const feeding = feed(source, context, parser);
  try {
    let number = 0;
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      number += 1;
      if (number <= from) continue;
      context.reached({ record: number - 1 });
      yield itemOf(path, record, info, number, options);
    }
    await feeding;
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    yield { drop: 'damaged_csv', message: `${path} cannot be read further: ${messageOf(cause).slice(0, 200)}` };
  } finally {
    parser.destroy();
    await feeding.catch(() => {});
    await source.close();
  }
}

interface CsvRecord {
  readonly record: Record<string, string>;
  readonly info: { readonly lines: number; readonly error?: { readonly message: string } };
}

/** Writes the text of a file into the parser, no faster than it is read. */
async function feed(source: ByteSource, context: ReadContext, parser: Parser): Promise<void> {
  try {
    const compression = await compressionOf(source);
    const chunks = compression
      ? readBlocks(source, compression, { block: 0, offset: 0 }, Infinity)
      : readPlain(source, 0);
    for await (const chunk of chunks) {
      context.reportBytes(source.offset);
      // Behind a gap nobody knows what is quoted.
      if (isGap(chunk)) throw new Error(`the compressed block at byte ${chunk.offset} is damaged: ${chunk.damage}`);
      if (parser.destroyed) return;
      if (!parser.write(chunk.bytes)) await drained(parser);
    }
    parser.end();
  } catch (error) {
    parser.destroy(error as Error);
  }
}

function drained(parser: Parser): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      parser.off('drain', done).off('close', done);
      resolve();
    };
    parser.on('drain', done).on('close', done);
  });
}

function itemOf(
  path: string,
  record: Record<string, string>,
  { lines, error }: CsvRecord['info'],
  number: number,
  options: CsvOptions,
): Document | Drop {
  const where = `record ${number} (line ${lines}) of ${path}`;
  if (error) return { drop: 'damaged_record', value: number, message: `${where}: ${error.message.slice(0, 200)}` };
  const fields = Object.entries(record).filter(([key, value]) => value !== '' || key === (options.textKey ?? 'text'));
  return documentOfRecord(Object.fromEntries(fields), { path, id: `${basename(path)}:${number}`, where }, options);
}
