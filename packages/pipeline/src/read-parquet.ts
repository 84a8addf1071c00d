import { basename } from 'node:path';
import type { FileMetaData, RowGroup } from 'hyparquet';
import type { Document, Drop, ReadContext, Reader, Split } from './document.ts';
import type { LimitOptions } from './limit-documents.ts';
import { splittableReader } from './splittable-reader.ts';
import { DamagedParquet, asyncBuffer, damageIfFails, readParquetMetadata } from './parquet-file.ts';
import { checkPages } from './parquet-pages.ts';
import { plainValue } from './plain-value.ts';
import { documentOfRecord } from './record-document.ts';
import type { RecordOptions } from './record-document.ts';
import { openFile } from './storage.ts';
import type { Storage, StoredFile } from './storage.ts';

/** How Parquet files are read. */
export interface ParquetOptions extends RecordOptions, LimitOptions {
  /** Columns to read besides id, text, url and metadata. Default: all. */
  columns?: readonly string[];
  /** Row groups with more unpacked bytes are not read: they would be in memory as a whole. Default 2 GiB. */
  maximumGroupBytes?: number;
  /** Where the files are. Default: this machine's folders, or for `s3://` the store that the environment names. */
  storage?: Storage;
}

interface ParquetPosition {
  readonly group: number;
  /** Row within the group. */
  readonly row: number;
}

const LARGEST_GROUP = 2 ** 31;
/** A row takes memory even when it is empty. */
const MOST_ROWS = 2 ** 24;

/**
 * The reader of Parquet files: a row is a document; columns other than id, text, url and metadata go into `metadata`,
 * with nulls left out. Splits are runs of row groups; one row group is in memory at a time. A row without an id gets the
 * file's name and its number. Damage is dropped and counted: `damaged_parquet` (no part can be read),
 * `damaged_row_group`, `row_group_too_large`, `no_text`.
 */
export function parquetReader(options: ParquetOptions = {}): Reader {
  return splittableReader({ readItems, splits }, options);
}

async function splits(input: string, bytes: number, { storage }: ParquetOptions): Promise<Split[]> {
  const file = await openFile(input, storage);
  try {
    return splitGroups((await readParquetMetadata(file)).row_groups, bytes);
  } catch (error) {
    // The damage is counted when the part is read.
    if (error instanceof DamagedParquet) return [{ start: 0, end: 1, bytes: file.size }];
    throw error;
  } finally {
    await file.close();
  }
}

function splitGroups(groups: readonly RowGroup[], bytes: number): Split[] {
  const parts: { start: number; end: number; bytes: number }[] = [{ start: 0, end: 0, bytes: 0 }];
  for (const [index, group] of groups.entries()) {
    const size = storedBytes(group);
    const last = parts[parts.length - 1];
    if (last.bytes > 0 && last.bytes + size > bytes) parts.push({ start: index, end: index + 1, bytes: size });
    else [last.end, last.bytes] = [index + 1, last.bytes + size];
  }
  return parts;
}

async function* readItems(
  path: string,
  options: ParquetOptions,
  context: ReadContext,
): AsyncGenerator<Document | Drop> {
  const file = await openFile(path, options.storage);
  try {
    const metadata = await readParquetMetadata(file);
    const { start, end } = context.split ?? { start: 0, end: metadata.row_groups.length };
    const from = (context.from as ParquetPosition | undefined) ?? { group: start, row: 0 };
    let readBytes = metadata.row_groups.slice(start, from.group).reduce((sum, group) => sum + storedBytes(group), 0);
    for (let group = from.group; group < Math.min(end, metadata.row_groups.length); group++) {
      yield* readGroup(
        { path, file, metadata, group, firstRow: group === from.group ? from.row : 0 },
        options,
        context,
      );
      context.reportBytes((readBytes += storedBytes(metadata.row_groups[group])));
    }
  } catch (error) {
    if (!(error instanceof DamagedParquet)) throw error;
    yield { drop: 'damaged_parquet', message: `${path} cannot be read as Parquet: ${error.message}` };
  } finally {
    await file.close();
  }
}

interface GroupPlace {
  readonly path: string;
  readonly file: StoredFile;
  readonly metadata: FileMetaData;
  readonly group: number;
  readonly firstRow: number;
}

async function* readGroup(
  place: GroupPlace,
  options: ParquetOptions,
  context: ReadContext,
): AsyncGenerator<Document | Drop> {
  const { path, metadata, group, firstRow } = place;
  const rowsBefore = metadata.row_groups.slice(0, group).reduce((sum, { num_rows: rows }) => sum + Number(rows), 0);
  const reached = (row: number) => context.reached({ group, row } satisfies ParquetPosition);
  const rows = await rowsOf(place, rowsBefore, options);
  if (!Array.isArray(rows)) {
    reached(0);
    yield rows;
    return;
  }
  for (let row = firstRow; row < rows.length; row++) {
    const number = rowsBefore + row;
    reached(row);
    const record = plainValue(rows[row]) as Record<string, unknown>;
    for (const key of Object.keys(record)) if (record[key] === null) delete record[key];
    yield documentOfRecord(
      record,
      { path, id: `${basename(path)}:${number}`, where: `row ${number} of ${path}` },
      options,
    );
  }
}

async function rowsOf(
  { path, file, metadata, group }: GroupPlace,
  rowsBefore: number,
  options: ParquetOptions,
): Promise<Record<string, unknown>[] | Drop> {
  const { total_byte_size: size, num_rows: count } = metadata.row_groups[group];
  const where = `row group ${group} of ${path}`;
  const limit = options.maximumGroupBytes ?? LARGEST_GROUP;
  if (!(Number(size) <= limit) || !(Number(count) <= MOST_ROWS)) {
    const message = `${where} has ${size} bytes in ${count} rows; write it again with smaller row groups`;
    return { drop: 'row_group_too_large', value: Number(size), limit, message };
  }
  // Loaded on use: the dictionaries of the codecs take time that other formats need not.
  const [{ parquetReadObjects }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ]);
  try {
    await checkPages(file, metadata.row_groups[group]);
    const range = { rowStart: rowsBefore, rowEnd: rowsBefore + Number(count) };
    const common = { file: asyncBuffer(file), metadata, compressors, geoparquet: false, ...range };
    const rows: Record<string, unknown>[] = Array.from({ length: Number(count) }, () => ({}));
    // One after the other: of columns that are read together, a second one that fails would go unheard and end the process.
    for (const name of wantedColumns(metadata, options)) {
      const values = await damageIfFails(() => parquetReadObjects({ ...common, columns: [name] }));
      for (const [row, value] of values.entries()) rows[row][name] = (value as Record<string, unknown>)[name];
    }
    return rows;
  } catch (error) {
    if (!(error instanceof DamagedParquet)) throw error;
    return { drop: 'damaged_row_group', value: group, message: `${where} cannot be read: ${error.message}` };
  }
}

/** Names of the columns to read that the file has. */
function wantedColumns({ schema }: FileMetaData, options: ParquetOptions): string[] {
  const { textKey = 'text', idKey = 'id', urlKey = 'url' } = options;
  const wanted = new Set([textKey, idKey, urlKey, 'metadata', ...(options.columns ?? [])]);
  const present: string[] = [];
  // The schema is a tree in one list: an element with n children is followed by them.
  const skipTree = (index: number): number => {
    let next = index + 1;
    for (let child = 0; child < (schema[index]?.num_children ?? 0); child++) next = skipTree(next);
    return next;
  };
  for (let index = 1; index < schema.length; index = skipTree(index)) {
    if (!options.columns || wanted.has(schema[index].name)) present.push(schema[index].name);
  }
  return present;
}

function storedBytes({ total_compressed_size: compressed, total_byte_size: unpacked }: RowGroup): number {
  return Number(compressed ?? unpacked);
}
