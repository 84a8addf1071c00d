import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
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

/** Told how many bytes of a file were read since the last time. */
type OnBytes = (bytes: number) => void;

/** All chunks are the same piece of memory: streams leave one after the other to the garbage collector. */
async function* readPlain(path: string, start: number, onBytes?: OnBytes): AsyncGenerator<Buffer> {
  const file = await open(path);
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  try {
    for (let position = start; ;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      onBytes?.(bytesRead);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* readCompressed(path: string, onBytes?: OnBytes): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
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
    for await (const chunk of decompressZstandard(file as AsyncIterable<Buffer>)) {
      tell();
      yield chunk;
    }
  } finally {
    file.destroy();
  }
}

/**
 * The content of a file in chunks that are valid until the next is asked for, decompressed if it is called `.gz` or `.zst`.
 *
 * @param start where to begin, for files that are not compressed
 */
export function openBytes(path: string, start = 0, onBytes?: OnBytes): AsyncGenerator<Buffer> {
  return /\.(gz|zst)$/.test(path) ? readCompressed(path, onBytes) : readPlain(path, start, onBytes);
}
