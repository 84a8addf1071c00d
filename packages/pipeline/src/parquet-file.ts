import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { PipelineError, messageOf } from './pipeline-error.ts';
import type { StoredFile } from './storage.ts';

/** A file's own description may be this long: that of 10,000 row groups of 30 columns has about 30 MB. */
const LARGEST_FOOTER = 128 * 2 ** 20;
const TRAILER_BYTES = 8;
const MAGIC = Buffer.from('PAR1');
/** Read first from the end: most descriptions fit in. */
const FIRST_BYTES = 64 * 1024;

/** A file that is not Parquet, or damaged; the message says how. */
export class DamagedParquet extends Error {}

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
  return damageIfFails(() =>
    parquetMetadataAsync(asyncBuffer(file), {
      geoparquet: false,
      initialFetchSize: Math.max(FIRST_BYTES, length + TRAILER_BYTES),
    }),
  );
}

/** Whatever the library throws is damage of the file, but for errors of reading it. */
export async function damageIfFails<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof PipelineError || cause instanceof DamagedParquet) throw cause;
    throw new DamagedParquet(messageOf(cause).slice(0, 200), { cause });
  }
}
