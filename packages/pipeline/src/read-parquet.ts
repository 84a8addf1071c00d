import { basename } from 'node:path';
import type { FileMetaData, RowGroup } from 'hyparquet';
import type { Document, Drop, ReadContext, Reader, Split } from './document.ts';
import type { LimitOptions } from './limit-documents.ts';
import { splittableReader } from './splittable-reader.ts';
import { DamagedParquet } from './damaged-parquet.ts';
import { loadCodecs } from './parquet-codecs.ts';
import { chunksByColumn, columnsOf, readColumn } from './parquet-column.ts';
import type { Column } from './parquet-column.ts';
import { readParquetMetadata } from './parquet-file.ts';
import { plainValue } from './plain-value.ts';
import { documentOfRecord } from './record-document.ts';
import type { RecordOptions, RecordPlace } from './record-document.ts';
import { sizeOf } from './row-size.ts';
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
/** As much as a line of JSON Lines may have. */
const LARGEST_ROW = 64 * 2 ** 20;
/** A value takes at least this much memory at each level of its column, however few bytes it has in the file. */
const BYTES_PER_VALUE = 16;

/**
 * The reader of Parquet files: a row is a document; columns other than id, text, url and metadata go into `metadata`,
 * with nulls left out. Splits are runs of row groups; one row group is in memory at a time. A row without an id gets the
 * file's name and its number. Damage is dropped and counted: `damaged_parquet` (no part can be read),
 * `damaged_row_group`, `row_group_too_large`, `row_too_large`, `no_text`.
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
    const before = metadata.row_groups.slice(0, from.group);
    let readBytes = before.slice(start).reduce((sum, group) => sum + storedBytes(group), 0);
    let rowsBefore = before.reduce((sum, { num_rows: rows }) => sum + Number(rows), 0);
    for (let group = from.group; group < Math.min(end, metadata.row_groups.length); group++) {
      yield* readGroup(
        { path, file, metadata, group, rowsBefore, firstRow: group === from.group ? from.row : 0 },
        options,
        context,
      );
      rowsBefore += Number(metadata.row_groups[group].num_rows);
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
  readonly rowsBefore: number;
  readonly firstRow: number;
}

async function* readGroup(
  place: GroupPlace,
  options: ParquetOptions,
  context: ReadContext,
): AsyncGenerator<Document | Drop> {
  const { path, group, rowsBefore, firstRow } = place;
  const reached = (row: number) => context.reached({ group, row } satisfies ParquetPosition);
  const rows = await rowsOf(place, options);
  if (!Array.isArray(rows)) {
    reached(0);
    yield rows;
    return;
  }
  for (let row = firstRow; row < rows.length; row++) {
    const number = rowsBefore + row;
    reached(row);
    yield documentOfRow(
      rows[row],
      { path, id: `${basename(path)}:${number}`, where: `row ${number} of ${path}` },
      options,
    );
  }
}

function documentOfRow(row: Row, place: RecordPlace, options: ParquetOptions): Document | Drop {
  const size = sizeOf(row);
  if (size > LARGEST_ROW) {
    const message = `${place.where} has more than ${LARGEST_ROW} bytes, or is nested too deeply`;
    return { drop: 'row_too_large', value: size, limit: LARGEST_ROW, message };
  }
  const record = plainValue(row) as Row;
  for (const key of Object.keys(record)) if (record[key] === null) delete record[key];
  return documentOfRecord(record, place, options);
}

type Row = Record<string, unknown>;

async function rowsOf(place: GroupPlace, options: ParquetOptions): Promise<Row[] | Drop> {
  const { path, metadata, group } = place;
  const where = `row group ${group} of ${path}`;
  try {
    const limit = options.maximumGroupBytes ?? LARGEST_GROUP;
    return sizeProblem(metadata.row_groups[group], where, limit) ?? (await readRows(place, limit, options));
  } catch (error) {
    if (!(error instanceof DamagedParquet)) throw error;
    return { drop: 'damaged_row_group', value: group, message: `${where} cannot be read: ${error.message}` };
  }
}

/** Said by the file itself, and held against its pages later. */
function sizeProblem(
  { total_byte_size: size, num_rows: rows, columns }: RowGroup,
  where: string,
  limit: number,
): Drop | undefined {
  const values = columns.reduce(
    (sum, { meta_data: column }) => sum + Number(column!.num_values) * column!.path_in_schema.length,
    0,
  );
  const value = Math.max(Number(size), values * BYTES_PER_VALUE);
  if (value <= limit && Number(rows) <= MOST_ROWS) return undefined;
  const message = `${where} has ${size} bytes in ${rows} rows; write it again with smaller row groups`;
  return { drop: 'row_group_too_large', value, limit, message };
}

/** All rows of a row group, column after column. @throws DamagedParquet */
async function readRows({ file, metadata, group }: GroupPlace, limit: number, options: ParquetOptions): Promise<Row[]> {
  const codecs = await loadCodecs();
  const rowGroup = metadata.row_groups[group];
  const chunks = chunksByColumn(rowGroup);
  const rows: Row[] = Array.from({ length: Number(rowGroup.num_rows) }, () => ({}));
  let left = limit;
  for (const column of wantedColumns(metadata, options)) {
    const stored = chunks.get(column.name) ?? [];
    const { values, bytes } = await readColumn(
      { file, metadata, group: rowGroup, codecs, limit: left },
      column,
      stored,
    );
    left -= bytes;
    for (const [row, value] of values.entries()) rows[row][column.name] = value;
  }
  return rows;
}

/** The columns to read that the file has. */
function wantedColumns(metadata: FileMetaData, options: ParquetOptions): Column[] {
  const { textKey = 'text', idKey = 'id', urlKey = 'url' } = options;
  const wanted = new Set([textKey, idKey, urlKey, 'metadata', ...(options.columns ?? [])]);
  return columnsOf(metadata).filter(({ name }) => !options.columns || wanted.has(name));
}

function storedBytes({ total_compressed_size: compressed, total_byte_size: unpacked }: RowGroup): number {
  return Number(compressed ?? unpacked);
}
