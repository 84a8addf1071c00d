import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { parquetMetadataAsync, parquetRead } from 'hyparquet';
import type { AsyncBuffer, ColumnData, FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { DedupError } from './dedup-error.ts';
import { documentOf } from './file-record.ts';
import type { FileRecord, ReadOptions } from './file-record.ts';
import { describeReadError } from './open-bytes.ts';
import { physicalSchemaOf } from './parquet-schema.ts';
import type { PhysicalSchema } from './parquet-schema.ts';

/** A row group is in memory as a whole. */
const LARGEST_ROW_GROUP = 2 ** 31;

export const isParquet = (path: string) => path.endsWith('.parquet');

/** A file that is open while it is read. */
class OpenFile implements AsyncBuffer {
  readonly #file: number;
  readonly byteLength: number;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    this.byteLength = fstatSync(this.#file).size;
  }

  slice(start: number, end = this.byteLength): ArrayBuffer {
    const bytes = new Uint8Array(Math.max(0, end - start));
    for (let at = 0, got = -1; got !== 0 && at < bytes.length; at += got) {
      got = readSync(this.#file, bytes, at, bytes.length - at, start + at);
    }
    return bytes.buffer;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** What a Parquet file says about itself. */
export interface ParquetDescription extends PhysicalSchema {
  metadata: FileMetaData;
}

async function describe(path: string, file: AsyncBuffer): Promise<ParquetDescription> {
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  return { metadata, ...physicalSchemaOf(path, metadata) };
}

/** @throws DedupError `FILE_NOT_FOUND`, `UNREADABLE_FILE` */
export async function describeParquet(path: string): Promise<ParquetDescription> {
  let file: OpenFile | undefined;
  try {
    file = new OpenFile(path);
    return await describe(path, file);
  } catch (error) {
    throw describeReadError(path, error);
  } finally {
    file?.close();
  }
}

/** The columns of some rows, each as an array of values; those that are not asked for are empty. */
async function readColumns(
  file: AsyncBuffer,
  { metadata, columns, reading }: ParquetDescription,
  rowStart: number,
  rowEnd: number,
  wanted: string[] | undefined,
): Promise<unknown[][]> {
  const chunks = new Map<string, unknown[]>(columns.map(({ name }) => [name, []]));
  const onChunk = ({ columnName, columnData, rowStart: first }: ColumnData) => {
    const rows = chunks.get(columnName)!;
    const skipped = Math.max(0, rowStart - first);
    for (let row = skipped; row < columnData.length && first + row < rowEnd; row++) rows.push(columnData[row]);
  };
  const schema = { ...metadata, schema: reading };
  await parquetRead({ file, metadata: schema, columns: wanted, compressors, utf8: false, rowStart, rowEnd, onChunk });
  return columns.map(({ name, isMap }) => {
    const rows = chunks.get(name)!;
    return isMap ? rows.map((value) => (value as { key_value?: unknown } | null)?.key_value ?? null) : rows;
  });
}

function* rowsOf(
  path: string,
  { columns }: PhysicalSchema,
  values: unknown[][],
  count: number,
  rowsBefore: number,
  options: ReadOptions,
): Generator<FileRecord> {
  const places = new Map(columns.map(({ name }, column) => [name, column]));
  for (let index = 0; index < count; index++) {
    const field = (name: string) => {
      const column = places.get(name);
      const value = column === undefined ? undefined : values[column][index];
      return value instanceof Uint8Array && columns[column!].isText
        ? Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8')
        : value;
    };
    const line = rowsBefore + index + 1;
    const document = documentOf(field, options, `${path}:${line}`);
    const row = options.onlyFields ? null : values.map((column) => column[index]);
    yield { line, ...document, validUtf8: true, bytes: null, row, field };
  }
}

function checkGroup(path: string, bytes: number): void {
  if (bytes <= LARGEST_ROW_GROUP) return;
  const message = `${path}: has a row group of ${bytes} bytes, at most ${LARGEST_ROW_GROUP} are read at once; write it again with smaller row groups`;
  throw new DedupError('UNREADABLE_FILE', message);
}

/**
 * The rows of a Parquet file, row group after row group.
 *
 * @throws DedupError `FILE_NOT_FOUND`, `UNREADABLE_FILE`
 */
export async function* readParquet(path: string, options: ReadOptions): AsyncGenerator<Iterable<FileRecord>> {
  let file: OpenFile | undefined;
  try {
    file = new OpenFile(path);
    const description = await describe(path, file);
    const wanted = options.onlyFields && [options.textKey, options.idKey, ...options.onlyFields];
    const names = description.columns.map(({ name }) => name);
    let rows = 0;
    for (const group of description.metadata.row_groups) {
      checkGroup(path, Number(group.total_byte_size));
      const end = rows + Number(group.num_rows);
      const columns = await readColumns(
        file,
        description,
        rows,
        end,
        wanted?.filter((name) => names.includes(name)),
      );
      yield rowsOf(path, description, columns, end - rows, rows, options);
      options.onBytes?.(
        Number(group.total_compressed_size ?? file.byteLength / description.metadata.row_groups.length),
      );
      rows = end;
    }
  } catch (error) {
    throw describeReadError(path, error);
  } finally {
    file?.close();
  }
}
