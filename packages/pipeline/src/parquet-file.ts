import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { CompactReader } from './compact-reader.ts';
import type { Fields } from './compact-reader.ts';
import { DamagedParquet, damageIfFails } from './damaged-parquet.ts';
import type { StoredFile } from './storage.ts';

/** A file's own description may be this long: that of 10,000 row groups of 30 columns has about 30 MB. */
const LARGEST_FOOTER = 64 * 2 ** 20;
const TRAILER_BYTES = 8;
const MAGIC = Buffer.from('PAR1');
/** Read first from the end: most descriptions fit in. */
const FIRST_BYTES = 64 * 1024;

/** Numbers of fields of the description, of elements of its schema, row groups, columns, and their statistics. */
const FIELD = { schema: 2, groups: 4, type: 1, meaning: 6, columns: 1, description: 3, statistics: 12 } as const;
const EXTREMES = [1, 2, 5, 6];
const DECIMAL = 5;
const WIDEST_DECIMAL = 64;

/** A stored file as hyparquet sees it. */
export function asyncBuffer(file: StoredFile): AsyncBuffer {
  return {
    byteLength: file.size,
    slice(start, end = file.size) {
      const bytes = readSlice(file, start, end);
      // Several are asked for ahead; those behind the first that fails are never waited for.
      bytes.catch(() => {});
      return bytes;
    },
  };
}

async function readSlice(file: StoredFile, start: number, end: number): Promise<ArrayBuffer> {
  if (!(start >= 0 && start <= end && end <= file.size))
    throw new DamagedParquet('it names bytes that it does not have');
  const bytes = await file.read(start, end - start);
  const isWhole = bytes.byteOffset === 0 && bytes.length === bytes.buffer.byteLength;
  return (isWhole ? bytes : new Uint8Array(bytes)).buffer as ArrayBuffer;
}

/** What a Parquet file says of itself. @throws DamagedParquet; PipelineError when it cannot be read */
export async function readParquetMetadata(file: StoredFile): Promise<FileMetaData> {
  const trailer = Buffer.from(await file.read(Math.max(0, file.size - TRAILER_BYTES), TRAILER_BYTES));
  if (file.size < TRAILER_BYTES + MAGIC.length || !trailer.subarray(4).equals(MAGIC)) {
    throw new DamagedParquet('it does not end as Parquet files do; is it cut off, or another format?');
  }
  const length = trailer.readUInt32LE(0);
  if (length > Math.min(LARGEST_FOOTER, file.size - TRAILER_BYTES)) {
    throw new DamagedParquet(`its description would be ${length} bytes long`);
  }
  const { parquetMetadataAsync } = await import('hyparquet');
  return damageIfFails(async () => {
    checkDecimals(new CompactReader(await file.read(file.size - TRAILER_BYTES - length, length)).struct());
    const initialFetchSize = Math.max(FIRST_BYTES, length + TRAILER_BYTES);
    const metadata = await parquetMetadataAsync(asyncBuffer(file), { geoparquet: false, initialFetchSize });
    checkColumns(metadata, file.size);
    return metadata;
  });
}

/** The library's time for a decimal grows with the square of its length. */
function checkDecimals(description: Fields): void {
  const list = (fields: Fields | undefined, field: number) => (fields?.[field] ?? []) as Fields[];
  const leaves = list(description, FIELD.schema).filter((element) => element[FIELD.type] !== undefined);
  for (const group of list(description, FIELD.groups)) {
    for (const [index, column] of list(group, FIELD.columns).entries()) {
      if (leaves[index]?.[FIELD.meaning] !== DECIMAL) continue;
      const statistics = (column[FIELD.description] as Fields | undefined)?.[FIELD.statistics] as Fields | undefined;
      if (EXTREMES.some((field) => Number(statistics?.[field] ?? 0) > WIDEST_DECIMAL))
        throw new DamagedParquet('a decimal in its description is too long');
    }
  }
}

/** Fields may be of any type. Pages lie one after the other: together they have no more bytes than the file. */
function checkColumns({ row_groups: groups }: FileMetaData, fileBytes: number): void {
  let stored = 0;
  for (const { meta_data: column } of groups.flatMap(({ columns }) => columns)) {
    const path: unknown = column?.path_in_schema;
    if (!Array.isArray(path) || path.length === 0) throw new DamagedParquet('it has a column without a name');
    stored += Number(column?.total_compressed_size);
  }
  if (!(stored <= fileBytes)) throw new DamagedParquet(`its columns would have ${stored} bytes, it has ${fileBytes}`);
}
