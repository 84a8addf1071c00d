import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { DedupError } from './dedup-error.ts';
import { decompressZstandard } from './zstandard.ts';

const CHUNK_BYTES = 1 << 20;

/** What went wrong with a file that is read. */
export function describeReadError(path: string, cause: unknown): DedupError {
  if (cause instanceof DedupError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new DedupError('FILE_NOT_FOUND', `${path}: no such file`, { cause });
  return new DedupError('UNREADABLE_FILE', `${path}: cannot be read (${message})`, { cause });
}

/**
 * The content of a file in chunks, decompressed if it is called `.gz` or `.zst`.
 *
 * @param start where to begin, for files that are not compressed
 * @param onBytes is told how many bytes of the file were read since the last time
 */
export async function* openBytes(path: string, start = 0, onBytes?: (bytes: number) => void): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES, start });
  let told = 0;
  const tell = () => {
    onBytes?.(file.bytesRead - told);
    told = file.bytesRead;
  };
  try {
    if (path.endsWith('.gz')) {
      const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
      file.on('error', (error) => gunzip.destroy(error)).pipe(gunzip);
      for await (const chunk of gunzip) {
        tell();
        yield chunk as Buffer;
      }
      return;
    }
    const chunks = file as AsyncIterable<Buffer>;
    for await (const chunk of path.endsWith('.zst') ? decompressZstandard(chunks) : chunks) {
      tell();
      yield chunk;
    }
  } finally {
    file.destroy();
  }
}
