import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { DedupError } from './dedup-error.ts';

/** Longest line in characters; one that is longer is taken for a file that is not JSON Lines. */
const LONGEST_LINE = 256 * 1024 * 1024;

async function* decode(path: string): AsyncGenerator<string> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const gunzip = path.endsWith('.gz') ? createGunzip({ chunkSize: 1 << 20 }) : null;
  if (gunzip) file.on('error', (error) => gunzip.destroy(error)).pipe(gunzip);
  const decoder = new StringDecoder('utf8');
  for await (const chunk of gunzip ?? file) yield decoder.write(chunk as Buffer);
  yield decoder.end();
}

function describe(path: string, cause: unknown): DedupError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new DedupError('FILE_NOT_FOUND', `${path}: no such file`, { cause });
  return new DedupError('UNREADABLE_FILE', `${path}: cannot be read (${message})`, { cause });
}

/**
 * The lines of a text file, plain or (`.gz`) gzipped, without their line feeds; only "\n" ends a line, since JSON may hold
 * U+2028.
 *
 * @throws DedupError `FILE_NOT_FOUND`, `UNREADABLE_FILE` (also for damaged or truncated gzip, and for lines over 256 Mi characters)
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  let parts: string[] = [];
  let length = 0;
  try {
    for await (const chunk of decode(path)) {
      const lines = chunk.split('\n');
      for (const line of lines.slice(0, -1)) {
        yield parts.join('') + line;
        [parts, length] = [[], 0];
      }
      const rest = lines[lines.length - 1];
      parts.push(rest);
      if ((length += rest.length) > LONGEST_LINE) throw new Error('a line is longer than 256 Mi characters');
    }
  } catch (error) {
    throw describe(path, error);
  }
  if (length > 0) yield parts.join('');
}
