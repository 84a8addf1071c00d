import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { DedupError } from './dedup-error.ts';

/** Longest line by default, in bytes. */
export const LONGEST_LINE_BYTES = 64 * 1024 * 1024;

const LINE_FEED = 0x0a;

/** A line as it stands in the file, without its line feed; `null` if it is longer than is taken. */
export interface ByteLine {
  number: number;
  bytes: Buffer | null;
}

function describe(path: string, cause: unknown): DedupError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new DedupError('FILE_NOT_FOUND', `${path}: no such file`, { cause });
  return new DedupError('UNREADABLE_FILE', `${path}: cannot be read (${message})`, { cause });
}

/** Puts a line together from chunks, holding no more than `limit` bytes of it. */
class LineAssembler {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #length = 0;
  #number = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  push(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#limit) this.#parts = [];
    else this.#parts.push(part);
  }

  take(): ByteLine {
    const tooLong = this.#length > this.#limit;
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    [this.#parts, this.#length] = [[], 0];
    return { number: ++this.#number, bytes: tooLong ? null : bytes };
  }
}

/**
 * The lines of a file, plain or (`.gz`) gzipped, as bytes. A line over `longestLine` bytes is passed over in bounded memory.
 *
 * @param onBytes is told how many bytes of the file were read since the last time
 * @throws DedupError `FILE_NOT_FOUND`, `UNREADABLE_FILE` (also for damaged or truncated gzip)
 */
export async function* readByteLines(
  path: string,
  longestLine = LONGEST_LINE_BYTES,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<ByteLine> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const gunzip = path.endsWith('.gz') ? createGunzip({ chunkSize: 1 << 20 }) : null;
  if (gunzip) file.on('error', (error) => gunzip.destroy(error)).pipe(gunzip);
  const assembler = new LineAssembler(longestLine);
  let told = 0;
  try {
    for await (const chunk of (gunzip ?? file) as AsyncIterable<Buffer>) {
      onBytes?.(file.bytesRead - told);
      told = file.bytesRead;
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        assembler.push(chunk.subarray(start, end));
        yield assembler.take();
        start = end + 1;
      }
      if (start < chunk.length) assembler.push(chunk.subarray(start));
    }
  } catch (error) {
    throw describe(path, error);
  } finally {
    file.destroy();
  }
  if (!assembler.isEmpty) yield assembler.take();
}
